#include <algorithm>

#include "mrc/plan/goal.hpp"
#include "mrc/plan/milestone.hpp"
#include "systems/mysql/authentication.hpp"
#include "systems/mysql/container.hpp"
#include "systems/mysql/faults.hpp"
#include "systems/mysql/former.hpp"
#include "systems/mysql/maker.hpp"
#include "systems/mysql/provision.hpp"
#include "systems/mysql/replication.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Step;

class Planner {
 public:
  Planner(const Desired& desired, const Seen& seen, const Observations& all)
      : m_desired(desired), m_seen(seen), m_all(all), m_maker(desired) {}

  Result<std::vector<Step>> plan() {
    for (const auto& server : m_desired.servers) {
      if (auto planned = plan_container(server); !planned) return fail(planned.error());
    }
    const auto* old = holder(m_desired, m_seen);
    if (old == nullptr) {
      plan_account();
    } else {
      plan_switchover(*old);
    }
    if (old == nullptr) {
      if (auto planned = plan_copies(); !planned) return fail(planned.error());
    }
    for (const auto& server : m_desired.servers) {
      if (!server.is_master) plan_slave(server);
    }
    plan_root(old != nullptr);
    plan_root_host(old == nullptr ? m_desired.master() : *old);
    finish_first();
    roll();
    if (old != nullptr) wait_for_master(*old);
    return std::move(m_steps);
  }

 private:
  Result<void> plan_container(const Server& server) {
    const auto& one = m_seen.at(server.id);
    if (one.docker_down)
      return fail(ErrorKind::unreadable, "Docker does not answer on {}", server.host);
    if (!one.has_data) {
      m_steps.push_back(m_maker.init(server, one));
    } else if (one.data_of.empty()) {
      m_steps.push_back(m_maker.adopt_data(server));
    } else if (!is_recorded(server, "data")) {
      m_steps.push_back(one.container ? m_maker.note(server, "init", "data")
                                      : m_maker.take_up_data(server));
    }
    auto diff = container_difference(m_desired, server, one);
    if (!one.container || !can_be_updated(diff)) {
      if (one.container && one.container->running()) m_replaced.insert(server.id);
      m_steps.push_back(m_maker.container(server, one, std::move(diff)));
      return {};
    }
    if (!diff.empty()) {
      m_steps.push_back(m_maker.update(server, std::move(diff)));
    } else if (!is_recorded(server, "container")) {
      m_steps.push_back(m_maker.note(server, "container", "container"));
    }
    if (!one.container->running()) {
      m_steps.push_back(m_maker.start(server, one));
    } else if (!one.answered) {
      if (one.sql_error.empty())
        return fail(ErrorKind::unreadable, "the server {} was not asked", server.id);
      m_steps.push_back(m_maker.wait(server, one));
    } else if (auto other = settings_difference(m_desired, server, one); !other.empty()) {
      m_steps.push_back(m_maker.settings(server, std::move(other)));
    }
    // Who does not answer yet is waited for, and by that known to have taken its data.
    if (one.half_upgraded || (one.answered && !one.had_before.empty())) {
      m_steps.push_back(m_maker.finish_upgrade(server, one));
    }
    return {};
  }

  /// All else is as wanted: the obstacles see to that.
  void plan_switchover(const Server& old) {
    std::erase_if(m_steps, [&](const Step& step) {
      return step.id == step_of(old, "settings") ||
             step.id == step_of(m_desired.master(), "settings");
    });
    m_steps.push_back(m_maker.take_over(
        old, m_maker.account_mark(old, m_all), m_maker.root_host_mark(old, m_all)));
    m_steps.push_back(m_maker.hand_over(old));
  }

  void wait_for_master(const Server& old) {
    for (auto& step : m_steps) {
      if (!step.id.text().ends_with("/replicate")) continue;
      step.needs.push_back(milestone::promoted());
      if (step.id == step_of(old, "replicate")) step.needs.push_back(milestone::handed_over());
    }
  }

  void plan_account() {
    const auto& master = m_desired.master();
    const auto& one = m_seen.at(master.id);
    auto diff = one.answered ? account_difference(m_desired, one) : Difference{};
    // The master gets the other plugin with the container that this plan gives it. What else
    // differs does not wait for that.
    m_moves_later = diff.empty() && one.answered && !has_other_plugin(one) &&
                    m_replaced.contains(master.id) && moves_accounts(m_desired) &&
                    is_user_native(m_desired, one);
    if (m_moves_later) diff.push_back(plugin_line("authentication"));
    if (one.answered && diff.empty()) {
      if (!is_recorded(master, "account")) {
        m_steps.push_back(m_maker.note(master, "account", "account"));
      }
      return;
    }
    auto step = m_maker.account(diff);
    if (!one.answered || m_moves_later) {
      step.needs = {milestone::container_running(master.id)};
    } else {
      // It is set in the running server: slaves whose containers are replaced before the master's
      // log in with it already.
      for (auto& other : m_steps) {
        if (other.id == step_of(master, "container")) {
          other.after.push_back(step.id);
        } else if (other.id == step_of(master, "settings")) {
          step.after.push_back(other.id);
        }
      }
    }
    m_steps.push_back(std::move(step));
  }

  /// Copies of the master's data for slaves that its binary logs do not reach. They are made one
  /// after the other.
  Result<void> plan_copies() {
    const auto& master = m_seen.at(m_desired.master().id);
    std::vector<const Server*> slaves;
    std::vector<StepId> copies;
    for (const auto& server : m_desired.servers) {
      if (server.is_master) continue;
      auto lacks = out_of_reach(m_desired, m_seen, server);
      if (!lacks) return fail(lacks.error());
      if (lacks->empty()) continue;
      const auto own = errant(m_desired, m_seen, server);
      if (!own) return fail(own.error());
      if (!own->empty()) continue;  // a copy would destroy them
      auto step = m_maker.provision(
          server, std::move(*lacks), has_own_data(m_seen, server), master.size_kb);
      if (!copies.empty()) step.after.push_back(copies.back());
      copies.push_back(step.id);
      slaves.push_back(&server);
      m_provisioned.insert(server.id);
      m_steps.push_back(std::move(step));
    }
    if (!slaves.empty()) m_steps.push_back(m_maker.lend(slaves));
    if (!slaves.empty() || !master.lent.empty()) {
      auto step = m_maker.take_back();
      step.after = copies;
      if (slaves.empty()) {
        step.cause = plan::Cause::drift;
        step.reason = "a run that was cut off left it";
      }
      m_steps.push_back(std::move(step));
    }
    return {};
  }

  /// It takes no writes any more, before all else; it becomes a slave if it has nothing of its own.
  void plan_former(const Server& server) {
    const auto& one = m_seen.at(server.id);
    const auto& master = m_seen.at(m_desired.master().id);
    if (is_open(one)) {
      std::erase_if(m_steps,
                    [&](const Step& step) { return step.id == step_of(server, "settings"); });
      m_steps.push_back(m_maker.close(server));
    }
    for (auto& step : m_steps) {
      if (step.id == step_of(m_desired.master(), "settings")) {
        step.needs.push_back(formers_closed());
      }
    }
    if (one.answered && master.answered && has_alone(one, master) != "") return;
    const bool is_new = !one.answered || one.slave.empty();
    m_steps.push_back(m_maker.replicate_former(
        server, is_new ? Difference{} : channel_difference(m_desired, one)));
  }

  void plan_slave(const Server& server) {
    if (was_master(m_desired, m_seen, m_all, server)) {
      plan_former(server);
      return;
    }
    const auto& one = m_seen.at(server.id);
    const bool replaced = m_replaced.contains(server.id);
    const auto* const same =
        m_provisioned.contains(server.id) ? nullptr : twin(m_desired, m_seen, server);
    if (same != nullptr) m_steps.push_back(m_maker.identity(server, *same));
    const bool master_replaced = m_replaced.contains(m_desired.master().id);
    const bool is_new = !one.answered || one.slave.empty() || m_provisioned.contains(server.id);
    auto diff = is_new ? Difference{} : channel_difference(m_desired, one);
    if (replaced && !m_provisioned.contains(server.id) &&
        (master_replaced || (!is_new && diff.empty()))) {
      if (const auto source = present_source(one)) {
        auto step = m_maker.rejoin(server, "rejoin", "its container is new", *source);
        // The master's new container comes after the slaves' ones, and behind it what it alone
        // gives.
        if (master_replaced) std::erase_if(step.needs, comes_with_master());
        m_steps.push_back(std::move(step));
      }
    }
    if (!one.answered && is_recorded(server, "source")) {
      m_steps.push_back(m_maker.rejoin(server, "replicate", "its channel is seen when it answers"));
    } else if (is_new || !diff.empty()) {
      const bool is_other = !is_new && one.of_slave("Master_Host") != address_of_master();
      auto step = is_other ? m_maker.follow_another(server, std::move(diff))
                           : m_maker.replicate(server, std::move(diff));
      step.reason = is_new ? "" : trouble(one);
      if (one.answered && is_new) {
        step.reason = one.slave.empty() ? "it is no slave yet" : "its data are new";
      }
      m_steps.push_back(std::move(step));
    } else if (same != nullptr) {
      m_steps.push_back(
          m_maker.rejoin(server, "replicate", "it was " + same->id.text() + " to its master"));
    } else if (master_replaced) {
      m_steps.push_back(m_maker.rejoin(server, "replicate", "its master's container is replaced"));
    } else if (const auto why = broken_connection(server); !replaced && !why.empty()) {
      m_steps.push_back(m_maker.rejoin(server, "replicate", why));
    } else if (!is_recorded(server, "source")) {
      m_steps.push_back(m_maker.note(server, "replicate", "source"));
    }
  }

  /// Root's new password: set on the master, and waited for in the slaves. All other steps log in
  /// with either, so they come before and after it. Its plugin needs no waiting: a switchover comes
  /// before it, and the password is the same.
  void plan_root(bool switches) {
    const auto& master = m_desired.master();
    const auto& one = m_seen.at(master.id);
    const bool sets =
        m_desired.root_password_before && one.has_data && (one.root_before || !one.answered);
    const bool moves = !switches && moves_accounts(m_desired) && is_root_native(m_desired, one);
    if (sets || moves) {
      auto step = m_maker.root_password(one);
      // One that is closed to writes by mistake is opened first.
      if (has_step(step_of(master, "settings"))) step.after.push_back(step_of(master, "settings"));
      m_steps.push_back(std::move(step));
    }
    for (const auto& server : m_desired.servers) {
      if (server.is_master || !(sets || m_seen.at(server.id).root_before)) continue;
      if (was_master(m_desired, m_seen, m_all, server) && !has_step(step_of(server, "replicate"))) {
        continue;  // it stays alone
      }
      auto step = m_maker.root_comes(server, m_seen.at(server.id));
      if (sets) step.after.push_back(step_of(master, "root"));
      m_steps.push_back(std::move(step));
    }
  }

  /// `holder`: of the master's part, whose host knows what was asked before.
  void plan_root_host(const Server& holder) {
    const auto& master = m_desired.master();
    const auto& one = m_seen.at(master.id);
    if (!one.has_data) return;  // they are made so
    auto diff = one.answered ? root_host_difference(m_desired, one) : Difference{};
    if (one.answered && diff.empty()) return;
    auto step = m_maker.root_host(std::move(diff));
    const auto mark = m_maker.root_host_mark(holder, m_all);
    const bool same = mark == plan::goal_mark(step.goal);
    if (!one.answered && (same || mark.empty())) return;
    if (same) step.cause = plan::Cause::drift;
    for (const auto* verb : {"settings", "root"}) {
      if (has_step(step_of(master, verb))) step.after.push_back(step_of(master, verb));
    }
    m_steps.push_back(std::move(step));
  }

  bool has_step(const StepId& id) const {
    return std::any_of(
        m_steps.begin(), m_steps.end(), [&](const Step& step) { return step.id == id; });
  }

  /// Why the slave's connection, whatever its threads say, has to be made anew; empty: it has not.
  std::string broken_connection(const Server& slave) const {
    const auto& master = m_desired.master();
    auto why = dead_connection(m_desired, slave, m_seen.at(slave.id), m_seen.at(master.id));
    for (const auto& id : {slave.id, master.id}) {
      if (!why.empty() || !m_all.is_lost(milestone::server_ready(id))) continue;
      why = fmt::format("the connections of {} end meanwhile", id);
    }
    return why;
  }

  std::string address_of_master() const { return m_desired.master().address.text(); }

  /// Where the slave finds the master as long as that has its present container, which may have
  /// another address than the file gives it, and no TLS yet or still. Empty: nowhere.
  std::optional<Source> present_source(const Observed& slave) const {
    const auto& master = m_desired.master();
    auto source = source_of(m_desired);
    if (!m_replaced.contains(master.id)) return source;
    const auto speaks = slave.of_slave("Master_SSL_Allowed");
    if (speaks == "No" && source.tls == "on") source.tls = "off";
    if (speaks == "Yes" && source.tls == "off") source.tls = "on";
    if (m_seen.at(master.id).has_address) return source;
    const auto heard = slave.of_slave("Master_Host");
    if (slave.of_slave("Slave_IO_Running") != "Yes" || heard == source.address) return {};
    source.address = heard;
    return source;
  }

  /// Running servers are touched one after the other: a slave when the one before it has caught up,
  /// the master last.
  void roll() {
    std::optional<StepId> before;
    for (const auto& server : m_desired.servers) {
      if (!server.is_master) queue(server, before);
    }
    if (m_replaced.contains(m_desired.master().id))
      wait_for(step_of(m_desired.master(), "container"), before);
  }

  void queue(const Server& server, std::optional<StepId>& before) {
    const bool replaced = m_replaced.contains(server.id);
    const auto rejoin = step_of(server, "rejoin");
    const auto replicate = step_of(server, "replicate");
    const auto changes = std::find_if(
        m_steps.begin(), m_steps.end(), [&](const Step& step) { return step.id == replicate; });
    if (replaced) {
      wait_for(step_of(server, "container"), before);
      // Without a rejoin it cannot be heard before the master has its new container.
      before = has_step(rejoin)                             ? rejoin
               : m_replaced.contains(m_desired.master().id) ? step_of(server, "container")
                                                            : replicate;
    } else if (changes != m_steps.end() && changes->change == plan::Change::update &&
               !m_replaced.contains(m_desired.master().id)) {
      wait_for(replicate, before);
      before = replicate;
    }
  }

  void wait_for(const StepId& step, const std::optional<StepId>& before) {
    for (auto& one : m_steps) {
      if (before && one.id == step) one.after.push_back(*before);
    }
  }

  std::function<bool(const plan::Milestone&)> comes_with_master() const {
    const auto& master = m_desired.master().id;
    std::set<plan::Milestone> given{milestone::container_running(master),
                                    milestone::endpoint_ready(master)};
    if (!m_seen.at(master).answered || m_moves_later) {
      given.insert(milestone::replication_account());
    }
    return [given = std::move(given)](const plan::Milestone& one) { return given.contains(one); };
  }

  /// A server whose upgrade was cut off may know neither its channel nor what is asked of accounts.
  void finish_first() {
    for (const auto& server : m_desired.servers) {
      const auto upgrade = step_of(server, "upgrade");
      if (!has_step(upgrade)) continue;
      for (auto& step : m_steps) {
        const auto& needs = step.needs;
        const auto running = milestone::container_running(server.id);
        if (step.id == upgrade || std::find(needs.begin(), needs.end(), running) == needs.end()) {
          continue;
        }
        step.after.push_back(upgrade);
      }
    }
  }

  bool is_recorded(const Server& server, std::string_view what) const {
    return m_all.record(server.host).contains(record_key(server.id, what));
  }

  const Desired& m_desired;
  const Seen& m_seen;
  const Observations& m_all;
  const Maker m_maker;
  std::vector<Step> m_steps;
  std::set<ServerId> m_replaced;     ///< their containers run now
  bool m_moves_later = false;        ///< the account gets its plugin with the master's new server
  std::set<ServerId> m_provisioned;  ///< they get a copy of the master's data
};

}  // namespace

Result<std::vector<Step>> make_steps(const Desired& desired,
                                     const Seen& seen,
                                     const Observations& all) {
  auto steps = Planner(desired, seen, all).plan();
  if (!steps) return steps;
  auto removals = make_removals(desired, seen, all);
  steps->insert(steps->end(), removals.begin(), removals.end());
  return steps;
}

}  // namespace mrc::systems::mysql

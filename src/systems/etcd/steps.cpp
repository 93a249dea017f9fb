#include "systems/etcd/steps.hpp"

#include <algorithm>

#include "etcd_member.sh.hpp"
#include "etcd_package.sh.hpp"
#include "etcd_probe.sh.hpp"
#include "etcd_unit.sh.hpp"
#include "mrc/plan/milestone.hpp"

namespace mrc::systems::etcd {
namespace {

namespace milestone = plan::milestone;
using plan::Cause;
using plan::Change;
using plan::Risk;
using plan::Step;
constexpr int k_quorum_seconds = 120;

bool contains(const std::vector<HostId>& hosts, const HostId& host) {
  return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

/// All that the file wants of a member's configuration, however its cluster was begun.
std::string config_goal(const Desired& want, const WantedMember& member) {
  std::string out;
  for (const auto& [key, value] : settings(want, member)) {
    if (key != k_state_key) out += fmt::format("{}={}\n", key, value);
  }
  return out;
}

/// The steps as they are made, for one cluster.
class Builder {
 public:
  explicit Builder(const Scene& scene)
      : m_scene(scene), m_want(scene.want), m_now(membership(scene)) {}

  Result<std::vector<Step>> build() {
    for (const auto& member : m_want.members) {
      if (m_scene.at(member.host).systemd) prepare(member);
    }
    // All start together, as each waits for the others; only then does anybody wait for health.
    for (const auto& member : m_want.members) start(member);
    for (const auto& member : m_want.members) wait(member);
    for (const auto& member : m_want.members) roll(member);
    gather_steady();
    for (const auto& move : moves(m_scene, m_now)) make(move);
    for (const auto& member : m_want.members) settle(member);
    for (const auto& host : m_scene.former()) {
      if (auto done = clean(host); !done) return fail(done.error());
    }
    return std::move(m_steps);
  }

 private:
  /// Somebody to ask: a host that stays so long, and its member's client URL.
  struct Steady {
    HostId host;
    std::string url;
  };

  Step& add(const HostId& host,
            std::string_view what,
            std::string title,
            Change change,
            const HostId& about = {}) {
    Step step;
    step.id = StepId(fmt::format("etcd/{}/{}", about.empty() ? host : about, what));
    step.host = host;
    step.title = std::move(title);
    step.change = change;
    step.needs = {milestone::host_ready(host)};
    step.after = m_last[host];
    step.apply.use(embedded::etcd_probe_sh);
    if (is_replaced(host)) step.cause = Cause::drift;
    m_last[host] = {step.id};
    m_steps.push_back(std::move(step));
    return m_steps.back();
  }
  static void after(Step& step, const std::vector<StepId>& ids) {
    for (const auto& id : ids) {
      if (std::find(step.after.begin(), step.after.end(), id) == step.after.end()) {
        step.after.push_back(id);
      }
    }
  }

  Fate fate(const HostId& host) const { return m_now.fate.at(host); }
  bool is_replaced(const HostId& host) const {
    const auto found = m_now.fate.find(host);
    return found != m_now.fate.end() && found->second == Fate::renew;
  }
  /// It is there, or comes with all the others.
  bool is_present(const HostId& host) const {
    return fate(host) == Fate::keep || fate(host) == Fate::begin;
  }

  void prepare(const WantedMember& member) {
    const auto& one = m_scene.at(member.host);
    if ((!one.etcd || !one.etcdctl) && m_want.install) {
      auto& step = add(member.host, "install", "install etcd's package", Change::create);
      step.reason = one.etcd ? "there is no etcdctl" : "etcd is not installed";
      step.goal = "etcd and etcdctl are installed";
      step.diff = {{Change::create, "package", {}, "etcd, by " + one.manager}};
      step.apply.use(embedded::etcd_package_sh).line("mrc_etcd_install {}", m_want.deployment);
      step.timeout = std::chrono::minutes(15);
    }
    if (fate(member.host) == Fate::keep) record(member);
    if (!is_present(member.host)) return;
    const auto wanted = fate(member.host) == Fate::keep ? kept_settings(m_want, member, one)
                                                        : settings(m_want, member);
    const auto* step = configure(member, wanted);
    if (step == nullptr || !one.unit.running()) return;
    if (std::any_of(step->diff.begin(), step->diff.end(), [](const plan::DiffLine& line) {
          return !is_only_for_the_first_start(line.field);
        })) {
      m_restart.push_back(member.host);
    } else {
      m_steps.back().reason += "; no restart, as etcd reads these only at its first start";
    }
  }

  /// A member that stands, and of which our record does not know all.
  void record(const WantedMember& member) {
    const auto& host = member.host;
    const auto& record = m_scene.records.record(host);
    const auto& one = m_scene.at(host);
    const bool adopted = m_scene.is_adopted(host);
    const bool whole = record.contains("etcd/config") && record.contains("etcd/unit");
    if (whole && (record.contains("etcd/cluster") || !one.healthy)) return;
    auto& step = add(host,
                     "record",
                     adopted ? "take over the etcd member" : "record the etcd member",
                     adopted ? Change::create : Change::update);
    step.goal = "the member is in the record";
    step.reason = adopted ? "it is the member that the file wants (--adopt)"
                  : whole ? "it is in the cluster now"
                          : "mrc's record of it was lost; what was here before mrc is not known";
    if (!adopted && !whole) step.cause = Cause::drift;
    step.diff = {{Change::create, "record", {}, "etcd of " + m_want.deployment}};
    step.apply.use(embedded::etcd_unit_sh);
    if (adopted) {
      step.apply.line("mrc_etcd_adopt {} {}", m_want.deployment, member.client_url);
    } else {
      step.apply.line(
          "mrc_etcd_rerecord {} {} {}", m_want.deployment, m_want.data_dir, member.client_url);
    }
  }

  /// Null when the file is so.
  Step* configure(const WantedMember& member,
                  const Settings& wanted,
                  std::string_view what = "config") {
    const auto& one = m_scene.at(member.host);
    auto diff = config_diff(one.config, wanted);
    if (diff.empty()) return nullptr;
    auto& step = add(member.host,
                     what,
                     "write etcd's configuration",
                     one.config.empty() ? Change::create : Change::update);
    step.reason = one.config_path.empty() ? "the file that the unit will read is not there"
                                          : one.config_path + " is not as wanted";
    step.goal = config_goal(m_want, member);
    step.diff = std::move(diff);
    step.apply.use(embedded::etcd_unit_sh)
        .line("mrc_etcd_configure {} {}",
              m_want.deployment,
              step.apply.attach(render_config(m_want, wanted)));
    return &step;
  }

  /// What a member of the cluster needs: the others' peer ports, both ways.
  std::vector<plan::Passage> passages(const WantedMember& member) const {
    std::vector<plan::Passage> out;
    const auto add_way = [&](const WantedMember& from, const WantedMember& to) {
      out.push_back({from.host,
                     to.host.text(),
                     to.ip.text(),
                     plan::Passage::Protocol::tcp,
                     m_want.peer_port,
                     "etcd's cluster"});
    };
    for (const auto& other : m_want.members) {
      if (other.host == member.host) continue;
      add_way(member, other);
      add_way(other, member);
    }
    return out;
  }

  Step& start_step(const WantedMember& member) {
    auto& step = add(member.host, "start", "start the etcd member", Change::run);
    step.passages = passages(member);
    step.goal = "the member runs, and at boot";
    step.apply.use(embedded::etcd_unit_sh)
        .line("mrc_etcd_start {} {}", m_want.deployment, m_want.data_dir);
    return step;
  }

  Step& healthy_step(const WantedMember& member) {
    auto& step = add(member.host, "healthy", "wait until the etcd member is healthy", Change::run);
    step.apply.use(embedded::etcd_unit_sh)
        .line("mrc_etcd_wait {} {}", member.client_url, k_quorum_seconds)
        .line("mrc_etcd_formed {} {}", m_want.deployment, member.client_url);
    step.gives = {milestone::etcd_healthy()};
    step.timeout = std::chrono::seconds(k_quorum_seconds + 30);
    return step;
  }

  void start(const WantedMember& member) {
    const auto& one = m_scene.at(member.host);
    if (!one.systemd || !is_present(member.host)) return;
    if (!one.unit.running()) {
      auto& step = start_step(member);
      step.reason = one.unit.load == "loaded" ? "the unit is " + one.unit.active
                                              : std::string("it never ran here");
      if (m_now.knows_all_lost()) step.reason = "no member has its data any more: all begin anew";
      m_started.push_back(step.id);
      expect(member.host);
    } else if (one.unit.file != "enabled") {
      auto& step = add(member.host, "enable", "start etcd at boot", Change::update);
      step.goal = "the member starts at boot";
      if (m_scene.is_recorded(member.host)) step.cause = Cause::drift;
      step.diff = {{Change::update, "unit file", one.unit.file, "enabled"}};
      step.apply.use(embedded::etcd_unit_sh).line("mrc_etcd_enable {}", m_want.deployment);
    }
    if (!one.unit.running() || rolls(member.host) || m_now.readdressed.contains(member.host)) {
      return;
    }
    if (contains(m_restart, member.host)) {
      auto& step = add(member.host, "restart", "restart the etcd member", Change::run);
      step.reason = "its configuration changed, and the cluster is not healthy as it is";
      step.risk = Risk::disruptive;
      step.impact = "etcd does not answer, as before; some 5 s";
      step.apply.use(embedded::etcd_unit_sh).line("mrc_etcd_restart");
      m_started.push_back(step.id);
      expect(member.host);
    } else if (!one.healthy) {
      expect(member.host);
    }
  }

  /// One whom the cluster looks for elsewhere is waited for when that is put right, and all of a
  /// cluster without a quorum behind the one who brings it.
  void expect(const HostId& host) {
    if (!m_now.readdressed.contains(host) && !m_now.lacks_started) m_waits.push_back(host);
  }

  void wait(const WantedMember& member) {
    if (!contains(m_waits, member.host)) return;
    auto& step = healthy_step(member);
    const auto& one = m_scene.at(member.host);
    if (one.unit.running()) step.reason = one.health_error;
    after(step, m_started);
    m_chain.push_back(step.id);
  }

  /// A healthy member of a healthy cluster restarts only after the one before it is back.
  void roll(const WantedMember& member) {
    if (rolls(member.host) && !m_now.readdressed.contains(member.host)) restart(member);
  }

  void restart(const WantedMember& member) {
    auto& step = add(member.host, "restart", "restart the etcd member", Change::run);
    step.reason = "its configuration changed";
    step.risk = Risk::disruptive;
    step.impact = m_want.members.size() == 1
                      ? "etcd does not answer, some 5 s; servers keep their network"
                      : "one etcd member is away, some 5 s; the others answer";
    after(step, m_chain);
    std::vector<std::string> urls;
    for (const auto& one : m_want.members) {
      if (is_present(one.host)) urls.push_back(one.client_url);
    }
    step.apply.use(embedded::etcd_unit_sh);
    // A member whose address changed is not healthy before.
    if (!m_now.readdressed.contains(member.host)) {
      step.apply.line("mrc_wait 60 {} mrc_etcd_all_healthy {}", "all members", shell::words(urls));
    }
    step.apply.line("mrc_etcd_restart")
        .line("mrc_etcd_wait {} {}", member.client_url, k_quorum_seconds);
    step.gives = {milestone::etcd_healthy()};
    step.timeout = std::chrono::seconds(k_quorum_seconds + 120);
    m_chain = {step.id};
  }

  void gather_steady() {
    for (const auto& member : m_want.members) {
      const bool doubtful =
          m_now.readdressed.contains(member.host) && !m_scene.at(member.host).healthy;
      if (fate(member.host) == Fate::keep && !doubtful) {
        m_steady.push_back({member.host, member.client_url});
      }
    }
    for (const auto* member : m_now.extra) {
      if (lives(m_scene, m_now, *member)) {
        m_steady.push_back({*m_scene.known(*member), member->client_urls.front()});
      }
    }
  }

  shell::Text steady_urls() const {
    std::vector<std::string> urls;
    for (const auto& one : m_steady) urls.push_back(one.url);
    return shell::words(urls);
  }

  Step& chained(Step& step) {
    after(step, m_chain);
    step.apply.use(embedded::etcd_unit_sh).use(embedded::etcd_member_sh);
    step.timeout = std::chrono::seconds(240);
    m_chain = {step.id};
    return step;
  }

  void make(const Move& move) {
    switch (move.kind) {
      case Move::Kind::remove:
        return remove(move);
      case Move::Kind::update:
        return update(move);
      case Move::Kind::finish:
      case Move::Kind::join:
        return join(move);
    }
  }

  void remove(const Move& move) {
    std::erase_if(m_steady, [&](const Steady& one) { return one.host == move.host; });
    const auto id = fmt::format("{:x}", move.member->id);
    // An unstarted entry may be there beside an older one of the same host.
    const auto what = ++m_removals[move.host] == 1 ? "member-remove" : "member-remove-" + id;
    auto& step = chained(add(m_steady.front().host,
                             what,
                             fmt::format("remove member {}", move.host),
                             Change::remove,
                             move.host));
    step.diff = {{Change::remove, "member", id + " " + move.member->peer_urls.front(), {}}};
    step.apply.line("mrc_etcd_member_remove {} {}", id, steady_urls());
    if (move.renews) {
      step.reason = "its data are gone: it has to come anew";
      step.cause = Cause::drift;
    } else if (m_scene.records.forgotten().contains(move.host)) {
      step.reason = "its host was given up (--forget)";
      step.gives = {milestone::host_emptied(move.host)};
    } else {
      step.reason = "the file does not want it";
    }
    if (move.healthy) {
      step.risk = Risk::disruptive;
      step.impact = "when it leads, etcd takes no writes while another is chosen, some 2 s";
      // Whoever speaks to etcd knows by then where the others are.
      for (const auto& host : m_want.hosts) step.needs.push_back(milestone::network_ready(host));
    }
    m_removed[move.host] = {step.id};
  }

  void update(const Move& move) {
    const auto& member = *m_want.member(move.host);
    const auto& config = m_scene.at(move.host).config;
    const auto told = config.find("ETCD_INITIAL_ADVERTISE_PEER_URLS");
    const bool drifted = told != config.end() && told->second == member.peer_url;
    // Alone, it is asked itself.
    if (m_steady.empty()) m_steady.push_back({move.host, member.client_url});
    auto& step = chained(add(move.host,
                             "member-update",
                             fmt::format("tell the cluster the address of {}", move.host),
                             Change::update));
    step.goal = member.peer_url;
    step.reason = "the cluster knows it under another address";
    if (drifted) step.cause = Cause::drift;
    step.diff = {{Change::update, "peer url", move.member->peer_urls.front(), member.peer_url}};
    step.apply.line("mrc_etcd_member_update {} {} {}",
                    fmt::format("{:x}", move.member->id),
                    member.peer_url,
                    steady_urls());
    if (contains(m_restart, move.host)) {
      restart(member);
    } else {
      m_chain = {healthy_step(member).id};
    }
    const auto known = std::any_of(
        m_steady.begin(), m_steady.end(), [&](const Steady& one) { return one.host == move.host; });
    if (!known) m_steady.push_back({move.host, member.client_url});
  }

  void join(const Move& move) {
    const auto& member = *m_want.member(move.host);
    const auto& one = m_scene.at(move.host);
    if (!one.systemd) return;
    if (one.unit.running() || one.data) {
      auto& step = chained(add(move.host, "reset", "clear what a member left", Change::remove));
      step.reason = one.log ? "the cluster has no such member any more" : "it never took part";
      step.diff = {{Change::remove, "contents", m_want.data_dir, {}}};
      step.risk = Risk::disruptive;
      step.impact = "this member is away until it has joined again";
      step.apply.line("mrc_etcd_reset {}", m_want.data_dir);
    }
    if (move.kind == Move::Kind::join) {
      auto& step = chained(
          add(move.host, "member-add", fmt::format("add member {}", move.host), Change::create));
      step.goal = member.peer_url;
      step.diff = {
          {Change::create, "member", {}, fmt::format("{} {}", move.host, member.peer_url)}};
      if (move.renews && m_now.cluster == nullptr) {
        step.reason = "its data are gone; what the cluster knows of it goes first";
        step.apply.line(
            "mrc_etcd_member_renew {} {} {}", move.host, member.peer_url, steady_urls());
      } else {
        step.reason = move.renews ? "its data are gone: it comes anew" : "the file wants it";
        step.apply.line("mrc_etcd_member_add {} {} {}", move.host, member.peer_url, steady_urls());
      }
      if (m_steady.size() == 1) {
        step.risk = Risk::disruptive;
        step.impact = "etcd does not answer until the second member has started, some 5 s";
      }
    }
    const auto list = initial_cluster(move.after);
    if (auto* step = configure(member, settings(m_want, member, list, "existing"))) {
      after(*step, m_chain);
      m_chain = {step->id};
    }
    if (list != initial_cluster(m_want.members)) m_unsettled.push_back(move.host);
    auto& start = start_step(member);
    after(start, m_chain);
    start.reason = move.kind == Move::Kind::finish ? "it was added and never started" : "";
    auto& healthy = healthy_step(member);
    m_chain = {healthy.id};
    m_steady.push_back({move.host, member.client_url});
  }

  /// Others came or went after it: its file then names those who are there in the end.
  void settle(const WantedMember& member) {
    if (!contains(m_unsettled, member.host)) return;
    const auto wanted = settings(m_want, member, initial_cluster(m_want.members), "existing");
    auto& step =
        add(member.host, "members", "name all members in the configuration", Change::update);
    after(step, m_chain);
    step.reason = "others came or went after it; no restart";
    step.goal = initial_cluster(m_want.members);
    step.diff = {{Change::update,
                  std::string(k_members_key),
                  "as when it joined",
                  initial_cluster(m_want.members)}};
    step.apply.use(embedded::etcd_unit_sh)
        .line("mrc_etcd_configure {} {}",
              m_want.deployment,
              step.apply.attach(render_config(m_want, wanted)));
  }

  Result<void> clean(const HostId& host) {
    auto steps = clean_host(m_want.deployment, m_scene.records, host, Leaving::member);
    if (!steps) return fail(std::move(steps).error());
    for (auto& step : *steps) {
      after(step, m_removed[host]);
      step.reason =
          m_scene.is_departed(host) ? "the host left the file" : "the file wants no member here";
      // The host's own Calico speaks to etcd while it goes.
      if (m_scene.is_departed(host)) step.needs.push_back(milestone::network_gone(host));
      m_steps.push_back(std::move(step));
    }
    if (!steps->empty()) m_steps.back().forgets = {fmt::format("etcd/{}/", host)};
    return {};
  }

  bool rolls(const HostId& host) const {
    return contains(m_restart, host) && m_scene.at(host).healthy;
  }

  const Scene& m_scene;
  const Desired& m_want;
  Membership m_now;
  std::vector<Step> m_steps;
  std::map<HostId, std::vector<StepId>> m_last;
  std::vector<HostId> m_restart;  ///< run with a configuration that changes
  std::vector<HostId> m_waits;
  std::vector<StepId> m_started;
  std::vector<StepId> m_chain;   ///< what the next restart or move waits for
  std::vector<Steady> m_steady;  ///< members that answer at this point
  std::vector<HostId> m_unsettled;
  std::map<HostId, int> m_removals;
  std::map<HostId, std::vector<StepId>> m_removed;
};

}  // namespace

std::vector<plan::DiffLine> config_diff(const std::map<std::string, std::string>& now,
                                        const Settings& wanted) {
  std::vector<plan::DiffLine> diff;
  auto rest = now;
  for (const auto& [key, value] : wanted) {
    const auto found = rest.find(key);
    if (found == rest.end()) {
      diff.push_back({Change::create, key, {}, value});
      continue;
    }
    if (found->second != value) diff.push_back({Change::update, key, found->second, value});
    rest.erase(found);
  }
  for (const auto& [key, value] : rest) diff.push_back({Change::remove, key, value, {}});
  return diff;
}

Settings kept_settings(const Desired& want, const WantedMember& member, const Observed& now) {
  const auto state = now.config.find(std::string(k_state_key));
  const bool is_new = state != now.config.end() && state->second == "new";
  return settings(want, member, initial_cluster(want.members), is_new ? "new" : "existing");
}

Result<std::vector<Step>> steps(const Scene& scene) {
  const auto found = foreign(scene);
  const auto refused = std::find_if(found.begin(), found.end(), [](const Finding& one) {
    return one.level == Verdict::Level::fail;
  });
  if (refused != found.end()) {
    return fail(ErrorKind::io,
                "etcd on {}: {}: {}; {}",
                refused->host,
                refused->title,
                refused->detail,
                refused->remedy);
  }
  if (const auto owner = shared_owner(scene)) return sharing_steps(scene, *owner);
  return Builder(scene).build();
}

}  // namespace mrc::systems::etcd

#include <algorithm>

#include "mrc/plan/milestone.hpp"
#include "mrc/systems/failover.hpp"
#include "systems/mysql/events.hpp"
#include "systems/mysql/filters.hpp"
#include "systems/mysql/former.hpp"
#include "systems/mysql/gtid.hpp"
#include "systems/mysql/maker.hpp"
#include "systems/mysql/mysql.hpp"
#include "systems/mysql/replication.hpp"
#include "systems/mysql/standing.hpp"

namespace mrc::systems::mysql {
namespace {

using Level = Verdict::Level;
using plan::Step;

/// It follows nobody and takes writes.
bool takes_writes(const Observed* one) {
  return one != nullptr && one->slave.empty() && is_open(*one);
}

const Server* with_address(const Desired& desired, const std::string& address) {
  for (const auto& server : desired.servers) {
    if (server.address.text() == address) return &server;
  }
  return nullptr;
}

/// Chooses who takes the part over, and says what that costs.
class Chooser {
 public:
  Chooser(const Desired& desired,
          const Seen& seen,
          const Observations& all,
          const FailoverWish& wish)
      : m_desired(desired), m_seen(seen), m_all(all), m_wish(wish) {}

  Result<Succession> choose() {
    const auto& master = m_desired.master();
    const auto* const said = answer_of(m_seen, master);
    if (said != nullptr && said->slave.empty()) {
      keep_master(*said);
      return std::move(m_out);
    }
    const auto* const lost =
        said == nullptr ? &master : with_address(m_desired, said->of_slave("Master_Host"));
    if (lost == nullptr) {
      return fail(ErrorKind::unreadable,
                  "{} is to be the master and follows {}, which is no server of the file",
                  master.id,
                  said->of_slave("Master_Host"));
    }
    m_out.lost = lost->id;
    m_lost = lost;
    if (answer_of(m_seen, *lost) != nullptr) {
      add(*lost,
          Level::fail,
          fmt::format("{} answers: it is not lost", lost->id),
          fmt::format("the file gives its part to {}", master.id),
          "mrc apply hands it over without losing anything");
      return std::move(m_out);
    }
    if (auto chosen = choose_heir(said != nullptr ? &master : nullptr); !chosen) {
      return fail(chosen.error());
    }
    check_lost();
    return std::move(m_out);
  }

 private:
  void add(const Server& server,
           Level level,
           std::string title,
           std::string detail,
           std::string remedy) {
    m_out.findings.push_back(
        {server.host, level, std::move(title), std::move(detail), std::move(remedy)});
  }

  /// Fails, or what the operator has accepted.
  Level loss() const { return m_wish.accept_loss ? Level::warn : Level::fail; }

  /// The file's master follows nobody: it is the master, or is to be opened as the last step of a
  /// failover that was broken off.
  void keep_master(const Observed& said) {
    const auto& master = m_desired.master();
    m_out.heir = master.id;
    if (m_wish.heir && *m_wish.heir != master.id) {
      add(master,
          Level::fail,
          fmt::format("{} answers: it is not lost", master.id),
          "",
          fmt::format("mrc promote {} hands its part over without losing anything", *m_wish.heir));
      return;
    }
    for (const auto& server : m_desired.servers) {
      const auto* const one = answer_of(m_seen, server);
      if (one == nullptr) {
        if (!server.is_master && !m_out.lost) m_out.lost = server.id;
        continue;
      }
      // One who follows it decides who of two has the part.
      if (server.is_master || !takes_writes(one) || !is_followed(server)) continue;
      add(server,
          Level::fail,
          fmt::format(
              "{} takes writes and is followed, and the file names {}", server.id, master.id),
          "the file may be older than the last failover",
          fmt::format("let mysql.master name {}", server.id));
    }
    // Its record still has a source until it is open.
    if (is_open(said) || !m_all.record(master.host).contains(record_key(master.id, "source"))) {
      m_out.lost.reset();
    }
    if (is_open(said)) {
      add(master, Level::warn, fmt::format("{} answers and takes writes", master.id), "", "");
    } else if (!m_out.lost) {
      add(master,
          Level::fail,
          fmt::format("{} answers: it is not lost", master.id),
          "it takes no writes",
          "mrc apply opens it");
    }
  }

  bool is_followed(const Server& server) const {
    return std::any_of(
        m_desired.servers.begin(), m_desired.servers.end(), [&](const Server& other) {
          const auto* const one = answer_of(m_seen, other);
          return one != nullptr && one->of_slave("Master_Host") == server.address.text();
        });
  }

  /// `named`: by the file, whose part was not taken yet.
  Result<void> choose_heir(const Server* named) {
    std::vector<const Server*> slaves;
    const Server* taker = nullptr;
    for (const auto& server : m_desired.servers) {
      const auto* const one = answer_of(m_seen, server);
      if (&server == m_lost || one == nullptr) continue;
      if (takes_writes(one)) taker = &server;
      if (!one->slave.empty()) slaves.push_back(&server);
    }
    const Server* heir = named != nullptr ? named : taker;
    m_out.reason = named != nullptr ? "the file names it" : "it takes writes already";
    if (m_wish.heir) {
      m_out.reason = "it was named";
      const auto found = std::find_if(m_desired.servers.begin(),
                                      m_desired.servers.end(),
                                      [&](const Server& one) { return one.id == *m_wish.heir; });
      heir = &*found;
    }
    if (heir == nullptr) {
      auto most = with_most(slaves);
      if (!most) return fail(most.error());
      heir = *most;
      const bool narrows = with_all(slaves).size() < slaves.size();
      m_out.reason = slaves.size() == 1 ? "no other slave answers"
                     : narrows          ? "no slave without a filter that answers has received more"
                                        : "no slave that answers has received more";
    }
    if (heir == nullptr) {
      add(*m_lost,
          Level::fail,
          fmt::format("{} is lost, and no slave answers", m_lost->id),
          "",
          "bring one of them back, or the master");
      return {};
    }
    m_out.heir = heir->id;
    return check_heir(*heir, taker, slaves);
  }

  /// Those that nothing was kept from, as far as is known; all, when there is none.
  std::vector<const Server*> with_all(const std::vector<const Server*>& slaves) const {
    std::vector<const Server*> out;
    std::copy_if(slaves.begin(), slaves.end(), std::back_inserter(out), [&](const Server* one) {
      return filter_of(*one, &m_seen.at(one->id)).empty();
    });
    return out.empty() ? slaves : out;
  }

  /// The one of these that lacks least of what all have; null: there is none.
  Result<const Server*> with_most(const std::vector<const Server*>& slaves) const {
    const Server* best = nullptr;
    std::uint64_t least = 0;
    for (const auto* one : with_all(slaves)) {
      std::uint64_t lacks = 0;
      for (const auto* other : slaves) {
        const auto some = missing(received(m_seen.at(other->id)), received(m_seen.at(one->id)));
        if (!some) return fail(ErrorKind::unreadable, "odd sets of transactions of {}", other->id);
        lacks += *some;
      }
      if (best == nullptr || lacks < least) {
        best = one;
        least = lacks;
      }
    }
    return best;
  }

  Result<void> check_heir(const Server& heir,
                          const Server* taker,
                          const std::vector<const Server*>& slaves) {
    const auto* const one = answer_of(m_seen, heir);
    if (&heir == m_lost || one == nullptr) {
      add(heir,
          Level::fail,
          fmt::format("{} cannot become the master: it does not answer", heir.id),
          "",
          "name another, or none");
      return {};
    }
    if (taker != nullptr && taker != &heir) {
      add(*taker,
          Level::fail,
          fmt::format("{} takes writes already", taker->id),
          fmt::format("{} would be a second master", heir.id),
          fmt::format("mrc failover {}", taker->id));
      return {};
    }
    if (const auto code = one->of_slave("Last_SQL_Errno"); !code.empty() && code != "0") {
      add(heir,
          Level::fail,
          fmt::format("{} cannot apply what it has received", heir.id),
          fmt::format("{}: {}", code, one->of_slave("Last_SQL_Error")),
          "mend that, or name another slave");
    }
    auto filter = filter_of(heir, one);
    const auto& whose = filter.empty() ? *m_lost : heir;
    if (filter.empty()) filter = log_filter_of(*m_lost, nullptr);
    if (!filter.empty()) {
      add(heir,
          loss(),
          fmt::format(
              "{} may lack data of {} that no set of transactions tells", heir.id, m_lost->id),
          fmt::format("{} has {}", whose.id, filter),
          "give the part to one without such an option, or go on without what it lacks: "
          "--accept-loss");
    }
    for (const auto& server : m_desired.servers) {
      if (&server == &heir || &server == m_lost) continue;
      if (answer_of(m_seen, server) != nullptr) continue;
      add(server,
          loss(),
          fmt::format("whether {} has received more than {} is not known: it does not answer",
                      server.id,
                      heir.id),
          "",
          "bring it back, or go on without it: --accept-loss");
    }
    for (const auto* other : slaves) {
      if (other == &heir) continue;
      const auto theirs = received(m_seen.at(other->id));
      const auto extra = difference(theirs, received(*one));
      const auto count = missing(theirs, received(*one));
      if (!extra || !count) {
        return fail(
            ErrorKind::unreadable, "odd sets of transactions of {} and {}", other->id, heir.id);
      }
      if (*count == 0) continue;
      add(*other,
          loss(),
          fmt::format("{} has received {} transaction{} that {} lacks",
                      other->id,
                      *count,
                      *count == 1 ? "" : "s",
                      heir.id),
          *extra,
          fmt::format("give the part to it: mrc failover {}; or give them up: --accept-loss",
                      other->id));
    }
    check_heard(slaves);
    return {};
  }

  /// A slave that hears it proves that it is there.
  void check_heard(const std::vector<const Server*>& slaves) {
    for (const auto* other : slaves) {
      const auto& one = m_seen.at(other->id);
      if (one.of_slave("Master_Host") != m_lost->address.text() ||
          one.of_slave("Slave_IO_Running") != "Yes") {
        continue;
      }
      m_out.heard = true;
      add(*other,
          Level::fail,
          fmt::format("{} still hears {}: it is not lost", other->id, m_lost->id),
          "a second master would be made beside it",
          fmt::format("mend the way from here to {}, or stop the server there by hand",
                      m_lost->host));
    }
  }

  /// What nobody can tell any more, in plain words.
  void check_lost() {
    if (m_out.heir.empty() || m_out.heard) return;
    const auto found = m_seen.servers.find(m_lost->id);
    if (found != m_seen.servers.end() && found->second.docker_down) {
      add(*m_lost,
          Level::fail,
          fmt::format("whether {} still takes writes cannot be told", m_lost->id),
          fmt::format("Docker does not answer on {}", m_lost->host),
          "start Docker there, or turn the host off");
    }
    const auto found_heir = std::find_if(m_desired.servers.begin(),
                                         m_desired.servers.end(),
                                         [&](const Server& one) { return one.id == m_out.heir; });
    const auto* const heir = answer_of(m_seen, *found_heir);
    add(*m_lost,
        Level::warn,
        fmt::format("what {} had and had sent to no slave is lost, and how much that is cannot be "
                    "told without it",
                    m_lost->id),
        heir == nullptr ? "" : waited_for(*m_lost, *found_heir, *heir),
        "");
    if (heir == nullptr) return;
    if (auto stop = events_stop(*found_heir, events_of_master(*heir))) {
      m_out.findings.push_back(std::move(*stop));
    }
  }

  const Desired& m_desired;
  const Seen& m_seen;
  const Observations& m_all;
  const FailoverWish& m_wish;
  const Server* m_lost = nullptr;
  Succession m_out;
};

/// It is stopped, and closed at its next start.
bool is_fenced(const Desired& desired, const Seen& seen, const Server& old) {
  const auto found = seen.servers.find(old.id);
  if (found == seen.servers.end() || found->second.docker_down) return false;
  std::string closed;
  for (const auto& line : role_lines(desired, false)) closed += line + ";";
  const auto& one = found->second;
  const bool stopped = !one.container || one.container->status == "exited";
  return stopped && (!one.has_data || one.role == closed);
}

Result<std::vector<Step>> make_failover(const Desired& desired,
                                        const Seen& seen,
                                        const Observations& all,
                                        const Succession& chosen,
                                        const std::set<HostId>& reached) {
  const Maker maker(desired);
  const auto& heir = desired.master();
  const auto& now = seen.at(heir.id);
  std::vector<Step> out;
  const Server* old = nullptr;
  for (const auto& server : desired.servers) {
    if (chosen.lost && server.id == *chosen.lost) old = &server;
  }
  if (old != nullptr) {
    if (reached.contains(old->host) && !is_fenced(desired, seen, *old)) {
      out.push_back(maker.fence(*old));
    }
    if (!now.slave.empty()) {
      auto lines = standing(desired, seen, *old);
      if (!lines) return fail(std::move(lines).error());
      out.push_back(maker.drain(*old, chosen.reason, std::move(*lines)));
    }
  }
  for (const auto& server : desired.servers) {
    const auto* const one = answer_of(seen, server);
    if (&server == old || server.is_master || one == nullptr) continue;
    if (takes_writes(one)) {
      out.push_back(maker.close(server));
    } else if (!one->slave.empty() && missing(received(*one), received(now)) == 0) {
      if (auto diff = channel_difference(desired, *one); !diff.empty()) {
        out.push_back(maker.compare(server));
        out.back().needs = {drained()};
        out.push_back(maker.follow_another(server, std::move(diff)));
        out.back().needs = {drained(), compared(server)};
      }
    }
  }
  if (old != nullptr)
    out.push_back(
        maker.succeed(*old, maker.account_mark(*old, all), maker.root_host_mark(*old, all)));
  return out;
}

}  // namespace
}  // namespace mrc::systems::mysql

namespace mrc::systems {

Result<Succession> succession(const Inputs& inputs,
                              const Observations& seen,
                              const FailoverWish& wish) {
  const auto desired = mysql::make_desired(inputs);
  const auto read = mysql::read_seen(seen);
  if (!read) return fail(read.error());
  return mysql::Chooser(desired, *read, seen, wish).choose();
}

Result<std::vector<plan::Step>> failover_steps(const Inputs& inputs,
                                               const Observations& seen,
                                               const Succession& chosen,
                                               const std::set<HostId>& reached) {
  const auto desired = mysql::make_desired(inputs);
  const auto read = mysql::read_seen(seen);
  if (!read) return fail(read.error());
  return mysql::make_failover(desired, *read, seen, chosen, reached);
}

}  // namespace mrc::systems

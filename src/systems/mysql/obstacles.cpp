#include <algorithm>

#include "systems/mysql/authentication.hpp"
#include "systems/mysql/container.hpp"
#include "systems/mysql/events.hpp"
#include "systems/mysql/faults.hpp"
#include "systems/mysql/filters.hpp"
#include "systems/mysql/former.hpp"
#include "systems/mysql/gtid.hpp"
#include "systems/mysql/internal.hpp"
#include "systems/mysql/maker.hpp"
#include "systems/mysql/provision.hpp"
#include "systems/mysql/replication.hpp"

namespace mrc::systems::mysql {
namespace {

// Official images of MySQL have no mysqlbinlog; the logs are files on the host.
constexpr std::string_view k_by_hand =
    "read them with mysqlbinlog, of the host's own client package where the image has none, and "
    "write what is needed on the master; then take the server out of the file, apply, delete its "
    "data and put it in again";

class Obstacles {
 public:
  Obstacles(const Desired& desired, const Seen& seen, const Observations& all)
      : m_desired(desired), m_seen(seen), m_all(all) {}

  Result<std::vector<Finding>> find() {
    for (const auto& server : m_desired.servers) {
      check_owner(server, m_seen.at(server.id));
      check_password(server, m_seen.at(server.id));
      check_image(server, m_seen.at(server.id));
      check_data(server, m_seen.at(server.id));
    }
    check_require();
    if (auto read = check_master(); !read) return fail(read.error());
    for (const auto& server : m_desired.servers) {
      if (server.is_master) continue;
      if (auto read = check_logs(server); !read) return fail(read.error());
    }
    return std::move(m_out);
  }

 private:
  void add(const HostId& host, std::string title, std::string detail, std::string remedy) {
    m_out.push_back(
        {host, Verdict::Level::fail, std::move(title), std::move(detail), std::move(remedy)});
  }

  /// Containers and data that are not ours. Without any mark, --adopt takes them.
  void check_owner(const Server& server, const Observed& one) {
    const auto path = data_path(m_desired, server.id);
    const auto owned_by = [](const std::string& deployment) {
      return deployment.empty() ? "it has no mark of mrc" : "it belongs to " + deployment;
    };
    const auto is_foreign = [&](const std::string& deployment) {
      return deployment != m_desired.deployment && !(deployment.empty() && m_desired.adopt);
    };
    if (one.container && is_foreign(one.container->deployment)) {
      add(server.host,
          fmt::format("a container {} exists that this deployment has not made", server.id),
          owned_by(one.container->deployment),
          "rename the server in the file, remove that container, or take it over with --adopt");
    } else if (one.container && one.container->deployment.empty()) {
      check_adoption(server, one);
    }
    if (one.has_data && is_foreign(one.data_of)) {
      add(server.host,
          fmt::format("{} exists and this deployment has not made it", path),
          owned_by(one.data_of),
          "choose another data_root or name, move the directory away, or take it over with "
          "--adopt");
    }
  }

  void check_adoption(const Server& server, const Observed& one) {
    const auto path = data_path(m_desired, server.id);
    if (one.container->data != path) {
      add(server.host,
          fmt::format("the container {} cannot be taken over: its data is elsewhere", server.id),
          fmt::format(
              "in {}, and the file has {}",
              one.container->data.empty() ? "no directory of the host" : one.container->data,
              path),
          "choose data_root so, or stop the container and move its data there");
    }
    if (!server.is_master || !one.answered) return;
    if (m_desired.dialect.flavour == topology::Flavour::mariadb) {
      check_adopted_log(server, one.variable("log_bin_basename"));
    } else if (one.variable("gtid_mode") != "ON") {
      add(server.host,
          fmt::format("the container {} cannot be taken over: its data has no GTIDs", server.id),
          "gtid_mode is " + one.variable("gtid_mode"),
          "slaves could not be made from its binary logs; turn GTIDs on first");
    }
  }

  /// MariaDB knows what it has by its binary logs alone, and begins anew where it finds none of the
  /// name that it is given.
  void check_adopted_log(const Server& server, const std::string& basename) {
    if (basename.empty()) {
      add(server.host,
          fmt::format("the container {} cannot be taken over: it has no binary log", server.id),
          "log_bin is OFF",
          "slaves could not be made from it; turn log_bin on first");
    } else if (!basename.ends_with("/mysql-bin")) {
      add(server.host,
          fmt::format("the container {} cannot be taken over: its binary logs have another name",
                      server.id),
          basename,
          "with the server stopped, rename them to mysql-bin, with their .state and .index and the "
          "names in that");
    }
  }

  void check_password(const Server& server, const Observed& one) {
    if (one.sql_error.find("ERROR 1045") == std::string::npos) return;
    const bool knows_another = m_desired.root_password_before.has_value();
    add(server.host,
        fmt::format("the server {} refuses root's password{}",
                    server.id,
                    knows_another ? " and the one before it" : ""),
        one.sql_error,
        "give the one that it has as mysql.root_password_before, and it gets the other in its "
        "place");
  }

  /// The plan is made for the file's version. Where the image's own variables tell, they are
  /// believed; where not, the server in it is asked before anything is replaced.
  void check_image(const Server& server, const Observed& one) {
    const auto told = parse_reported(one.image_version);
    if (!told) return;
    const auto* const holds = find_dialect(told->flavour, told->version);
    if (holds != nullptr && holds->name == m_desired.dialect.name) return;
    add(server.host,
        fmt::format("the image {} holds another server than the file says", m_desired.image),
        fmt::format("{}, and the file has it as {}", one.image_version, m_desired.dialect.name),
        fmt::format("write mysql.version: \"{}\"", one.image_version));
  }

  /// A server starts on data of its own kind that is not newer than itself.
  void check_data(const Server& server, const Observed& one) {
    const auto last = had(one);
    const auto runs = parse_reported(last);
    if (!runs) return;
    const auto* const now = find_dialect(runs->flavour, runs->version);
    if (now == nullptr) return;
    const bool same = now->flavour == m_desired.dialect.flavour;
    // The image's word is exact, the file's may be its dialect's alone.
    const auto told = parse_reported(one.image_version);
    const bool told_older = same && told && told->version < runs->version;
    if (same && !told_older && now->from <= m_desired.dialect.from) {
      check_upgrade(server, runs->version, told ? told->version : m_desired.version, one);
      check_accounts(server, one);
      return;
    }
    add(server.host,
        fmt::format("the data of {} is of {}, and the file has {}",
                    server.id,
                    told_older ? last : now->name,
                    told_older ? one.image_version : m_desired.dialect.name),
        history(one),
        !same ? "the two do not read one another's data: make a new deployment, and load a dump"
              : "servers do not take newer data; keep the image" + way_back(server, one));
  }

  /// Another server was to have its data, and nobody has seen it answer.
  static bool is_doubted(const Observed& one) { return !one.answered && !one.had_before.empty(); }

  static std::string history(const Observed& one) {
    if (!is_doubted(one)) return "it had " + had(one);
    return fmt::format("it had {}, and {} has not been seen to answer", one.had_before, one.had);
  }

  /// A server may refuse data, or give them back as they were; its log alone tells.
  std::string way_back(const Server& server, const Observed& one) const {
    if (!is_doubted(one)) return {};
    const auto file = data_path(m_desired, server.id) + "/mrc.version";
    return fmt::format(
        ". If the log of {} (docker logs {}) says that {} refused the data or gave them back as "
        "they were: docker stop {}, mv {}-before {}, and apply; else put back an older copy",
        server.id,
        server.id,
        one.had,
        server.id,
        file,
        file);
  }

  /// A server takes its data, and a slave its master's transactions, from a version not too far
  /// back.
  void check_upgrade(const Server& server,
                     topology::ServerVersion from,
                     topology::ServerVersion to,
                     const Observed& one) {
    if (const auto before = parse_reported(one.had_before); before && is_doubted(one)) {
      from = std::min(from, before->version);
    }
    const auto stop = stop_between(m_desired.dialect.flavour, from, to);
    if (!stop) return;
    add(server.host,
        fmt::format("the data of {} is of MySQL {}.{}, from which no way leads to MySQL {}.{}",
                    server.id,
                    from.major,
                    from.minor,
                    to.major,
                    to.minor),
        history(one),
        fmt::format("give mysql.image a MySQL {}.{} first, apply, and go on from there",
                    stop->major,
                    stop->minor));
  }

  /// Whose plugin the next server has not is locked out, on data that have no way back.
  void check_accounts(const Server& server, const Observed& one) {
    if (!has_other_plugin(one) || !loses_native(m_desired, server, one)) return;
    const auto next = m_desired.dialect.name;
    std::vector<std::string> own;
    if (is_root_native(m_desired, one)) own.emplace_back("root");
    if (is_user_native(m_desired, one)) own.push_back(m_desired.user);
    if (!own.empty()) {
      add(server.host,
          fmt::format("{} would lock out {} of {}", next, fmt::join(own, " and "), server.id),
          fmt::format("{} is not loaded by it, and who has it is not let in", k_native_plugin),
          moves_accounts(m_desired)
              ? fmt::format("apply with the present image first, of {}: its plan moves them to {}",
                            one.variable("version"),
                            k_plugin)
              : fmt::format("give slaves TLS, or mysql.replication.tls: server-key, and apply with "
                            "the present image first: its plan moves them to {}",
                            k_plugin));
    }
    const auto others = others_native(m_desired, one);
    if (!server.is_master || others == 0) return;
    m_out.push_back(
        {server.host,
         Verdict::Level::warn,
         fmt::format("{} would lock out {} other account{}", next, others, others == 1 ? "" : "s"),
         fmt::format("their plugin is {}", k_native_plugin),
         fmt::format("SELECT User, Host FROM mysql.user WHERE plugin = '{}'; give them {} by ALTER "
                     "USER .. IDENTIFIED WITH .. BY ..; 8.4 has mysql.options {}: ON for a while",
                     k_native_plugin,
                     k_plugin,
                     k_native_plugin)});
  }

  /// An account that is let in by TLS alone, while there is none, shuts the slaves out.
  void check_require() {
    if (m_desired.require != "SSL") return;
    const auto& master = m_desired.master();
    if (m_desired.tls != "on") {
      add(master.host,
          "the replication account requires TLS, which these servers do not offer",
          fmt::format("{} has no TLS without certificates", m_desired.dialect.name),
          "give mysql.options ssl_ca, ssl_cert and ssl_key, or take mysql.replication.require out");
      return;
    }
    const auto& one = m_seen.at(master.id);
    if (!one.answered || one.account.require == "SSL") return;
    if (container_difference(m_desired, master, one).empty()) return;
    for (const auto& server : m_desired.servers) {
      if (m_seen.at(server.id).of_slave("Master_SSL_Allowed") != "No") continue;
      add(master.host,
          "TLS comes with this change, and the replication account would require it before",
          fmt::format("{} is not reached by TLS yet", master.id),
          "apply without mysql.replication.require, and then with it");
      return;
    }
  }

  /// The one that the file names must be the one that the others follow, or take that part over
  /// from a server that can hand it over.
  Result<void> check_master() {
    const auto& master = m_desired.master();
    if (const auto* old = holder(m_desired, m_seen)) {
      if (auto filtered = filtered_heir(m_desired, m_seen, *old)) {
        m_out.push_back(std::move(*filtered));
      }
      if (auto stop = events_stop(master, events_enabled(m_seen.at(old->id)))) {
        m_out.push_back(std::move(*stop));
      }
      check_switchover(*old);
      return {};
    }
    const std::string remedy =
        "let mysql.master name the server that is the master now, on its host; when that is done, "
        "another name there is a switchover";
    const auto& one = m_seen.at(master.id);
    // It has taken the part over; who had it before may leave the file.
    const bool has_part = one.answered && one.slave.empty() &&
                          recorded(m_all.record(master.host), "account").contains(master.id);
    for (const auto& host : m_all.hosts()) {
      for (const auto& name : recorded(m_all.record(host), "account")) {
        if (name == master.id && host == master.host) continue;
        if (const auto* former = slave_on(host, name)) {
          if (auto read = check_former(*former); !read) return read;
          continue;
        }
        if (has_part && name != master.id) continue;
        add(host,
            fmt::format("{} on {} is the running master", name, host),
            name == master.id ? fmt::format("the file moves it to {}", master.host)
                              : fmt::format("the file names {}", master.id),
            remedy);
        return {};
      }
    }
    if (one.answered && !one.slave.empty()) {
      add(master.host,
          fmt::format("{} is to be the master and is a slave", master.id),
          fmt::format("it replicates from {}", one.of_slave("Master_Host")),
          remedy);
      return {};
    }
    const bool has_nothing =
        !one.has_data || (one.answered && one.variable("gtid_executed").empty());
    if (!has_nothing) return {};
    for (const auto& server : m_desired.servers) {
      const auto& other = m_seen.at(server.id);
      if (server.is_master || other.slave.empty() || other.variable("gtid_executed").empty()) {
        continue;
      }
      add(master.host,
          fmt::format("{} is to be the master and has no data", master.id),
          fmt::format("{} has transactions of {}", server.id, other.of_slave("Master_Host")),
          remedy);
      return {};
    }
    return {};
  }

  const Server* slave_on(const HostId& host, const ServerId& name) const {
    for (const auto& server : m_desired.servers) {
      if (!server.is_master && server.id == name && server.host == host) return &server;
    }
    return nullptr;
  }

  /// One thing at a time: writes are not stopped for longer than the hand-over takes.
  void check_switchover(const Server& old) {
    const auto& master = m_desired.master();
    if (!m_seen.at(old.id).answered) {
      add(old.host,
          fmt::format(
              "{} cannot hand the master's part to {}: it does not answer", old.id, master.id),
          m_seen.at(old.id).sql_error,
          fmt::format("start it and try again, or let mysql.master name {} until it is mended",
                      old.id));
      return;
    }
    if (const auto diff = account_difference(m_desired, m_seen.at(old.id)); !diff.empty()) {
      add(old.host,
          fmt::format("a switchover changes nothing else, and the replication account of {} is not "
                      "as the file asks",
                      old.id),
          diff.front().field + " differs",
          fmt::format("let mysql.master name {}, apply that, and switch over then", old.id));
      return;
    }
    for (const auto& server : m_desired.servers) {
      const bool was_master = recorded(m_all.record(server.host), "account").contains(server.id);
      if (server.is_master || server.id == old.id || !was_master) continue;
      if (m_seen.at(server.id).of_slave("Master_Host") == old.address.text()) continue;
      add(server.host,
          fmt::format("{} was the master and is no slave of {} yet", server.id, old.id),
          "it may have transactions that nobody else has",
          fmt::format("let mysql.master name {}, apply that, and switch over then", old.id));
      return;
    }
    const auto& one = m_seen.at(master.id);
    for (const std::string part : {"IO", "SQL"}) {
      const auto code = one.of_slave("Last_" + part + "_Errno");
      if (code.empty() || code == "0") continue;
      // Of a connection (2003, 2013, ..): it is tried again, and anew by the take-over.
      if (part == "IO" && code.size() == 4 && code.starts_with('2')) continue;
      add(master.host,
          fmt::format("{} cannot become the master: its replication has an error", master.id),
          fmt::format("{}: {}", code, one.of_slave("Last_" + part + "_Error")),
          fmt::format("let mysql.master name {}, apply that, and switch over then", old.id));
      return;
    }
    for (const auto& server : m_desired.servers) {
      const auto& other = m_seen.at(server.id);
      const auto diff = container_difference(m_desired, server, other);
      const bool runs = other.container && other.container->running();
      if (runs && diff.empty() && !other.half_upgraded) continue;
      add(server.host,
          fmt::format("a switchover changes nothing else, and {} is not as the file asks",
                      server.id),
          !other.container ? "it has no container"
          : !diff.empty()  ? diff.front().field + " differs"
          : !runs          ? "its container is " + other.container->status
                           : "its upgrade was cut off",
          fmt::format("let mysql.master name {}, apply that, and switch over then", old.id));
      return;
    }
  }

  /// One that was the master, while another has the part now: it may have what nobody else has.
  Result<void> check_former(const Server& former) {
    const auto& master = m_desired.master();
    const auto& one = m_seen.at(former.id);
    const auto& now = m_seen.at(master.id);
    if (!now.answered) {
      add(former.host,
          fmt::format(
              "{} was the master before {}, and whether it has transactions that nobody else "
              "has cannot be told",
              former.id,
              master.id),
          fmt::format("{} does not answer", master.id),
          "start its container and try again");
      return {};
    }
    if (!one.answered) return {};  // it is started as a slave, and judged by its step
    const auto extra = has_alone(one, now);
    if (!extra) {
      return fail(
          ErrorKind::unreadable, "odd sets of transactions of {} and {}", former.id, master.id);
    }
    if (extra->empty()) return {};
    if (is_open(one) && (!is_open(now) || (is_followed(former) && !is_followed(master)))) {
      add(former.host,
          fmt::format("{} is the running master, and the file names {}", former.id, master.id),
          fmt::format(
              "{} lacks {}; the file may be older than the last failover", master.id, *extra),
          fmt::format("let mysql.master name {}, and apply that first", former.id));
      return {};
    }
    add(former.host,
        fmt::format("{} was the master and has transactions that {} lacks", former.id, master.id),
        *extra,
        std::string(k_by_hand) + " under another server_id");
    // Whatever else: it is closed to writes first.
    if (is_open(one)) m_out.back().level = Verdict::Level::warn;
    return {};
  }

  bool is_followed(const Server& server) const {
    return std::any_of(
        m_desired.servers.begin(), m_desired.servers.end(), [&](const Server& other) {
          return m_seen.at(other.id).of_slave("Master_Host") == server.address.text();
        });
  }

  /// A slave that its master's binary logs do not reach gets a copy, for which what it has is given
  /// up.
  Result<void> check_logs(const Server& server) {
    const auto lost = out_of_reach(m_desired, m_seen, server);
    if (!lost) return fail(lost.error());
    // MariaDB's numbers of a slave's own hide what it lacks, but not from its master.
    const bool refused = fault_of(m_seen.at(server.id)) == Fault::purged;
    if (lost->empty() && !refused) return check_errant(server);
    const auto& master = m_desired.master();
    if (!lost->empty() && holder(m_desired, m_seen) != nullptr) {
      add(server.host,
          fmt::format("a switchover changes nothing else, and {} needs a copy of the data",
                      server.id),
          fmt::format("the binary logs of {} have no more: {}", master.id, excerpt(*lost)),
          "let mysql.master name the present master, apply that, and switch over then");
      return {};
    }
    const auto own = errant(m_desired, m_seen, server);
    if (!own) return fail(own.error());
    if (own->empty()) return {};
    add(server.host,
        fmt::format("{} has transactions that {} lacks, and a copy would destroy them",
                    server.id,
                    master.id),
        lost->empty()
            ? *own
            : fmt::format(
                  "{}; the binary logs of {} have no more: {}", *own, master.id, excerpt(*lost)),
        std::string(k_by_hand));
    return {};
  }

  /// A slave that has what its master lacks. Told; in the way where the master therefore gives it
  /// nothing.
  Result<void> check_errant(const Server& server) {
    if (m_seen.at(server.id).slave.empty()) return {};
    const auto& master = m_desired.master();
    const bool ahead = fault_of(m_seen.at(server.id)) == Fault::ahead;
    auto own = own_transactions(m_desired, m_seen, server);
    if (ahead && m_seen.at(master.id).answered) {
      auto all = errant(m_desired, m_seen, server);
      if (!all) return fail(all.error());
      own = std::move(*all);
    }
    if (own.empty() || holder(m_desired, m_seen) != nullptr) return {};
    m_out.push_back({server.host,
                     ahead ? Verdict::Level::fail : Verdict::Level::warn,
                     fmt::format("{} has transactions that {} lacks", server.id, master.id),
                     own,
                     std::string(k_by_hand)});
    return {};
  }

  const Desired& m_desired;
  const Seen& m_seen;
  const Observations& m_all;
  std::vector<Finding> m_out;
};

}  // namespace

Result<std::vector<Finding>> find_obstacles(const Desired& desired,
                                            const Seen& seen,
                                            const Observations& all) {
  return Obstacles(desired, seen, all).find();
}

}  // namespace mrc::systems::mysql

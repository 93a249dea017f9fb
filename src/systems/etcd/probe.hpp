#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/shell/script.hpp"
#include "systems/etcd/desired.hpp"

namespace mrc::systems::etcd {

/// A program's version; an unknown one is 0.0.
struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
};

struct Member {
  std::uint64_t id = 0;
  std::string name;
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;  ///< empty: was never started
  bool operator==(const Member&) const = default;
};

struct Cluster {
  std::uint64_t id = 0;
  std::vector<Member> members;
  bool operator==(const Cluster&) const = default;
};

/// The unit etcd.service, in systemd's own words.
struct Unit {
  std::string load;    ///< "loaded", "not-found", "masked"
  std::string active;  ///< "active", "inactive", "failed", "activating"
  std::string file;    ///< "enabled", "disabled", "masked", "masked-runtime"; may be empty
  std::string exec;    ///< its command
  bool running() const { return !active.empty() && active != "inactive" && active != "failed"; }
  bool operator==(const Unit&) const = default;
};

/// etcd on one host. Of a host that shall have no member and had none nothing is known.
struct Observed {
  bool systemd = false;
  std::string manager;          ///< "apt", "dnf", "yum", "zypper", "none"
  std::optional<Version> etcd;  ///< empty: not installed
  std::optional<Version> etcdctl;
  std::optional<Version> candidate;  ///< what would be installed, where the host can tell
  Unit unit;
  std::string config_path;  ///< what the unit reads; empty: it reads none, or no unit
  std::map<std::string, std::string> config;  ///< key → value, without quotes
  std::string config_mark;                    ///< the deployment for which mrc wrote that file
  bool data = false;                          ///< the wanted data directory holds something
  bool log = false;                           ///< and in it the log of a member that took part
  std::vector<std::string> listeners;         ///< who holds the ports while the unit is down
  std::optional<Cluster> cluster;             ///< as the running member tells it
  std::string cluster_error;
  bool healthy = false;
  std::string health_error;
  bool operator==(const Observed&) const = default;
};

shell::Script probe_script(const Desired& want, const WantedMember& member);

/// For a host that shall have no member: reads what is left of one of ours, if there was one.
shell::Script former_probe_script(const Desired& want, const HostId& host);

/// Reads what either printed. Errors: `unreadable`.
/// Units: ids are numbers, decimal in this JSON; `etcdctl member remove` takes them in hex.
Result<Observed> parse_probe(std::string_view text);

/// The JSON of `etcdctl member list -w json`. Errors: `unreadable`.
Result<Cluster> parse_members(std::string_view text);

/// For a cluster that is not ours.
shell::Script endpoints_script(const Desired& want);
/// Endpoint → why it does not answer, empty when it does. Errors: `unreadable`.
Result<std::map<std::string, std::string>> parse_endpoints(std::string_view text,
                                                           const Desired& want);

}  // namespace mrc::systems::etcd

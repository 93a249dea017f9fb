#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "systems/etcd/desired.hpp"
#include "systems/etcd/probe.hpp"

namespace mrc::systems::etcd {

/// What the probes of all hosts said.
using Seen = std::map<HostId, Observed>;

/// Everything that a plan is made from. Lends.
struct Scene {
  const Desired& want;
  const Seen& seen;
  const Observations& records;
  bool adopt = false;

  const Observed& at(const HostId& host) const { return seen.at(host); }
  /// Our record says that we set etcd up there.
  bool is_recorded(const HostId& host) const;
  /// So it does, or the configuration there says so by its first line: then the record was lost.
  bool is_ours(const HostId& host) const;
  /// A member runs there that mrc did not set up, and is to be taken over.
  bool is_adopted(const HostId& host) const;
  /// Another deployment whose record says that it set etcd up there, where ours does not.
  std::optional<std::string> owner(const HostId& host) const;
  /// A host of that name or address belongs, or belonged, to the deployment: empty when none does.
  std::optional<HostId> known(const Member& member) const;
  /// Hosts whose records hold a member of ours that the file does not want; sorted.
  std::vector<HostId> former() const;
  bool is_departed(const HostId& host) const { return records.departed().contains(host); }
  /// A host that left the file under this name and stands in it under another.
  bool is_renamed(const HostId& host) const;
};

/// Record keys of etcd that say: this deployment set it up.
bool has_member(const std::map<std::string, std::string>& record);

/// The record of a deployment that uses the etcd of another: the owner's name as JSON.
inline constexpr const char* k_uses_key = "etcd/uses";

/// "http://192.168.55.111:2380" → its host.
std::string_view url_host(std::string_view url);

}  // namespace mrc::systems::etcd

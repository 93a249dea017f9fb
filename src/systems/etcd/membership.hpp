#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "systems/etcd/scene.hpp"

namespace mrc::systems::etcd {

/// What is to become of a wanted member.
enum class Fate {
  begin,   ///< there is no cluster yet: all begin it together
  keep,    ///< it is a member and has its data
  finish,  ///< the cluster waits for it: it was added and never started
  join,    ///< the cluster does not know it
  renew,   ///< the cluster knows it as started, and its data are gone
};

/// The running cluster against the file.
struct Membership {
  const Cluster* cluster = nullptr;  ///< as a running member tells it, best a healthy one; or none
  HostId teller;
  bool formed = false;                    ///< it was whole once: nothing may begin another
  std::map<HostId, Fate> fate;            ///< of each wanted member
  std::map<HostId, const Member*> entry;  ///< its entry in the cluster, where it has one
  std::vector<const Member*> extra;       ///< entries that the file does not want
  std::set<HostId> readdressed;           ///< kept under another peer URL
  /// A run was cut off between adding a member and starting it, and so few others there are that
  /// etcd has no quorum before that one has started.
  bool lacks_started = false;
  bool knows_all_lost() const;
};

Membership membership(const Scene& scene);

/// The member takes part, or will as soon as the one that is added has started.
bool lives(const Scene& scene, const Membership& now, const Member& member);

/// One change of the cluster's members; they come one after the other.
struct Move {
  enum class Kind { remove, update, finish, join };
  Kind kind = Kind::join;
  HostId host;                      ///< whose member it is
  const Member* member = nullptr;   ///< its entry; none for a join
  std::vector<WantedMember> after;  ///< the cluster's members then
  bool renews = false;              ///< part of replacing a member that lost its data
  bool healthy = false;             ///< remove: the member takes part until then
};

/// In the order that never costs the quorum: the dead go first, as etcd takes no member while one
/// is dead; then addresses, then those who come; the living who leave go last. Before all others
/// one that was added and without which there is no quorum.
std::vector<Move> moves(const Scene& scene, const Membership& now);

}  // namespace mrc::systems::etcd

#include "systems/etcd/membership.hpp"

#include <algorithm>

namespace mrc::systems::etcd {
namespace {

/// Members whose word counts: those of ours, of the deployment whose etcd we use, and those to be
/// taken over; wanted ones first.
std::vector<HostId> tellers(const Scene& scene) {
  std::vector<HostId> out;
  for (const auto& member : scene.want.members) {
    const auto& host = member.host;
    if (scene.is_ours(host) || scene.is_adopted(host) || scene.owner(host)) out.push_back(host);
  }
  for (const auto& [host, one] : scene.seen) {
    if (scene.want.member(host) == nullptr && scene.is_ours(host)) out.push_back(host);
  }
  return out;
}

void find_cluster(const Scene& scene, Membership& now) {
  const Observed* best = nullptr;
  for (const auto& host : tellers(scene)) {
    const auto& one = scene.at(host);
    if (!one.cluster || (best != nullptr && (best->healthy || !one.healthy))) continue;
    best = &one;
    now.cluster = &*one.cluster;
    now.teller = host;
  }
}

/// By address first: a member that was added and never started has no name, and a host's name may
/// change.
void match(const Scene& scene, Membership& now) {
  std::set<const Member*> taken;
  const auto take = [&](auto fits) {
    for (const auto& wanted : scene.want.members) {
      if (now.entry.contains(wanted.host)) continue;
      for (const auto& one : now.cluster->members) {
        if (taken.contains(&one) || !fits(wanted, one)) continue;
        now.entry[wanted.host] = &one;
        taken.insert(&one);
        break;
      }
    }
  };
  take([](const WantedMember& wanted, const Member& one) {
    return one.peer_urls == std::vector<std::string>{wanted.peer_url};
  });
  take(
      [](const WantedMember& wanted, const Member& one) { return one.name == wanted.host.text(); });
  for (const auto& one : now.cluster->members) {
    if (!taken.contains(&one)) now.extra.push_back(&one);
  }
}

Fate fate_in_cluster(const Scene& scene, const WantedMember& wanted, const Member* entry) {
  const auto& one = scene.at(wanted.host);
  if (entry == nullptr) return Fate::join;
  // Whose data were deleted under it runs on for a while; what it says is worth nothing.
  if (one.log) return Fate::keep;
  return entry->client_urls.empty() ? Fate::finish : Fate::renew;
}

Fate fate_in_silence(const Scene& scene, const WantedMember& wanted, bool formed, bool any_log) {
  if (!any_log) return Fate::begin;
  if (scene.at(wanted.host).log) return Fate::keep;
  return formed ? Fate::renew : Fate::begin;
}

/// It has its data, and runs.
bool is_able(const Scene& scene, const Member& member) {
  const auto host = scene.known(member);
  const auto one = host ? scene.seen.find(*host) : scene.seen.end();
  return one != scene.seen.end() && one->second.log && one->second.unit.running();
}

bool lacks_started(const Scene& scene, const Membership& now) {
  const auto& members = now.cluster->members;
  const auto quorum = members.size() / 2 + 1;
  const auto able = static_cast<std::size_t>(std::count_if(
      members.begin(), members.end(), [&](const Member& one) { return is_able(scene, one); }));
  const auto added =
      static_cast<std::size_t>(std::count_if(now.fate.begin(), now.fate.end(), [](const auto& one) {
        return one.second == Fate::finish;
      }));
  return able > 0 && able < quorum && able + added >= quorum;
}

WantedMember as_wanted(const Scene& scene, const Member& member) {
  const auto known = scene.known(member);
  return {known && member.name.empty() ? *known : HostId(member.name),
          {},
          {},
          member.peer_urls.front()};
}

}  // namespace

bool Membership::knows_all_lost() const {
  return formed && std::all_of(fate.begin(), fate.end(), [](const auto& one) {
           return one.second == Fate::begin;
         });
}

Membership membership(const Scene& scene) {
  Membership now;
  find_cluster(scene, now);
  bool any_log = false;
  for (const auto& [host, one] : scene.seen) {
    now.formed |= scene.records.record(host).contains("etcd/cluster");
    any_log |= one.log;
  }
  if (now.cluster != nullptr) {
    now.formed = true;
    match(scene, now);
  }
  for (const auto& wanted : scene.want.members) {
    const auto entry = now.entry.find(wanted.host);
    const auto fate =
        now.cluster != nullptr
            ? fate_in_cluster(scene, wanted, entry == now.entry.end() ? nullptr : entry->second)
            : fate_in_silence(scene, wanted, now.formed, any_log);
    now.fate[wanted.host] = fate;
    if (fate == Fate::keep && entry != now.entry.end() &&
        entry->second->peer_urls != std::vector<std::string>{wanted.peer_url}) {
      now.readdressed.insert(wanted.host);
    }
  }
  now.lacks_started = now.cluster != nullptr && lacks_started(scene, now);
  return now;
}

bool lives(const Scene& scene, const Membership& now, const Member& member) {
  const auto host = scene.known(member);
  const auto one = host ? scene.seen.find(*host) : scene.seen.end();
  return one != scene.seen.end() &&
         (one->second.healthy || (now.lacks_started && is_able(scene, member)));
}

std::vector<Move> moves(const Scene& scene, const Membership& now) {
  std::vector<Move> out;
  std::vector<WantedMember> members;  // as they are at each point
  const auto drop = [&](const std::string& peer_url) {
    std::erase_if(members, [&](const WantedMember& one) { return one.peer_url == peer_url; });
  };
  const auto place = [&](const WantedMember& one) {
    const auto& all = scene.want.members;
    return std::find_if(all.begin(), all.end(), [&](const WantedMember& wanted) {
      return wanted.host == one.host;
    });
  };
  const auto push = [&](Move move) {
    move.after = members;
    std::stable_sort(move.after.begin(), move.after.end(), [&](const auto& a, const auto& b) {
      return place(a) < place(b);  // as the file lists them, then the others
    });
    out.push_back(std::move(move));
  };
  const auto remove = [&](const HostId& host, const Member& member, bool renews, bool healthy) {
    drop(member.peer_urls.front());
    push({Move::Kind::remove, host, &member, {}, renews, healthy});
  };
  if (now.cluster != nullptr) {
    for (const auto& one : now.cluster->members) {
      const auto found = std::find_if(now.entry.begin(), now.entry.end(), [&](const auto& entry) {
        return entry.second == &one;
      });
      auto member = as_wanted(scene, one);
      if (found != now.entry.end()) member.host = found->first;
      members.push_back(std::move(member));
    }
  } else {
    members = scene.want.members;
  }
  const auto finish = [&] {
    for (const auto& wanted : scene.want.members) {
      if (now.fate.at(wanted.host) != Fate::finish) continue;
      push({Move::Kind::finish, wanted.host, now.entry.at(wanted.host), {}, false, false});
    }
  };
  if (now.lacks_started) finish();
  for (const auto* member : now.extra) {
    if (!lives(scene, now, *member)) remove(*scene.known(*member), *member, false, false);
  }
  for (const auto& wanted : scene.want.members) {
    const auto entry = now.entry.find(wanted.host);
    if (now.fate.at(wanted.host) == Fate::renew && entry != now.entry.end()) {
      remove(wanted.host, *entry->second, true, false);
    }
  }
  for (const auto& wanted : scene.want.members) {
    if (!now.readdressed.contains(wanted.host)) continue;
    const auto* member = now.entry.at(wanted.host);
    for (auto& one : members) {
      if (one.host == wanted.host) one = wanted;
    }
    push({Move::Kind::update, wanted.host, member, {}, false, false});
  }
  if (!now.lacks_started) finish();
  for (const auto& wanted : scene.want.members) {
    const auto fate = now.fate.at(wanted.host);
    if (fate != Fate::join && fate != Fate::renew) continue;
    drop(wanted.peer_url);
    members.push_back(wanted);
    push({Move::Kind::join, wanted.host, nullptr, {}, fate == Fate::renew, false});
  }
  for (const auto* member : now.extra) {
    if (lives(scene, now, *member)) remove(*scene.known(*member), *member, false, true);
  }
  return out;
}

}  // namespace mrc::systems::etcd

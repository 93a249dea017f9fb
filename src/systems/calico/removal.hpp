#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/plan/step.hpp"
#include "systems/calico/made.hpp"

namespace mrc::systems::calico {

/// Who made what by the records, of one generation.
struct Owners {
  std::string deployment;
  std::vector<HostId> hosts;  ///< all that were read, those of the file first
  std::map<HostId, const Made*> made;
  /// Other deployments' records: host → deployment. Only those that have something here.
  std::map<HostId, std::map<std::string, const Made*>> others;
  /// Hosts of which the record has something that is no server's, program's or the cluster's.
  std::set<HostId> with_node;
  std::map<HostId, std::map<std::string, std::string>> sysctls;  ///< as they are now
  std::string node_image;
};

template <class Desired, class Reading>
Owners owners_of(const Desired& want, const Reading& seen) {
  Owners out;
  out.deployment = want.deployment;
  for (const auto& host : want.hosts) out.hosts.push_back(host.id);
  out.hosts.insert(out.hosts.end(), seen.departed.begin(), seen.departed.end());
  for (const auto& [host, made] : seen.made) {
    out.made[host] = &made;
    if (made.host_things()) out.with_node.insert(host);
  }
  for (const auto& [host, now] : seen.hosts) out.sysctls[host] = now.sysctls;
  out.node_image = want.node_image;
  for (const auto& [host, all] : seen.others) {
    for (const auto& [name, made] : all) out.others[host][name] = &made;
  }
  return out;
}

/// Makes the steps that take things away, for the end of it all or of a part. In which order, and
/// what passes to another deployment that uses it as well, is the same for both generations; what
/// is run for it is each one's own.
class Remover {
 public:
  using Pools = std::map<std::string, std::string>;  // as in Made

  explicit Remover(Owners owners) : m_owners(std::move(owners)) {}
  virtual ~Remover() = default;
  Remover(const Remover&) = delete;
  Remover& operator=(const Remover&) = delete;

  const std::vector<HostId>& hosts() const { return m_owners.hosts; }
  const Made& made_on(const HostId& host) const { return *m_owners.made.at(host); }

  plan::Step make(StepId id, const HostId& host, std::string title) const;

  /// Everything that the records have.
  std::vector<plan::Step> everything() const;
  /// Servers that are not wanted where they are, and all of hosts that shall have no node.
  std::vector<plan::Step> leaving(
      const std::function<bool(const HostId&, const ServerId&)>& is_wanted,
      const std::function<bool(const HostId&)>& is_node) const;
  /// Removes these pools and profiles of a host's record, or leaves them to whom they serve as
  /// well.
  void push_cluster(const HostId& host,
                    std::string_view what,
                    const std::set<std::string>& profiles,
                    const Pools& pools,
                    const std::vector<StepId>& after,
                    std::vector<plan::Step>& all) const;

  /// What the record has of a pool, as JSON.
  virtual std::string pool_entry(const std::string& cidr) const = 0;

 protected:
  /// Another deployment that uses Calico on this host; empty: none does.
  std::string heir(const HostId& host) const;

  /// A script that knows the generation's functions for taking away.
  virtual shell::Script script() const = 0;
  /// What begins each of its record's keys: "calico/".
  virtual std::string_view prefix() const = 0;

  // What the step runs.
  virtual void detach(shell::Script& script,
                      const ServerId& server,
                      const Made::Attached& attached) const = 0;
  virtual void remove_node(shell::Script& script, const HostId& host) const = 0;
  virtual void remove_profile(shell::Script& script, const std::string& name) const = 0;
  virtual void remove_pool(shell::Script& script,
                           const std::string& name,
                           const std::string& cidr) const = 0;
  virtual void remove_keys(shell::Script& script) const = 0;
  virtual void give(shell::Script& script,
                    const std::string& deployment,
                    const std::string& key,
                    const std::string& value) const = 0;
  /// The whole step for the programs that mrc put on the host; empty: it put none.
  virtual std::optional<plan::Step> programs(const HostId& host) const = 0;

 private:
  /// The host and the deployment there that some thing of the cluster serves as well.
  struct Heir {
    HostId host;
    std::string deployment;
  };
  std::optional<Heir> find_heir(const std::function<bool(const Made&)>& uses) const;
  std::optional<Heir> heir_of_pool(const std::string& cidr) const;
  std::optional<Heir> heir_of_profile(const std::string& name) const;

  plan::Step endpoint(const HostId& host,
                      const ServerId& server,
                      const Made::Attached& attached) const;
  plan::Step node(const HostId& host) const;
  plan::Step gift(const HostId& from,
                  const Heir& to,
                  const std::string& what,
                  const std::string& key,
                  const std::string& value) const;
  void push_keys(const HostId& host, std::vector<plan::Step>& all) const;

  Owners m_owners;
};

inline constexpr std::string_view k_made = R"("made")";
inline constexpr std::string_view k_no_keys = R"("etcd had no calico keys")";

/// Names and values as words in turn.
std::vector<std::string> flattened(const std::vector<std::pair<std::string, std::string>>& pairs);

std::vector<StepId> ids_of(const std::vector<plan::Step>& steps);

}  // namespace mrc::systems::calico

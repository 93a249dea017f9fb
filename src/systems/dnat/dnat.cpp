#include "systems/dnat/dnat.hpp"

#include "mrc/systems/failover.hpp"
#include "systems/dnat/desired.hpp"
#include "systems/dnat/probe.hpp"
#include "systems/dnat/steps.hpp"

namespace mrc::systems {
namespace {

Result<std::map<HostId, dnat::Observed>> read(const Observations& seen,
                                              const std::set<HostId>& hosts) {
  std::map<HostId, dnat::Observed> all;
  for (const auto& host : hosts) {
    const auto answer = seen.get(host, "dnat");
    if (!answer) return fail(answer.error());
    auto observed = dnat::parse_probe((*answer)->out);
    if (!observed) return fail(std::move(observed).error().with("reading rules of {}", host));
    all.emplace(host, std::move(*observed));
  }
  return all;
}

class Dnat final : public System {
 public:
  explicit Dnat(const Inputs& inputs)
      : m_topology(inputs.topology),
        m_wanted(dnat::desired(inputs.topology)),
        m_adopt(inputs.adopt) {}

  std::string_view name() const override { return "dnat"; }
  shell::Script probe(const HostId& /*host*/) const override { return dnat::probe_script(); }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return dnat::findings(m_wanted, *all, m_adopt);
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return dnat::steps(m_topology.name, m_wanted, *all, seen, m_adopt);
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return dnat::teardown(m_topology.name, *all, seen);
  }

  shell::Script restore(const ServerId& server) const override {
    // By the server's own part, which may have changed since this was written.
    auto all = dnat::for_writers(m_topology);
    for (const auto& one : m_wanted) {
      if (!dnat::is_for_writers(one.name)) all.push_back(one);
    }
    const auto& mysql = m_topology.mysql;
    return dnat::restore(all, server, topology::data_path(mysql.data_root, server) + "/my.cnf");
  }

  std::string look_at(const StepId& /*step*/) const override { return "iptables-save -t nat"; }

  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    return dnat::checks(m_wanted);
  }
  std::vector<systems::Condition> status(const Observations& seen) const override {
    return dnat::status(m_wanted, seen);
  }

 private:
  Result<std::map<HostId, dnat::Observed>> read_all(const Observations& seen) const {
    std::set<HostId> hosts;
    for (const auto& host : m_topology.hosts) hosts.insert(host.id);
    for (const auto& [host, how] : seen.departed()) hosts.insert(host);
    return read(seen, hosts);
  }

  const topology::Topology& m_topology;
  std::vector<dnat::Exposure> m_wanted;
  bool m_adopt;
};

}  // namespace

Result<std::vector<plan::Step>> writer_steps(const Inputs& inputs,
                                             const Observations& seen,
                                             const std::set<HostId>& hosts) {
  const auto all = read(seen, hosts);
  if (!all) return fail(all.error());
  auto wanted = dnat::desired(inputs.topology);
  // What stands in the way of one port, another deployment's rule say, stops no failover; verify
  // tells that it is missing.
  std::erase_if(wanted, [&](const dnat::Exposure& one) {
    return !all->contains(one.host) || !dnat::findings({one}, *all, false).empty();
  });
  return dnat::steps(inputs.topology.name, wanted, *all, seen, false, dnat::Scope::writers);
}

std::unique_ptr<System> make_dnat(const Inputs& inputs) { return std::make_unique<Dnat>(inputs); }

}  // namespace mrc::systems

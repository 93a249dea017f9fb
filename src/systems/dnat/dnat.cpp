#include "systems/dnat/dnat.hpp"

#include "systems/dnat/desired.hpp"
#include "systems/dnat/probe.hpp"
#include "systems/dnat/steps.hpp"

namespace mrc::systems {
namespace {

class Dnat final : public System {
 public:
  explicit Dnat(const topology::Topology& topology)
      : m_topology(topology), m_wanted(dnat::desired(topology)) {}

  std::string_view name() const override { return "dnat"; }
  shell::Script probe(const HostId& /*host*/) const override { return dnat::probe_script(); }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return dnat::findings(m_wanted, *all);
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return dnat::steps(m_topology.name, m_wanted, *all, seen);
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return dnat::teardown(m_topology.name, *all, seen);
  }

  std::string look_at(const StepId& /*step*/) const override { return "iptables-save -t nat"; }

  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    return dnat::checks(m_wanted);
  }

 private:
  Result<std::map<HostId, dnat::Observed>> read_all(const Observations& seen) const {
    std::map<HostId, dnat::Observed> all;
    for (const auto& host : m_topology.hosts) {
      const auto answer = seen.get(host.id, "dnat");
      if (!answer) return fail(answer.error());
      auto observed = dnat::parse_probe((*answer)->out);
      if (!observed) return fail(std::move(observed).error().with("reading rules of {}", host.id));
      all.emplace(host.id, std::move(*observed));
    }
    return all;
  }

  const topology::Topology& m_topology;
  std::vector<dnat::Exposure> m_wanted;
};

}  // namespace

std::unique_ptr<System> make_dnat(const Inputs& inputs) {
  return std::make_unique<Dnat>(inputs.topology);
}

}  // namespace mrc::systems

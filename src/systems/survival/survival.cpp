#include "systems/survival/survival.hpp"

#include "systems/survival/steps.hpp"

namespace mrc::systems {
namespace {

class Survival final : public System {
 public:
  Survival(const Inputs& inputs, const std::vector<std::unique_ptr<System>>& systems)
      : m_topology(inputs.topology),
        m_wanted(survival::desired(inputs.topology, systems)),
        m_adopt(inputs.adopt) {}

  std::string_view name() const override { return "survival"; }
  shell::Script probe(const HostId& /*host*/) const override {
    return survival::probe_script(m_topology.name);
  }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return survival::findings(m_topology.name, m_wanted, *all, m_adopt);
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return survival::steps(m_topology.name, m_wanted, *all, seen);
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return survival::teardown(m_topology.name, *all, seen);
  }

  std::string look_at(const StepId& /*step*/) const override {
    return fmt::format("systemctl status 'mrc-{0}.*'; journalctl -n 20 -u 'mrc-{0}.*'",
                       m_topology.name);
  }

  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    return survival::checks(m_topology.name, m_wanted);
  }
  std::vector<Condition> status(const Observations& seen) const override {
    return survival::status(m_wanted, seen);
  }

 private:
  Result<std::map<HostId, survival::Observed>> read_all(const Observations& seen) const {
    std::vector<HostId> hosts;
    for (const auto& host : m_topology.hosts) hosts.push_back(host.id);
    for (const auto& [host, how] : seen.departed()) hosts.push_back(host);
    std::map<HostId, survival::Observed> all;
    for (const auto& host : hosts) {
      const auto answer = seen.get(host, "survival");
      if (!answer) return fail(answer.error());
      auto observed = survival::parse_probe((*answer)->out);
      if (!observed) return fail(std::move(observed).error().with("reading units of {}", host));
      all.emplace(host, std::move(*observed));
    }
    return all;
  }

  const topology::Topology& m_topology;
  std::vector<survival::Keeper> m_wanted;
  bool m_adopt;
};

}  // namespace

std::unique_ptr<System> make_survival(const Inputs& inputs,
                                      const std::vector<std::unique_ptr<System>>& systems) {
  return std::make_unique<Survival>(inputs, systems);
}

}  // namespace mrc::systems

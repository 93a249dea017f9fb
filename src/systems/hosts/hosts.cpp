#include "systems/hosts/hosts.hpp"

#include "systems/hosts/preflight.hpp"
#include "systems/hosts/probe.hpp"
#include "systems/hosts/steps.hpp"

namespace mrc::systems {
namespace {

Result<std::map<HostId, hosts::Observed>> read_all(const topology::Topology& topology,
                                                   const Observations& seen) {
  std::map<HostId, hosts::Observed> all;
  for (const auto& host : topology.hosts) {
    const auto answer = seen.get(host.id, "hosts");
    if (!answer) return fail(answer.error());
    auto observed = hosts::parse_probe((*answer)->out);
    if (!observed) return fail(std::move(observed).error().with("reading host {}", host.id));
    observed->asked_ms = (*answer)->asked.count();
    all.emplace(host.id, std::move(*observed));
  }
  return all;
}

class Hosts final : public System {
 public:
  explicit Hosts(const topology::Topology& topology) : m_topology(topology) {}

  std::string_view name() const override { return "hosts"; }
  shell::Script probe(const HostId& /*host*/) const override { return hosts::probe_script(); }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    const auto all = read_all(m_topology, seen);
    if (!all) return fail(all.error());
    return hosts::findings(m_topology, *all);
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    const auto all = read_all(m_topology, seen);
    if (!all) return fail(all.error());
    return hosts::steps(m_topology, seen);
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    return hosts::teardown(m_topology.name, seen);
  }

  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    std::vector<Check> all;
    for (const auto& host : m_topology.hosts) {
      Check check;
      check.id = "MRC-V001";
      check.group = "hosts";
      check.host = host.id;
      check.title = fmt::format("the host has the address {}", host.ip);
      check.ask = hosts::probe_script();
      check.judge = [ip = host.ip](const Observation& answer) -> Verdict {
        const auto seen = hosts::parse_probe(answer.out);
        if (!seen) return {Verdict::Level::fail, seen.error().text() + " " + answer.err, {}};
        for (const auto& one : seen->addresses) {
          if (one.ip == ip) return {Verdict::Level::ok, "on " + one.interface, {}};
        }
        return {Verdict::Level::fail, "no interface has it", "look at: ip -4 addr"};
      };
      all.push_back(std::move(check));
    }
    return all;
  }
  std::vector<Condition> status(const Observations& seen) const override {
    return hosts::status(m_topology, seen);
  }

 private:
  const topology::Topology& m_topology;
};

}  // namespace

std::unique_ptr<System> make_hosts(const Inputs& inputs) {
  return std::make_unique<Hosts>(inputs.topology);
}

}  // namespace mrc::systems

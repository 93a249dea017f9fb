#include "systems/docker/docker.hpp"

#include "systems/docker/probe.hpp"
#include "systems/docker/steps.hpp"

namespace mrc::systems {
namespace {

Result<std::map<HostId, docker::Observed>> read_all(const topology::Topology& topology,
                                                    const Observations& seen) {
  std::map<HostId, docker::Observed> all;
  for (const auto& host : topology.hosts) {
    const auto answer = seen.get(host.id, "docker");
    if (!answer) return fail(answer.error());
    auto observed = docker::parse_probe((*answer)->out, docker::wanted_image(topology, host.id));
    if (!observed) return fail(std::move(observed).error().with("reading Docker on {}", host.id));
    all.emplace(host.id, std::move(*observed));
  }
  return all;
}

class Docker final : public System {
 public:
  explicit Docker(const topology::Topology& topology) : m_topology(topology) {}

  std::string_view name() const override { return "docker"; }
  shell::Script probe(const HostId& host) const override {
    return docker::probe_script(docker::wanted_image(m_topology, host));
  }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    const auto all = read_all(m_topology, seen);
    if (!all) return fail(all.error());
    return docker::findings(m_topology, *all);
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    const auto all = read_all(m_topology, seen);
    if (!all) return fail(all.error());
    return docker::steps(m_topology, *all, seen);
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    return docker::teardown(m_topology, seen);
  }

  std::string look_at(const StepId& /*step*/) const override {
    return "journalctl -u docker -n 50";
  }

  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    std::vector<Check> all;
    for (const auto& host : m_topology.hosts) {
      Check check;
      check.id = "MRC-V011";
      check.group = "docker";
      check.host = host.id;
      check.title = "Docker answers";
      check.ask = docker::probe_script({});
      check.judge = [](const Observation& answer) -> Verdict {
        const auto seen = docker::parse_probe(answer.out, {});
        if (!seen) return {Verdict::Level::fail, seen.error().text() + " " + answer.err, {}};
        if (seen->engine == docker::Observed::Engine::up) {
          return {Verdict::Level::ok, "engine " + seen->version, {}};
        }
        return {Verdict::Level::fail,
                seen->reason.empty() ? "there is no command docker" : seen->reason,
                "systemctl start docker; journalctl -u docker"};
      };
      all.push_back(std::move(check));
    }
    return all;
  }
  std::vector<Condition> status(const Observations& seen) const override {
    return docker::status(m_topology, seen);
  }

 private:
  const topology::Topology& m_topology;
};

}  // namespace

std::unique_ptr<System> make_docker(const Inputs& inputs) {
  return std::make_unique<Docker>(inputs.topology);
}

}  // namespace mrc::systems

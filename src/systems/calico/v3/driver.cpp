#include "systems/calico/v3/driver.hpp"

#include "systems/calico/generation.hpp"
#include "systems/calico/v3/desired.hpp"
#include "systems/calico/v3/parts.hpp"
#include "systems/calico/v3/probe.hpp"
#include "systems/calico/v3/scripts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

class Driver final : public System {
 public:
  explicit Driver(Desired desired) : m_desired(std::move(desired)) {}

  std::string_view name() const override { return "calico"; }
  shell::Script probe(const HostId& host) const override { return probe_script(m_desired, host); }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    auto reading = read(m_desired, seen, true);
    if (!reading) return fail(std::move(reading).error());
    // Beside that, all that the other generation needs would be found in the way as well.
    auto other = generation_findings(seen, Generation::v3, m_desired.deployment);
    return other.empty() ? findings(m_desired, *reading) : std::move(other);
  }
  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    auto reading = read(m_desired, seen, true);
    if (!reading) return fail(std::move(reading).error());
    auto nodes = node_steps(m_desired, *reading);
    if (!nodes) return nodes;
    auto all = std::move(*nodes);
    const auto append = [&](std::vector<plan::Step> more) {
      std::move(more.begin(), more.end(), std::back_inserter(all));
    };
    append(endpoint_steps(m_desired, *reading));
    append(leaving_steps(m_desired, *reading, all));
    // What counts as ours is noted before anything is done with it.
    auto notes = note_steps(m_desired, *reading);
    for (auto& step : all) {
      for (const auto& note : notes) {
        if (note.host == step.host) step.after.push_back(note.id);
      }
    }
    append(std::move(notes));
    return all;
  }
  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    if (auto same = same_generation(seen, Generation::v3); !same) return fail(same.error());
    auto reading = read(m_desired, seen, false);
    if (!reading) return fail(std::move(reading).error());
    return teardown_steps(m_desired, *reading);
  }
  shell::Script restore(const ServerId& server) const override {
    for (const auto* host : m_desired.nodes()) {
      for (const auto& one : host->servers) {
        if (one.id != server) continue;
        auto script = make_script(m_desired);
        script.line(
            "mrc_calico3_restore {} {} {} 10", server, one.address.text(), m_desired.profile);
        return script;
      }
    }
    return {};
  }
  std::string look_at(const StepId& /*step*/) const override {
    return "calicoctl node status; docker logs --tail 50 calico-node; tail "
           "/var/log/calico/*/current";
  }
  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    return make_checks(m_desired);
  }
  std::vector<Condition> status(const Observations& seen) const override {
    return make_status(m_desired, seen);
  }

 private:
  Desired m_desired;
};

}  // namespace

bool supports(std::string_view version) { return version.starts_with("v3.32."); }

std::unique_ptr<System> make_driver(const Inputs& inputs) {
  return std::make_unique<Driver>(make_desired(inputs));
}

}  // namespace mrc::systems::calico::v3

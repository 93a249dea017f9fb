#pragma once

#include "mrc/base/hash.hpp"
#include "systems/survival/desired.hpp"
#include "systems/survival/survival.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::test {

/// A system that brings back one line of shell for each server.
class Restorer final : public systems::System {
 public:
  Restorer(std::string name, std::string without) : m_name(std::move(name)), m_without(without) {}
  std::string_view name() const override { return m_name; }
  shell::Script probe(const HostId& /*host*/) const override { return {}; }
  Result<std::vector<systems::Finding>> preflight(
      const systems::Observations& /*seen*/) const override {
    return std::vector<systems::Finding>{};
  }
  Result<std::vector<plan::Step>> steps(const systems::Observations& /*seen*/) const override {
    return std::vector<plan::Step>{};
  }
  Result<std::vector<plan::Step>> teardown(const systems::Observations& /*seen*/,
                                           bool /*delete_data*/) const override {
    return std::vector<plan::Step>{};
  }
  shell::Script restore(const ServerId& server) const override {
    shell::Script script;
    if (server.text() != m_without) script.line("{}_back {}", m_name, server);
    return script;
  }
  std::vector<systems::Check> checks(const systems::CheckOptions& /*options*/) const override {
    return {};
  }
  std::vector<systems::Condition> status(const systems::Observations& /*seen*/) const override {
    return {};
  }

 private:
  std::string m_name;
  std::string m_without;
};

/// Two systems bring back the three servers, but for mysql-3 only the first one has anything to do.
struct SurvivalWorld : World {
  SurvivalWorld() {
    others.push_back(std::make_unique<Restorer>("net", ""));
    others.push_back(std::make_unique<Restorer>("nat", "mysql-3"));
  }

  std::unique_ptr<systems::System> system() const {
    auto all = inputs();
    all.adopt = adopt;
    return systems::make_survival(all, others);
  }
  systems::survival::Keeper want(std::size_t i) const {
    return systems::survival::desired(topology, others).at(i);
  }
  /// What the host says when its unit is as wanted.
  std::string good(std::size_t i) const {
    const auto one = want(i);
    return fmt::format(
        "systemd yes\nunit {0} try {1} {2} enabled active\nstate {0} whole all is there\nend\n",
        one.server,
        cksum(one.file),
        cksum(*one.functions + one.body));
  }
  std::vector<std::string> all_good() const { return {good(0), good(1), good(2)}; }
  static std::string bare() { return "systemd yes\nend\n"; }

  systems::Observations see(const std::vector<std::string>& outputs, bool recorded = true) const {
    auto seen = observe(*this, "survival", outputs);
    for (std::size_t i = 0; recorded && i < outputs.size(); ++i) {
      seen.put_record(host(i), {{fmt::format("survival/mysql-{}", i + 1), "\"x\""}});
    }
    return seen;
  }
  std::vector<plan::Step> steps(const systems::Observations& seen) const {
    return system()->steps(seen).value();
  }

  std::vector<std::unique_ptr<systems::System>> others;
  bool adopt = false;
};

}  // namespace mrc::test

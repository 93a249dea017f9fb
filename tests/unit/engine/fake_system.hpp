#pragma once

#include <map>
#include <string>
#include <utility>

#include "mrc/systems/system.hpp"

namespace mrc::test {

/// A system whose answers the test gives.
class FakeSystem final : public systems::System {
 public:
  explicit FakeSystem(std::string name) : m_name(std::move(name)) {}
  std::string_view name() const override { return m_name; }
  shell::Script probe(const HostId& host) const override {
    shell::Script script;
    script.line("probe_of {}", host);
    return script;
  }
  Result<std::vector<systems::Finding>> preflight(const systems::Observations&) const override {
    return std::vector<systems::Finding>{};
  }
  Result<std::vector<plan::Step>> steps(const systems::Observations& seen) const override {
    auto out = planned;
    for (const auto& [milestone, step] : planned_when_lost) {
      if (seen.is_lost(milestone)) out.push_back(step);
    }
    return out;
  }
  Result<std::vector<plan::Step>> teardown(const systems::Observations&, bool) const override {
    return planned;
  }
  std::vector<systems::Check> checks(const systems::CheckOptions&) const override { return {}; }
  std::vector<systems::Condition> status(const systems::Observations& seen) const override {
    std::vector<systems::Condition> out;
    for (const auto& one : conditions) {
      if (seen.has(one.host)) out.push_back(one);
    }
    return out;
  }

  std::vector<plan::Step> planned;
  std::vector<systems::Condition> conditions;  // those of hosts that were read are told
  std::map<plan::Milestone, plan::Step> planned_when_lost;

 private:
  std::string m_name;
};

}  // namespace mrc::test

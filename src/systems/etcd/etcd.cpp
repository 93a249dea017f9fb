#include "systems/etcd/etcd.hpp"

#include "systems/etcd/desired.hpp"
#include "systems/etcd/probe.hpp"
#include "systems/etcd/steps.hpp"

namespace mrc::systems {
namespace {

class Etcd final : public System {
 public:
  explicit Etcd(const topology::Topology& topology) : m_want(etcd::desired(topology)) {}

  std::string_view name() const override { return "etcd"; }

  shell::Script probe(const HostId& host) const override {
    if (is_elsewhere()) return etcd::endpoints_script(m_want);
    const auto* member = m_want.member(host);
    return member == nullptr ? shell::Script() : etcd::probe_script(m_want, *member);
  }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    if (is_elsewhere()) return unreachable_endpoints(seen);
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return etcd::findings(m_want, *all, seen);
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    if (is_elsewhere()) {
      const auto read = unreachable_endpoints(seen);
      if (!read) return fail(read.error());
      return std::vector<plan::Step>{};
    }
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return etcd::steps(m_want, *all, seen);
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    return etcd::teardown(m_want, seen);
  }

  std::string look_at(const StepId& /*step*/) const override { return "journalctl -u etcd -n 50"; }

  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    return etcd::checks(m_want);
  }

 private:
  bool is_elsewhere() const { return !m_want.endpoints.empty(); }

  Result<etcd::Seen> read_all(const Observations& seen) const {
    etcd::Seen all;
    for (const auto& member : m_want.members) {
      const auto answer = seen.get(member.host, "etcd");
      if (!answer) return fail(answer.error());
      auto observed = etcd::parse_probe((*answer)->out);
      if (!observed) {
        return fail(std::move(observed).error().with("reading etcd on {}", member.host));
      }
      all.emplace(member.host, std::move(*observed));
    }
    return all;
  }

  Result<std::vector<Finding>> unreachable_endpoints(const Observations& seen) const {
    std::vector<Finding> out;
    for (const auto& host : m_want.hosts) {
      const auto answer = seen.get(host, "etcd");
      if (!answer) return fail(answer.error());
      auto endpoints = etcd::parse_endpoints((*answer)->out, m_want);
      if (!endpoints) {
        return fail(std::move(endpoints).error().with("reading etcd's endpoints on {}", host));
      }
      for (const auto& [endpoint, why] : *endpoints) {
        if (why.empty()) continue;
        out.push_back({host,
                       Verdict::Level::fail,
                       fmt::format("etcd at {} does not answer", endpoint),
                       why,
                       "see that it runs and that this host reaches it; mrc never changes it"});
      }
    }
    return out;
  }

  etcd::Desired m_want;
};

}  // namespace

std::unique_ptr<System> make_etcd(const Inputs& inputs) {
  return std::make_unique<Etcd>(inputs.topology);
}

}  // namespace mrc::systems

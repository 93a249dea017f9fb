#include "systems/etcd/etcd.hpp"

#include "mrc/plan/milestone.hpp"
#include "systems/etcd/desired.hpp"
#include "systems/etcd/probe.hpp"
#include "systems/etcd/steps.hpp"

namespace mrc::systems {
namespace {

class Etcd final : public System {
 public:
  explicit Etcd(const Inputs& inputs)
      : m_want(etcd::desired(inputs.topology)), m_adopt(inputs.adopt) {}

  std::string_view name() const override { return "etcd"; }

  shell::Script probe(const HostId& host) const override {
    if (is_elsewhere()) return etcd::endpoints_script(m_want);
    const auto* member = m_want.member(host);
    return member == nullptr ? etcd::former_probe_script(m_want, host)
                             : etcd::probe_script(m_want, *member);
  }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    if (is_elsewhere()) return unreachable_endpoints(seen);
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return etcd::findings({m_want, *all, seen, m_adopt});
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    if (is_elsewhere()) {
      const auto read = unreachable_endpoints(seen);
      if (!read) return fail(read.error());
      return leave_own(seen);
    }
    const auto all = read_all(seen);
    if (!all) return fail(all.error());
    return etcd::steps({m_want, *all, seen, m_adopt});
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool /*delete_data*/) const override {
    return etcd::teardown(m_want, seen);
  }

  std::string look_at(const StepId& /*step*/) const override { return "journalctl -u etcd -n 50"; }

  std::vector<Check> checks(const CheckOptions& /*options*/) const override {
    return etcd::checks(m_want);
  }

  std::vector<Condition> status(const Observations& seen) const override {
    return is_elsewhere() ? etcd::endpoints_status(m_want, seen) : etcd::status(m_want, seen);
  }

 private:
  bool is_elsewhere() const { return !m_want.endpoints.empty(); }

  Result<etcd::Seen> read_all(const Observations& seen) const {
    etcd::Seen all;
    auto hosts = m_want.hosts;
    for (const auto& [host, how] : seen.departed()) hosts.push_back(host);
    for (const auto& host : hosts) {
      const auto answer = seen.get(host, "etcd");
      if (!answer) return fail(answer.error());
      auto observed = etcd::parse_probe((*answer)->out);
      if (!observed) return fail(std::move(observed).error().with("reading etcd on {}", host));
      all.emplace(host, std::move(*observed));
    }
    return all;
  }

  /// The file names a cluster that is not ours: the one that was goes, when nobody uses it more.
  Result<std::vector<plan::Step>> leave_own(const Observations& seen) const {
    std::vector<plan::Step> out;
    for (const auto& host : seen.hosts()) {
      auto steps = etcd::clean_host(m_want.deployment, seen, host, etcd::Leaving::cluster);
      if (!steps) return fail(std::move(steps).error());
      for (auto& step : *steps) {
        step.reason = "the file names other endpoints";
        for (const auto& other : m_want.hosts) {
          step.needs.push_back(plan::milestone::network_ready(other));
        }
        step.forgets = {fmt::format("etcd/{}/", host)};
        out.push_back(std::move(step));
      }
    }
    return out;
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
  bool m_adopt;
};

}  // namespace

std::unique_ptr<System> make_etcd(const Inputs& inputs) { return std::make_unique<Etcd>(inputs); }

}  // namespace mrc::systems

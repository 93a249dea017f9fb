#include "systems/calico/generation.hpp"

#include <algorithm>

namespace mrc::systems::calico {
namespace {

using Record = std::map<std::string, std::string>;

std::string_view name_of(Generation generation) {
  return generation == Generation::v0 ? "v0.22" : "v3";
}

Generation other_than(Generation generation) {
  return generation == Generation::v0 ? Generation::v3 : Generation::v0;
}

bool has(const Record& record, Generation generation) {
  const std::string_view start = generation == Generation::v0 ? "calico/" : "calico3/";
  return std::any_of(
      record.begin(), record.end(), [&](const auto& one) { return one.first.starts_with(start); });
}

}  // namespace

std::vector<Finding> generation_findings(const Observations& seen,
                                         Generation wanted,
                                         const std::string& deployment) {
  const auto other = other_than(wanted);
  std::vector<Finding> all;
  for (const auto& host : seen.hosts()) {
    if (has(seen.record(host), other)) {
      all.push_back(
          {host,
           Verdict::Level::fail,
           fmt::format("{} runs on Calico {} here, and the file asks for {}",
                       deployment,
                       name_of(other),
                       name_of(wanted)),
           "the two share nothing that could be carried over, so the network is built anew while "
           "the servers are down; their data stay",
           fmt::format("put calico.version back to {}.., run `mrc destroy` without --delete-data, "
                       "put the new version in again, with what else changes (see docs/calico.md), "
                       "and run `mrc apply`: it takes the kept data up",
                       name_of(other))});
    }
    for (const auto& [name, record] : seen.others(host)) {
      if (!has(record, other)) continue;
      all.push_back(
          {host,
           Verdict::Level::fail,
           fmt::format("the deployment {} has Calico {} on this host", name, name_of(other)),
           "both generations' nodes go by the name calico-node",
           fmt::format("take other hosts, or the same calico.version as {}", name)});
    }
  }
  return all;
}

Result<void> same_generation(const Observations& seen, Generation wanted) {
  const auto other = other_than(wanted);
  for (const auto& host : seen.hosts()) {
    if (!has(seen.record(host), other)) continue;
    return fail(ErrorKind::io,
                "on {}, Calico {} was made, and the file says {}: put calico.version back first",
                host,
                name_of(other),
                name_of(wanted));
  }
  return {};
}

}  // namespace mrc::systems::calico

#include "systems/hosts/steps.hpp"

#include "mrc/plan/milestone.hpp"

namespace mrc::systems::hosts {
namespace {

using plan::Change;
using plan::Step;
using Hosts = std::map<HostId, RecordedHost>;

Hosts wanted_hosts(const topology::Topology& topology) {
  Hosts out;
  for (const auto& host : topology.hosts) {
    out[host.id] = {host.address,
                    host.ip.text(),
                    host.user.empty() ? topology.ssh.user : host.user,
                    host.port != 0 ? host.port : topology.ssh.port,
                    host.host_key};
  }
  return out;
}

plan::Milestone left(const HostId& host) { return fmt::format("gone/host/{}/left", host); }

Step make(const HostId& host, std::string_view what, std::string title, Change change) {
  Step step;
  step.id = StepId(fmt::format("hosts/{}/{}", host, what));
  step.host = host;
  step.title = std::move(title);
  step.change = change;
  return step;
}

/// Writes the list into the host's record.
void write(const std::string& deployment, const Hosts& now, const Hosts& list, Step& step) {
  const auto show = [](const RecordedHost& one) { return one.address; };
  for (const auto& [id, one] : list) {
    const auto found = now.find(id);
    if (found == now.end()) {
      step.diff.push_back({Change::create, "host", "", fmt::format("{} {}", id, show(one))});
    } else if (found->second != one) {
      step.diff.push_back(
          {Change::update, fmt::format("host {}", id), show(found->second), show(one)});
    }
  }
  for (const auto& [id, one] : now) {
    if (!list.contains(id)) {
      step.diff.push_back({Change::remove, "host", fmt::format("{} {}", id, show(one)), ""});
    }
  }
  const auto text = render_recorded_hosts(list);
  step.goal = text;
  step.apply.line("mrc_record {} {} {}", deployment, k_hosts_key, text);
}

/// A host's own note, when nothing else of the deployment is there.
Step leave(const std::string& deployment, const HostId& host) {
  auto step = make(host, "leave", "forget the deployment's hosts", Change::remove);
  step.needs = {plan::milestone::host_emptied(host)};
  step.gives = {left(host)};
  step.apply.line("mrc_forget {} {}", deployment, k_hosts_key);
  return step;
}

}  // namespace

Result<std::vector<Step>> steps(const topology::Topology& topology, const Observations& seen) {
  const auto wanted = wanted_hosts(topology);
  std::vector<Step> out;
  for (const auto& host : topology.hosts) {
    const auto now = recorded_hosts(seen.record(host.id));
    if (!now) return fail(now.error());
    // A host that left stays in the list as long as there is anything on it.
    auto noted = *now;
    for (const auto& [id, one] : wanted) noted[id] = one;
    std::optional<StepId> before;
    if (noted != *now) {
      auto step = make(host.id,
                       "note",
                       "note the deployment's hosts",
                       now->empty() ? Change::create : Change::update);
      write(topology.name, *now, noted, step);
      for (const auto& other : topology.hosts) {
        step.gives.push_back(plan::milestone::host_ready(other.id));
      }
      before = step.id;
      out.push_back(std::move(step));
    }
    if (noted == wanted) continue;
    auto step = make(host.id, "drop", "drop the hosts that left", Change::update);
    write(topology.name, noted, wanted, step);
    if (before) step.after.push_back(*before);
    for (const auto& [id, one] : noted) {
      if (!wanted.contains(id)) {
        step.needs.push_back(plan::milestone::host_emptied(id));
        step.needs.push_back(left(id));
      }
    }
    out.push_back(std::move(step));
  }
  for (const auto& [id, one] : seen.departed()) {
    if (seen.record(id).contains(std::string(k_hosts_key))) {
      out.push_back(leave(topology.name, id));
      out.back().reason = "the host left the file";
    }
  }
  return out;
}

std::vector<Step> teardown(const std::string& deployment, const Observations& seen) {
  std::vector<Step> out;
  for (const auto& host : seen.hosts()) {
    if (!seen.record(host).contains(std::string(k_hosts_key))) continue;
    auto step = leave(deployment, host);
    // Only these notes lead to the hosts that left the file.
    const bool leads = !seen.departed().contains(host);
    for (const auto& [id, one] : seen.departed()) {
      if (!leads) break;
      step.needs.push_back(plan::milestone::host_emptied(id));
      step.needs.push_back(left(id));
    }
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace mrc::systems::hosts

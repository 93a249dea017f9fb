#include "systems/calico/joining.hpp"

#include "mrc/plan/milestone.hpp"

namespace mrc::systems::calico {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

bool breaks(const std::vector<plan::DiffLine>& diff, bool joins) {
  return std::any_of(diff.begin(), diff.end(), [&](const plan::DiffLine& line) {
    return line.field != "record" && !(joins && line.field == "profiles");
  });
}

std::vector<std::string> both(const std::string& wanted, const std::vector<std::string>& profiles) {
  std::vector<std::string> out{wanted};
  out.insert(out.end(), profiles.begin(), profiles.end());
  return out;
}

plan::DiffLine profiles_line(const std::vector<std::string>& now, const std::string& after) {
  return {Change::update, "profiles", fmt::format("{}", fmt::join(now, ",")), after};
}

Step join_step(const HostId& host,
               const ServerId& server,
               const std::string& wanted,
               const std::vector<std::string>& profiles) {
  Step step;
  step.id = StepId(fmt::format("calico/{}/join", server));
  step.host = host;
  step.change = Change::update;
  step.title = fmt::format("put {} into the profile {} as well", server, wanted);
  step.reason = "nobody is cut off while one after the other moves there";
  step.goal = fmt::format("{}", fmt::join(both(wanted, profiles), ","));
  step.diff = {profiles_line(profiles, step.goal)};
  // The profile must exist before it is set on an endpoint. It is about the container that runs
  // now: until that is replaced, maybe last of all, the others have to reach it.
  step.needs = {milestone::host_ready(host),
                milestone::etcd_healthy(),
                milestone::profile_open(),
                milestone::network_ready(host)};
  step.gives = {milestone::endpoint_replaceable(server)};
  step.timeout = std::chrono::seconds(120);
  return step;
}

std::vector<Step> joined_first(std::vector<Step> joins, std::vector<Step> endpoints) {
  for (auto& step : endpoints) {
    for (const auto& join : joins) step.after.push_back(join.id);
  }
  std::move(endpoints.begin(), endpoints.end(), std::back_inserter(joins));
  return joins;
}

}  // namespace mrc::systems::calico

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"
#include "mrc/plan/plan.hpp"
#include "mrc/shell/script.hpp"
#include "mrc/systems/system.hpp"
#include "mrc/transport/session.hpp"

/// Reads the hosts, builds plans, asks checks; knows nothing of how any system works.
namespace mrc::engine {

using Systems = std::vector<std::unique_ptr<systems::System>>;

/// Runs one script on each host, all at once: `exec::Fleet` in the program, a fake in tests.
using RunAll = std::function<std::map<HostId, Result<transport::Answer>>(
    const std::map<HostId, shell::Script>&)>;

/// What all hosts said, or who could not be read and why; `seen` is only to be used when `failed`
/// is empty, but for a status.
struct Reading {
  systems::Observations seen;
  std::map<HostId, Error> failed;
};

/// How the deployment stands as far as it was read: why a host could not be is a row of its own, as
/// is a host that is not in `wanted` any more; then all systems' rows.
std::vector<systems::Condition> status(const Systems& systems,
                                       const std::vector<HostId>& wanted,
                                       const Reading& reading);

/// One read-only round trip to every host: all systems' probes and the deployment's record.
Reading observe(const std::string& deployment,
                const std::vector<HostId>& hosts,
                const Systems& systems,
                const RunAll& run_all);

/// The hosts that the records of those read name and that are not in `wanted`: they left the file.
/// Errors: `unreadable`.
Result<std::map<HostId, systems::RecordedHost>> departed_hosts(const systems::Observations& seen,
                                                               const std::vector<HostId>& wanted);
/// Reads the hosts that left the file, as `observe` does the others, into the same reading.
void observe_departed(const std::string& deployment,
                      std::map<HostId, systems::RecordedHost> hosts,
                      const Systems& systems,
                      const RunAll& run_all,
                      Reading& reading);

/// The probe of one host, as sent: the sections of all systems, then the records.
shell::Script probe_script(const HostId& host, const Systems& systems);

/// Deployment → its record's entries on one host, key → JSON text.
using Records = std::map<std::string, std::map<std::string, std::string>>;

/// Prints all records of a host.
shell::Script records_script();
/// Reads what that printed. Shape: for each record `@record NAME BYTES`, newline, then exactly that
/// many bytes as prelude.sh's mrc_record writes them; `end` last. Errors: `unreadable`.
Result<Records> parse_records(std::string_view text);

/// What stands in the way, all systems', worst first as each system gives it.
Result<std::vector<systems::Finding>> preflight(const Systems& systems,
                                                const systems::Observations& seen);

/// What is missing, all systems'. What a step of one undoes, another plans to give again: systems
/// are asked until no step undoes anything new. Each step's goal goes into its host's record with
/// the step; where it stands there already, the step is needed because of drift.
Result<plan::Plan> make_plan(const std::string& deployment,
                             const Systems& systems,
                             systems::Observations seen);
/// The plan of these steps alone, whose goals go into the records likewise.
plan::Plan make_plan_of(const std::string& deployment,
                        std::vector<plan::Step> steps,
                        const systems::Observations& seen);
/// What takes the deployment away from all hosts that were read.
Result<plan::Plan> make_teardown(const Systems& systems,
                                 const systems::Observations& seen,
                                 bool delete_data);

struct CheckResult {
  systems::Check check;
  systems::Verdict verdict;
};

/// Asks one server from the workstation.
using AskOutside = std::function<systems::Observation(const systems::Dial&)>;

/// Asks every check, one round trip per host, one more for the late ones, then those asked from
/// outside, and judges the answers. A host that cannot be asked fails each of its checks with the
/// reason. In the order of `checks`.
std::vector<CheckResult> run_checks(std::vector<systems::Check> checks,
                                    const RunAll& run_all,
                                    const AskOutside& ask_outside);

}  // namespace mrc::engine

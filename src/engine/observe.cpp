#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

constexpr std::string_view k_record_section = "records";

/// Splits one host's answer into its systems' parts.
Result<void> read_answer(const std::string& deployment,
                         const HostId& host,
                         const transport::Answer& answer,
                         systems::Observations& seen) {
  if (answer.status != 0) {
    return fail({ErrorKind::unreadable,
                 fmt::format("the probe ended with status {}", answer.status),
                 {},
                 answer.status,
                 answer.err});
  }
  auto sections = shell::parse_sections(answer.out);
  if (sections.empty()) {
    return fail(
        ErrorKind::unreadable, "the probe's answer does not parse: {}", excerpt(answer.out));
  }
  const auto asked = std::chrono::duration_cast<std::chrono::milliseconds>(
      answer.came.time_since_epoch() - answer.remote);
  bool has_record = false;
  for (auto& section : sections) {
    if (section.name != k_record_section) {
      seen.put(host,
               section.name,
               {section.status, std::move(section.out), std::move(section.err), asked});
      continue;
    }
    if (section.status != 0) {
      return fail(ErrorKind::unreadable, "the records cannot be read: {}", excerpt(section.err));
    }
    auto records = parse_records(section.out);
    if (!records) return fail(std::move(records).error());
    auto own = records->extract(deployment);
    seen.put_record(host, own ? std::move(own.mapped()) : Records::mapped_type{});
    seen.put_others(host, std::move(*records));
    has_record = true;
  }
  if (!has_record) return fail(ErrorKind::unreadable, "the probe's answer is cut off");
  return {};
}

void read_hosts(const std::string& deployment,
                const std::vector<HostId>& hosts,
                const Systems& systems,
                const RunAll& run_all,
                Reading& reading) {
  std::map<HostId, shell::Script> scripts;
  for (const auto& host : hosts) scripts[host] = probe_script(host, systems);
  for (auto& [host, answer] : run_all(scripts)) {
    auto read = answer ? read_answer(deployment, host, *answer, reading.seen)
                       : Result<void>(tl::unexpected(std::move(answer).error()));
    if (!read) reading.failed[host] = std::move(read).error().with("reading {}", host);
  }
}

}  // namespace

shell::Script probe_script(const HostId& host, const Systems& systems) {
  shell::Script script;
  for (const auto& system : systems) {
    const auto probe = system->probe(host);
    if (!probe.empty()) script.section(system->name(), probe);
  }
  return script.section(k_record_section, records_script());
}

Reading observe(const std::string& deployment,
                const std::vector<HostId>& hosts,
                const Systems& systems,
                const RunAll& run_all) {
  Reading reading;
  read_hosts(deployment, hosts, systems, run_all, reading);
  return reading;
}

void observe_departed(const std::string& deployment,
                      std::map<HostId, systems::RecordedHost> hosts,
                      const Systems& systems,
                      const RunAll& run_all,
                      Reading& reading) {
  std::vector<HostId> ids;
  for (const auto& [host, how] : hosts) ids.push_back(host);
  read_hosts(deployment, ids, systems, run_all, reading);
  reading.seen.put_departed(std::move(hosts));
}

}  // namespace mrc::engine

#include <nlohmann/json.hpp>

#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

constexpr std::string_view k_record_section = "record";

/// Splits one host's answer into its systems' parts.
Result<void> read_answer(const HostId& host,
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
      return fail(ErrorKind::unreadable, "the record cannot be read: {}", excerpt(section.err));
    }
    auto made = parse_record(section.out);
    if (!made) return fail(std::move(made).error());
    seen.put_record(host, std::move(*made));
    has_record = true;
  }
  if (!has_record) return fail(ErrorKind::unreadable, "the probe's answer is cut off");
  return {};
}

}  // namespace

shell::Script probe_script(const std::string& deployment,
                           const HostId& host,
                           const Systems& systems) {
  shell::Script script;
  for (const auto& system : systems) {
    const auto probe = system->probe(host);
    if (!probe.empty()) script.section(system->name(), probe);
  }
  shell::Script record;
  const auto path = fmt::format("/var/lib/mrc/{}.json", deployment);
  record.line("if [ -e {} ]; then cat {}; fi", path, path);
  return script.section(k_record_section, record);
}

Reading observe(const std::string& deployment,
                const std::vector<HostId>& hosts,
                const Systems& systems,
                const RunAll& run_all) {
  std::map<HostId, shell::Script> scripts;
  for (const auto& host : hosts) scripts[host] = probe_script(deployment, host, systems);
  Reading reading;
  for (auto& [host, answer] : run_all(scripts)) {
    auto read = answer ? read_answer(host, *answer, reading.seen)
                       : Result<void>(tl::unexpected(std::move(answer).error()));
    if (!read) reading.failed[host] = std::move(read).error().with("reading {}", host);
  }
  return reading;
}

Result<std::map<std::string, std::string>> parse_record(std::string_view text) {
  std::map<std::string, std::string> made;
  if (text.empty()) return made;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object() || json.value("mrc", 0) != 1 ||
      !json.contains("made") || !json["made"].is_object()) {
    return fail(
        ErrorKind::unreadable, "the record of mrc on the host does not parse: {}", excerpt(text));
  }
  for (const auto& [key, value] : json["made"].items()) made[key] = value.dump();
  return made;
}

}  // namespace mrc::engine

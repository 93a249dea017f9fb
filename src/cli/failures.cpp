#include "cli/failures.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace mrc::cli {
namespace {

using State = exec::Outcome::State;

constexpr std::size_t k_cause_length = 300;
constexpr std::size_t k_evidence_lines = 15;
constexpr std::size_t k_evidences_shown = 3;
constexpr std::size_t k_ids_shown = 5;

/// Replaces whole words: not `db1` in `db10` or `old-db1`.
std::string replace_word(std::string text, std::string_view word, std::string_view by) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    const auto end = at + word.size();
    const bool whole =
        (at == 0 || !is_part(text[at - 1])) && (end == text.size() || !is_part(text[end]));
    if (whole) text.replace(at, word.size(), by);
    at += whole ? by.size() : 1;
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
  }
  return lines;
}

std::string render_evidence(const std::string& text) {
  auto lines = lines_of(text);
  std::string out;
  if (lines.size() > k_evidence_lines) {
    const auto cut = lines.size() - k_evidence_lines;
    out = fmt::format("      | ({} lines before)\n", cut);
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(cut));
  }
  for (const auto& line : lines) out += fmt::format("      | {}\n", excerpt(line, 200));
  return out;
}

std::string render_ids(const std::vector<StepId>& ids) {
  const auto shown = std::min(ids.size(), k_ids_shown);
  const auto end = ids.begin() + static_cast<std::ptrdiff_t>(shown);
  auto out = fmt::format("{}", fmt::join(ids.begin(), end, ", "));
  if (ids.size() > shown) out += fmt::format(" and {} more", ids.size() - shown);
  return out;
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// The hosts of these, each once, in their order.
std::vector<HostId> hosts_of(const std::vector<Trouble>& troubles) {
  std::vector<HostId> hosts;
  for (const auto& one : troubles) {
    if (std::find(hosts.begin(), hosts.end(), one.host) == hosts.end()) hosts.push_back(one.host);
  }
  return hosts;
}

using Field = std::string Trouble::*;

/// Those of the troubles that say something of their own in that field, the first of each kind.
/// Numbers make no difference: a time and a process id are new in each line of a log.
std::vector<const Trouble*> different(const std::vector<Trouble>& troubles,
                                      const Names& names,
                                      Field field) {
  std::set<std::string> kinds;
  std::vector<const Trouble*> out;
  for (const auto& one : troubles) {
    auto kind = names.without(one.host, one.*field);
    std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
    if (!kind.empty() && kinds.insert(std::move(kind)).second) out.push_back(&one);
  }
  return out;
}

std::string render_evidences(const std::vector<Trouble>& troubles, const Names& names) {
  const auto all = different(troubles, names, &Trouble::evidence);
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), k_evidences_shown); ++i) {
    if (all.size() > 1) out += fmt::format("    {}:\n", all[i]->host);
    out += render_evidence(all[i]->evidence);
  }
  if (all.size() > k_evidences_shown) {
    out += fmt::format("    {} hosts more say something else\n", all.size() - k_evidences_shown);
  }
  return out;
}

std::string render_lines(const std::vector<Trouble>& troubles,
                         const Names& names,
                         std::string_view label,
                         Field field) {
  const auto all = different(troubles, names, field);
  std::string out;
  for (const auto* one : all) {
    const auto where = all.size() > 1 ? fmt::format("{}, ", one->host) : "";
    out += fmt::format("    {}{}: {}\n", where, label, one->*field);
  }
  return out;
}

/// Why a step could not tell more itself.
std::string note_on(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unreachable:
    case ErrorKind::auth:
      return "the link was lost before the step could tell how far it came; once the host can be "
             "reached, the next run finds out";
    case ErrorKind::timeout:
      return "the step's script was ended; the next run finds out how far it came";
    case ErrorKind::cancelled:
      return "the step was broken off; the next run finds out how far it came";
    default:
      return {};
  }
}

/// Scripts say what to do among the evidence: see mrc_mend in prelude.sh.
void take_remedies(Trouble& trouble) {
  constexpr std::string_view mark = "mend: ";
  std::string rest;
  for (const auto& line : lines_of(trouble.evidence)) {
    if (!line.starts_with(mark)) {
      rest += line + "\n";
      continue;
    }
    trouble.remedy += (trouble.remedy.empty() ? "" : "; ") + line.substr(mark.size());
  }
  trouble.evidence = rest;
}

Trouble trouble_of(const plan::Step& step, const Error& error, const LookAt& look_at) {
  Trouble out{step.host, excerpt(error.message, k_cause_length), error.evidence, {}};
  take_remedies(out);
  out.step = step.id;
  out.title = step.title;
  out.note = note_on(error.kind);
  const auto command = look_at(step);
  if (!command.empty() && (!out.note.empty() || out.evidence.empty())) {
    out.look = fmt::format("on {}: {}", step.host, command);
  }
  return out;
}

}  // namespace

Names::Names(const topology::Topology& topology) {
  for (const auto& host : topology.hosts) {
    m_words[host.id] = {{host.id.text(), "<host>"}, {host.address, "<host>"}};
    if (host.ip.text() != host.address) m_words[host.id].emplace_back(host.ip.text(), "<host>");
  }
  for (const auto& server : topology.mysql.servers) {
    m_words[server.host].emplace_back(server.id.text(), "<server>");
    m_words[server.host].emplace_back(server.address.text(), "<server>");
  }
}

std::string Names::without(const HostId& host, std::string text) const {
  const auto found = m_words.find(host);
  if (found == m_words.end()) return replace_word(std::move(text), host.text(), "<host>");
  for (const auto& [word, by] : found->second) text = replace_word(std::move(text), word, by);
  return text;
}

std::vector<Failure> by_cause(const std::vector<Trouble>& troubles, const Names& names) {
  std::vector<Failure> failures;
  std::map<std::string, std::size_t> at;  // generic cause to its place
  for (const auto& one : troubles) {
    const auto generic = names.without(one.host, one.cause);
    const auto [found, fresh] = at.emplace(generic, failures.size());
    if (fresh) failures.push_back({one.cause, {}, {}});
    auto& failure = failures[found->second];
    if (failure.cause != one.cause) failure.cause = generic;
    failure.troubles.push_back(one);
  }
  return failures;
}

std::vector<Trouble> troubles_of(const std::map<HostId, Error>& failed) {
  std::vector<Trouble> troubles;
  for (const auto& [host, error] : failed) {
    troubles.push_back({host, error.message, error.evidence, {}});
  }
  return troubles;
}

Aftermath aftermath_of(const plan::Plan& plan,
                       const exec::Report& report,
                       const Names& names,
                       const LookAt& look_at) {
  Aftermath out;
  out.all = plan.steps().size();
  out.done = report.count(State::done);
  out.failed = report.count(State::failed);
  std::vector<Trouble> troubles;
  std::vector<std::set<std::size_t>> needed(out.all);  // of each step: the failed ones before it
  for (std::size_t i = 0; i < out.all; ++i) {
    for (const auto j : plan.before(i)) needed[i].insert(needed[j].begin(), needed[j].end());
    if (report.outcomes[i].state != State::failed) continue;
    needed[i].insert(i);
    troubles.push_back(trouble_of(plan.steps()[i], report.outcomes[i].error, look_at));
  }
  out.failures = by_cause(troubles, names);
  for (std::size_t i = 0; i < out.all; ++i) {
    const auto state = report.outcomes[i].state;
    if (state == State::done || state == State::failed) continue;
    const auto& step = plan.steps()[i];
    if (needed[i].empty()) {
      out.not_begun.push_back(step.id);
      continue;
    }
    const auto& first = plan.steps()[*needed[i].begin()].id;
    for (auto& failure : out.failures) {
      const bool its = std::any_of(failure.troubles.begin(),
                                   failure.troubles.end(),
                                   [&](const Trouble& one) { return one.step == first; });
      if (its) failure.not_reached.push_back(step.id);
    }
  }
  return out;
}

std::string render_failure(const Failure& failure, const Names& names, std::string_view head) {
  auto out = fmt::format(
      "{} on {}: {}\n", head, fmt::join(hosts_of(failure.troubles), ", "), failure.cause);
  for (const auto& one : failure.troubles) {
    if (!one.step.empty()) out += fmt::format("    {}: {} ({})\n", one.host, one.title, one.step);
  }
  out += render_evidences(failure.troubles, names);
  out += render_lines(failure.troubles, names, "note", &Trouble::note);
  out += render_lines(failure.troubles, names, "look", &Trouble::look);
  out += render_lines(failure.troubles, names, "mend", &Trouble::remedy);
  if (!failure.not_reached.empty()) {
    out += fmt::format("    {} not reached for it: {}\n",
                       plural(failure.not_reached.size(), "step"),
                       render_ids(failure.not_reached));
  }
  return out;
}

std::string render_failures(const std::vector<Failure>& failures, const Names& names) {
  std::string out;
  for (const auto& one : failures) {
    out += (out.empty() ? "" : "\n") + render_failure(one, names, "FAILED");
  }
  return out;
}

std::string render_aftermath(const Aftermath& aftermath,
                             const Names& names,
                             const NextCommands& next) {
  auto out = render_failures(aftermath.failures, names);
  if (!aftermath.not_begun.empty()) {
    out +=
        fmt::format("\nnot begun, as the run was stopped: {}\n", render_ids(aftermath.not_begun));
  }
  return out + fmt::format(
                   "\n{} of {} steps done, which stay; {} failed, {} not reached.\n"
                   "Go on with:    {}\n"
                   "Step by step:  {}\n",
                   aftermath.done,
                   aftermath.all,
                   aftermath.failed,
                   aftermath.all - aftermath.done - aftermath.failed,
                   next.again,
                   next.show);
}

}  // namespace mrc::cli

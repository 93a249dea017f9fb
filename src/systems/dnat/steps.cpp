#include "systems/dnat/steps.hpp"

#include <algorithm>
#include <set>

#include "dnat.sh.hpp"
#include "mrc/plan/milestone.hpp"

namespace mrc::systems::dnat {
namespace {

constexpr std::string_view k_record = "dnat/";

/// Rules of strangers that would be met before ours, and that are deleted for them.
std::vector<const Rule*> taken_over(const Observed& seen, const Standing& now) {
  std::vector<const Rule*> out;
  for (const auto* rule : now.shadowing) {
    if (!rule->comment.starts_with("mrc:") && is_removable(*rule, seen)) out.push_back(rule);
  }
  return out;
}

plan::Step expose(const std::string& deployment,
                  const Exposure& want,
                  const std::string& interface,
                  const Standing& now,
                  const std::vector<const Rule*>& taken) {
  plan::Step step;
  step.id = StepId(fmt::format("dnat/{}/expose", want.name));
  step.host = want.host;
  step.title =
      is_for_writers(want.name)
          ? fmt::format("lead writers at {}:{} to {}", want.host_ip, want.port, want.server)
          : fmt::format("expose {} at {}:{}", want.server, want.host_ip, want.port);
  step.change = now.ours.empty() ? plan::Change::create : plan::Change::update;
  step.reason = now.ours.empty() ? "the outside cannot reach it"
                                 : "its rules are not the wanted ones, each once";
  step.goal = fmt::format("{}:{} to {}, from {}", want.host_ip, want.port, want.to, want.interface);
  std::vector<std::string> words;
  for (const auto* rule : taken) {
    words.push_back("-D" + rule->text.substr(2));
    step.diff.push_back({plan::Change::remove, "nat rule of a stranger", rule->text, {}});
  }
  for (const auto* rule : now.wrong) {
    step.diff.push_back({plan::Change::remove, "nat rule", rule->text, {}});
    if (rule->port && rule->port->value != fmt::format("{}", want.port.number())) {
      step.risk = plan::Risk::disruptive;
      step.impact = fmt::format(
          "{} is reached at {}:{} no more, for good", want.server, want.host_ip, rule->port->value);
    }
  }
  for (const auto& rule : now.missing) {
    step.diff.push_back({plan::Change::create, "nat rule", {}, insertion(rule)});
  }
  for (const auto& rule : rules(want, interface)) words.push_back(insertion(rule));
  step.apply.use(embedded::dnat_sh)
      .line("mrc_record {} {} {}",
            deployment,
            fmt::format("{}{}", k_record, want.name),
            fmt::format(R"({{"port": {}, "to": "{}"}})", want.port.number(), want.to))
      .line("mrc_dnat_set {} {}", want.mark, shell::words(words));
  step.needs = {plan::milestone::endpoint_ready(want.server), plan::milestone::profile_open()};
  if (is_for_writers(want.name)) step.needs.push_back(plan::milestone::promoted());
  step.gives = {plan::milestone::exposure_ready(want.server)};
  return step;
}

plan::Step hide(const std::string& deployment,
                const HostId& host,
                const std::string& name,
                const Observed& seen) {
  const auto server = server_of(name);
  const auto mark = mark_prefix(deployment) + name;
  const auto record = fmt::format("{}{}", k_record, name);
  plan::Step step;
  step.id = StepId(fmt::format("dnat/{}/{}/hide", host, name));
  step.host = host;
  step.title = is_for_writers(name) ? fmt::format("lead writers to {} no more", server)
                                    : fmt::format("stop exposing {}", server);
  step.change = plan::Change::remove;
  for (const auto& rule : seen.rules) {
    if (rule.comment == mark) {
      step.diff.push_back({plan::Change::remove, "nat rule", rule.text, {}});
    }
  }
  if (step.diff.empty()) {
    step.diff.push_back({plan::Change::remove, "record", record, {}});
  } else {
    step.risk = plan::Risk::disruptive;
    step.impact = is_for_writers(name)
                      ? "who writes there has to go to the new master's host"
                      : fmt::format("{} is not reached from outside {} any more", server, host);
  }
  step.apply.use(embedded::dnat_sh)
      .line("mrc_dnat_remove {}", mark)
      .line("mrc_forget {} {}", deployment, record);
  step.needs = {plan::milestone::survival_gone(server)};
  // Until then it may take its part back.
  if (is_for_writers(name)) step.needs.push_back(plan::milestone::handed_over());
  step.gives = {plan::milestone::exposure_gone(server)};
  step.forgets = {record + "/"};
  return step;
}

/// The names of this deployment's exposures that the host has rules or a record of, sorted.
std::set<std::string> present(const std::string& deployment,
                              const HostId& host,
                              const Observed& seen,
                              const Observations& records) {
  std::set<std::string> names;
  const auto prefix = mark_prefix(deployment);
  for (const auto& rule : seen.rules) {
    if (rule.comment.starts_with(prefix)) names.insert(rule.comment.substr(prefix.size()));
  }
  for (const auto& [key, value] : records.record(host)) {
    if (key.starts_with(k_record)) names.insert(key.substr(k_record.size()));
  }
  return names;
}

}  // namespace

shell::Script restore(const std::vector<Exposure>& wanted,
                      const ServerId& server,
                      const std::string& role_file) {
  shell::Script script;
  for (const auto& want : wanted) {
    if (want.server != server) continue;
    const bool for_writers = is_for_writers(want.name);
    std::vector<std::string> words;
    for (const auto& rule : rules(want, want.interface.empty() ? "@" : want.interface)) {
      words.push_back(insertion(rule));
    }
    script.use(embedded::dnat_sh)
        .line("{}{} {} {}",
              for_writers ? shell::Text("mrc_dnat_restore_writer {} ", role_file)
                          : shell::Text("mrc_dnat_restore "),
              want.mark,
              want.host_ip.text(),
              shell::words(words));
  }
  return script;
}

std::vector<plan::Step> steps(const std::string& deployment,
                              const std::vector<Exposure>& wanted,
                              const std::map<HostId, Observed>& seen,
                              const Observations& records,
                              bool adopt,
                              Scope scope) {
  const auto concerns = [&](const std::string& name) {
    return scope == Scope::all || is_for_writers(name);
  };
  std::vector<plan::Step> out;
  for (const auto& [host, observed] : seen) {
    for (const auto& name : present(deployment, host, observed, records)) {
      if (!concerns(name)) continue;
      const bool stays = std::any_of(wanted.begin(), wanted.end(), [&](const Exposure& want) {
        return want.host == host && want.name == name;
      });
      if (!stays) {
        out.push_back(hide(deployment, host, name, observed));
        out.back().reason = is_for_writers(name)
                                ? "the file has no port for writers that leads to it"
                                : "the file does not expose it here";
      }
    }
  }
  for (const auto& want : wanted) {
    if (!concerns(want.name) || !seen.contains(want.host)) continue;
    const auto& observed = seen.at(want.host);
    const auto interface = interface_of(want, observed);
    if (interface.empty()) continue;  // preflight says so
    const auto now = standing(want, observed);
    const auto& record = records.record(want.host);
    const bool recorded = record.contains(fmt::format("{}{}", k_record, want.name));
    const auto taken = adopt ? taken_over(observed, now) : std::vector<const Rule*>{};
    if (now.exact && recorded && taken.empty()) continue;
    auto step = expose(deployment, want, interface, now, taken);
    if (!taken.empty()) {
      step.reason = "another rule takes its port";
    } else if (now.exact) {
      // The rules carry our mark, so the record had them.
      step.reason = "the record on the host lacks it";
      step.cause = plan::Cause::drift;
      step.diff.push_back(
          {plan::Change::create, "record", {}, fmt::format("{}{}", k_record, want.name)});
    }
    // Rules of a server that left this host may hold the same port.
    for (const auto& other : out) {
      if (other.host == want.host && other.change == plan::Change::remove) {
        step.after.push_back(other.id);
      }
    }
    out.push_back(std::move(step));
  }
  return out;
}

std::vector<plan::Step> teardown(const std::string& deployment,
                                 const std::map<HostId, Observed>& seen,
                                 const Observations& records) {
  std::vector<plan::Step> out;
  for (const auto& [host, observed] : seen) {
    for (const auto& name : present(deployment, host, observed, records)) {
      out.push_back(hide(deployment, host, name, observed));
      out.back().reason = "the deployment goes";
    }
  }
  return out;
}

}  // namespace mrc::systems::dnat

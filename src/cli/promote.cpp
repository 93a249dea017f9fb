#include <memory>
#include <ostream>

#include "cli/apply.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/master_line.hpp"

namespace mrc::cli {
namespace {

struct PromoteOptions {
  std::string server;
  ApplyOptions apply;
};

const exec::Outcome* outcome_of(const plan::Plan& plan,
                                const exec::Report& report,
                                std::string_view verb) {
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    if (plan.steps()[i].id.text().ends_with(verb)) return &report.outcomes[i];
  }
  return nullptr;
}

/// Certainly nobody has become the master by this run: the old one's host says so itself, or it was
/// never asked.
bool nothing_passed(const plan::Plan& plan, const exec::Report& report) {
  using State = exec::Outcome::State;
  const auto* given = outcome_of(plan, report, "/hand-over");
  const auto* taken = outcome_of(plan, report, "/take-over");
  if (given == nullptr || taken == nullptr) return false;
  const auto untouched = [](const exec::Outcome& one) {
    return one.state == State::skipped || one.state == State::not_started;
  };
  if (untouched(*taken)) return true;
  const auto gave_up = [](const exec::Outcome& one) {
    return one.state == State::failed && one.error.kind == ErrorKind::exit_status;
  };
  if (untouched(*given)) return gave_up(*taken);
  return gave_up(*given) && gave_up(*taken) && given->error.message.ends_with("stays the master");
}

ExitCode run_promote(const PromoteOptions& options, Env& env) {
  const auto path = topology_path(options.apply.file, env);
  if (path == "-") {
    env.err << "mrc: promote edits the topology file; name one\n";
    return ExitCode::usage;
  }
  auto input = load_input(path, env);
  if (!input) return ExitCode::usage;
  const auto& servers = input->topology.mysql.servers;
  if (std::none_of(servers.begin(), servers.end(), [&](const auto& one) {
        return one.id.text() == options.server;
      })) {
    env.err << fmt::format("mrc: {} has no server {}\n", path, options.server);
    return ExitCode::usage;
  }
  const auto before = input->source.text;
  const auto former = *input->topology.mysql.master;
  const auto after = with_master(before, input->topology.mysql.master, options.server);
  if (!after) {
    env.err << fmt::format(
        "mrc: {}:{}: the value of mysql.master cannot be replaced here; write it "
        "as a plain word, or edit the line and run mrc apply\n",
        path,
        input->topology.mysql.master.at.line);
    return ExitCode::usage;
  }
  Diagnostics diags;
  auto edited = topology::parse_topology({path, *after}, input->folder, diags);
  input->source.text = *after;
  if (!edited) {
    env.err << render(diags, input->source);
    return ExitCode::usage;
  }
  input->topology = std::move(*edited);
  const auto again = command_line("apply", path, {}, {});
  const auto site =
      Site::load(std::move(*input), env, "mrc promote " + options.server + " " + path);
  if (!site) return env.exit_code;
  ApplyHooks hooks;
  // Another one would be the master by closing the present one, and what that alone has left
  // behind.
  hooks.may_run = [&](const plan::Plan& plan) {
    const auto closes = StepId(fmt::format("mysql/{}/close", former));
    if (std::none_of(plan.steps().begin(), plan.steps().end(), [&](const plan::Step& step) {
          return step.id == closes;
        })) {
      return true;
    }
    env.err << fmt::format(
        "mrc: {} takes writes and {} is no slave of it: it cannot hand its part over; nothing was "
        "changed\n"
        "  hint: mrc apply {} makes {} its slave first\n",
        former,
        options.server,
        path,
        options.server);
    env.exit_code = ExitCode::preflight_failed;
    return false;
  };
  // The file first: whatever ends this run, the next apply goes the same way.
  hooks.begin = [&] {
    const auto why = before == *after ? "" : replace_file(path, *after);
    if (why.empty()) return true;
    env.err << fmt::format("mrc: cannot write {}: {}; nothing was changed\n", path, why);
    env.exit_code = ExitCode::usage;
    return false;
  };
  hooks.ended = [&](const plan::Plan& plan, const exec::Report& report) {
    if (before == *after) return;
    if (report.complete() || !nothing_passed(plan, report)) {
      env.err << fmt::format("{}: mysql.master is {} now\n", path, options.server);
      return;
    }
    const auto why = replace_file(path, before);
    env.err << (why.empty()
                    ? fmt::format("{}: mysql.master is {} as before\n", path, former)
                    : fmt::format("mrc: cannot write {}: {}; set mysql.master to {} again\n",
                                  path,
                                  why,
                                  former));
  };
  return apply_site(*site, "promote", again, options.apply, hooks, env);
}

}  // namespace

void add_promote(CLI::App& root, Env& env) {
  auto options = std::make_shared<PromoteOptions>();
  auto* command = root.add_subcommand(
      "promote", "Make another server the master, without losing a write; edits the file");
  command->add_option("server", options->server, "The master to be")->required();
  command->add_option("file", options->apply.file, "Topology file");
  add_apply_options(*command, options->apply);
  command->callback([options, &env] { env.exit_code = run_promote(*options, env); });
}

}  // namespace mrc::cli

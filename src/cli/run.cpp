#include "mrc/cli/run.hpp"

#include <algorithm>
#include <ostream>

#include "cli/commands.hpp"

namespace mrc::cli {
namespace {

/// The words that are mrc's, and those behind --, where a command passes them on.
std::pair<std::vector<std::string>, std::vector<std::string>> cut(
    const std::vector<std::string>& args) {
  const bool passes_on = !args.empty() && (args[0] == "mysql" || args[0] == "ssh");
  const auto at = passes_on ? std::find(args.begin(), args.end(), "--") : args.end();
  if (at == args.end()) return {args, {}};
  return {{args.begin(), at}, {at + 1, args.end()}};
}

}  // namespace

ExitCode run(const std::vector<std::string>& args, Env& env) {
  CLI::App root{"mrc deploys a replicated MySQL on Docker hosts joined by Calico, from one file.",
                "mrc"};
  root.require_subcommand(1);
  const auto [own, rest] = cut(args);
  root.footer(
      "FILE defaults to $MRC_TOPOLOGY, then ./topology.yaml; - is stdin.\n"
      "Exit codes: 0 done, nothing left to do; 1 usage or invalid topology; 2 plan: changes "
      "pending;\n"
      "3 preflight failed, nothing changed; 4 apply or destroy failed part-way; 5 verify failed;\n"
      "6 locked by somebody else; 7 a host is unreachable, nothing changed; 70 a bug in mrc;\n"
      "130 interrupted.");
  add_init(root, env);
  add_validate(root, env);
  add_plan(root, env);
  add_apply(root, env);
  add_verify(root, env);
  add_promote(root, env);
  add_failover(root, env);
  add_status(root, env);
  add_destroy(root, env);
  add_mysql(root, rest, env);
  add_ssh(root, rest, env);
  add_graph(root, env);
  add_history(root, env);
  add_show(root, env);
  add_schema(root, env);
  add_version(root, env);

  std::vector<std::string> reversed(own.rbegin(), own.rend());  // as CLI11 takes them
  try {
    root.parse(reversed);
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = error.get_exit_code() == 0;
    root.exit(error, env.out, env.err);
    return asked_for_help ? ExitCode::done : ExitCode::usage;
  }
  return env.exit_code;
}

}  // namespace mrc::cli

#pragma once

#include <CLI/CLI.hpp>

#include "mrc/cli/env.hpp"

/// Each hangs one command on the root; its file is named after it.
namespace mrc::cli {

void add_init(CLI::App& root, Env& env);
void add_validate(CLI::App& root, Env& env);
void add_plan(CLI::App& root, Env& env);
void add_apply(CLI::App& root, Env& env);
void add_promote(CLI::App& root, Env& env);
void add_failover(CLI::App& root, Env& env);
void add_status(CLI::App& root, Env& env);
void add_verify(CLI::App& root, Env& env);
void add_destroy(CLI::App& root, Env& env);
void add_mysql(CLI::App& root, const std::vector<std::string>& rest, Env& env);
void add_ssh(CLI::App& root, const std::vector<std::string>& rest, Env& env);
void add_graph(CLI::App& root, Env& env);
void add_history(CLI::App& root, Env& env);
void add_show(CLI::App& root, Env& env);
void add_schema(CLI::App& root, Env& env);
void add_version(CLI::App& root, Env& env);

}  // namespace mrc::cli

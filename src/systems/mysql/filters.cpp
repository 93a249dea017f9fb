#include "systems/mysql/filters.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace mrc::systems::mysql {
namespace {

using Words = std::string_view;

constexpr std::array k_log_filters{Words("binlog-do-db"), Words("binlog-ignore-db")};
/// Of a slave, and how its status calls them.
constexpr std::array k_channel_filters{
    std::pair(Words("replicate-do-db"), Words("Replicate_Do_DB")),
    std::pair(Words("replicate-ignore-db"), Words("Replicate_Ignore_DB")),
    std::pair(Words("replicate-do-table"), Words("Replicate_Do_Table")),
    std::pair(Words("replicate-ignore-table"), Words("Replicate_Ignore_Table")),
    std::pair(Words("replicate-wild-do-table"), Words("Replicate_Wild_Do_Table")),
    std::pair(Words("replicate-wild-ignore-table"), Words("Replicate_Wild_Ignore_Table")),
    std::pair(Words("replicate-rewrite-db"), Words("Replicate_Rewrite_DB"))};

bool is_log_filter(Words name) {
  return std::find(k_log_filters.begin(), k_log_filters.end(), name) != k_log_filters.end();
}

bool is_channel_filter(Words name) {
  return std::any_of(k_channel_filters.begin(), k_channel_filters.end(), [&](const auto& one) {
    return one.first == name;
  });
}

/// The first such option, of the file's and of those that its container was made with.
std::string option_of(const Server& server, const Observed* seen, bool (*is_one)(Words)) {
  Fields all;
  for (const auto& argument : server.own_options) all.push_back(argument_field(argument));
  if (seen != nullptr && seen->container) {
    all.insert(all.end(), seen->container->fields.begin(), seen->container->fields.end());
  }
  for (const auto& field : all) {
    Words name = field.name;
    if (!name.starts_with("mysqld --")) continue;
    name.remove_prefix(std::string_view("mysqld --").size());
    if (name.starts_with("loose-")) name.remove_prefix(std::string_view("loose-").size());
    if (is_one(name)) return fmt::format("--{}={}", name, field.value);
  }
  return {};
}

}  // namespace

std::string log_filter_of(const Server& server, const Observed* seen) {
  return option_of(server, seen, is_log_filter);
}

std::string filter_of(const Server& server, const Observed* seen) {
  for (const auto& [option, field] : k_channel_filters) {
    const auto value = seen == nullptr ? "" : seen->of_slave(std::string(field));
    if (!value.empty()) return fmt::format("--{}={}", option, value);
  }
  auto option = option_of(server, seen, is_channel_filter);
  return option.empty() ? log_filter_of(server, seen) : option;
}

std::optional<Finding> filtered_heir(const Desired& desired, const Seen& seen, const Server& old) {
  const auto& master = desired.master();
  auto filter = filter_of(master, &seen.at(master.id));
  const auto& whose = filter.empty() ? old : master;
  if (filter.empty()) filter = log_filter_of(old, &seen.at(old.id));
  if (filter.empty()) return {};
  return Finding{
      master.host,
      Verdict::Level::fail,
      fmt::format("{} cannot become the master: it may lack data of {}", master.id, old.id),
      fmt::format("{} has {}", whose.id, filter),
      fmt::format(
          "let mysql.master name {}; who is to become the master must never have had such an "
          "option, nor his master one for its log",
          old.id)};
}

}  // namespace mrc::systems::mysql

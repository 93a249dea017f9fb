#include "systems/mysql/probe.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace mrc::systems::mysql {
namespace {

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> out;
  for (;;) {
    const auto tab = line.find('\t');
    out.emplace_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return out;
    line.remove_prefix(tab + 1);
  }
}

/// What Docker answers where nothing was asked for.
bool is_default(const Field& field) {
  if (field.name == "network") return field.value == "default" || field.value == "bridge";
  if (field.name == "privileged") return field.value == "false";
  if (field.name == "memory" || field.name == "cpus") return field.value == "0";
  return false;
}

bool read_number(const std::string& word, std::uint64_t& out) {
  const auto* const end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, out);
  return error == std::errc{} && rest == end;
}

bool read_container(const std::vector<std::string>& words, Observed& seen) {
  if (words.size() != 4 || words[1].empty() || words[3].empty()) return false;
  seen.container = Container{words[1], words[2] == "<no value>" ? "" : words[2], words[3], {}, {}};
  return true;
}

bool read_field(const std::vector<std::string>& words, Observed& seen) {
  if (words.size() != 3 || !seen.container) return false;
  const auto json = nlohmann::json::parse(words[2], nullptr, false);
  if (json.is_discarded()) return false;
  auto value = json.is_string() ? json.get<std::string>() : json.dump();
  if (words[1] == "data") {
    seen.container->data = std::move(value);
    return true;
  }
  auto field = words[1] == "mysqld" ? argument_field(value) : Field{words[1], std::move(value)};
  if (field.name == "label" && field.value.starts_with(k_restart_label)) {
    field = {std::string(k_restart_field), field.value.substr(k_restart_label.size())};
  }
  if (!is_default(field)) seen.container->fields.push_back(std::move(field));
  return true;
}

/// One line about the current server; false: not understood.
bool read_line(const std::vector<std::string>& words, Observed& seen) {
  const auto& word = words[0];
  if (word == "container") return read_container(words, seen);
  if (word == "field") return read_field(words, seen);
  if (words.size() == 3) {
    if (word == "events") return read_number(words[2], seen.events[words[1]]);
    if (word == "var") {
      seen.variables[words[1]] = words[2];
    } else if (word == "slave") {
      seen.slave[words[1]] = words[2];
    } else if (word == "channel" && (words[2] == "0" || words[2] == "1")) {
      seen.channel = Channel{words[1], words[2] == "1"};
    } else if (word == "outside" && (words[2] == "Y" || words[2] == "N")) {
      seen.outside[words[1]] = words[2] == "Y";
    } else if (word == "limits") {
      seen.account.require = words[1];
      seen.account.max_connections = words[2];
    } else if (word == "native") {
      return read_number(words[2], seen.native[words[1]]);
    } else {
      return false;
    }
    return true;
  }
  if (words.size() != 2) return false;
  if (word == "data") {
    seen.has_data = true;
    seen.data_of = words[1];
  } else if (word == "upgrade" && words[1] == "begun") {
    seen.half_upgraded = true;
  } else if (word == "had") {
    seen.had = words[1];
  } else if (word == "had_before") {
    seen.had_before = words[1];
  } else if (word == "staging") {
    seen.staging = true;
  } else if (word == "docker") {
    seen.docker_down = true;
  } else if (word == "address" && words[1] == "yes") {
    seen.has_address = true;
  } else if (word == "role") {
    seen.role = words[1];
  } else if (word == "wanted_image") {
    seen.wanted_image_id = words[1];
  } else if (word == "image_version") {
    seen.image_version = words[1];
  } else if (word == "sql") {
    seen.sql_error = words[1].empty() ? "no answer" : words[1];
  } else if (word == "root" && words[1] == "before") {
    seen.root_before = true;
  } else if (word == "account" && (words[1] == "0" || words[1] == "1")) {
    seen.account.exists = words[1] == "1";
  } else if (word == "grant") {
    seen.account.grants.insert(words[1]);
  } else if (word == "applier") {
    seen.applier = words[1];
  } else if (word == "lent") {
    seen.lent.insert(words[1]);
  } else if (word == "size") {
    return read_number(words[1], seen.size_kb);
  } else if (word == "listener") {
    seen.listeners.insert(words[1]);
  } else if (word == "login") {
    seen.answered = true;
    seen.login_error = words[1] == "ok" ? "" : words[1];
  } else {
    return false;
  }
  return true;
}

}  // namespace

Field argument_field(const std::string& argument) {
  const auto equals = argument.find('=');
  auto name = argument.substr(0, equals);
  std::replace(name.begin(), name.end(), '_', '-');
  return {"mysqld " + name, equals == std::string::npos ? "" : argument.substr(equals + 1)};
}

Field option_field(const std::string& argument) {
  auto field = argument_field(argument);
  constexpr std::string_view loose = "mysqld --loose-";
  if (field.name.starts_with(loose)) field.name.replace(0, loose.size(), "mysqld --");
  return field;
}

std::string Observed::of_slave(const std::string& field) const {
  const auto found = slave.find(field);
  return found == slave.end() ? "" : found->second;
}

std::string Observed::variable(const std::string& name) const {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::string had(const Observed& seen) {
  const auto now = seen.variable("version");
  return now.empty() ? seen.had : now;
}

Result<HostObserved> parse_probe(std::string_view text) {
  HostObserved all;
  std::optional<ServerId> current;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      return fail(ErrorKind::unreadable, "line {} is cut off: {}", number, excerpt(text));
    }
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto words = split(line);
    if (words[0] == "marked" && words.size() == 2 && !words[1].empty() && !current) {
      all.marked.insert(ServerId(words[1]));
    } else if (words[0] == "server" && words.size() == 2 && !current) {
      current = ServerId(words[1]);
      all.servers[*current] = {};
    } else if (words[0] == "end" && words.size() == 2 && current == ServerId(words[1])) {
      current.reset();
    } else if (words[0] == "done" && !current && text.empty()) {
      return all;
    } else if (!current || !read_line(words, all.servers[*current])) {
      return fail(ErrorKind::unreadable, "line {} is not understood: {}", number, excerpt(line));
    }
  }
  return fail(ErrorKind::unreadable, "the answer about the servers is cut off");
}

}  // namespace mrc::systems::mysql

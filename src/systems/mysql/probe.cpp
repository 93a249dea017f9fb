#include "systems/mysql/probe.hpp"

#include <charconv>
#include <vector>

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

bool read_container(const std::vector<std::string>& words, Observed& seen) {
  if (words.size() != 6 || (words[1] != "true" && words[1] != "false")) return false;
  const auto label = [](const std::string& text) { return text == "<no value>" ? "" : text; };
  seen.container =
      Container{words[1] == "true", label(words[2]), label(words[3]), words[4], words[5]};
  return true;
}

bool read_variable(const std::vector<std::string>& words, Observed& seen) {
  if (words.size() != 3) return false;
  if (words[1] != "mrc_accounts") {
    seen.variables[words[1]] = words[2];
    return true;
  }
  const auto& text = words[2];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seen.accounts);
  return error == std::errc{} && end == text.data() + text.size();
}

/// One line about the current server; false: not understood.
bool read_line(const std::vector<std::string>& words, Observed& seen) {
  const auto& word = words[0];
  if (word == "container") return read_container(words, seen);
  if (word == "var") return read_variable(words, seen);
  if (word == "slave" && words.size() == 3) {
    seen.slave[words[1]] = words[2];
    return true;
  }
  if (words.size() != 2) return false;
  if (word == "data") {
    seen.has_data = true;
    seen.data_of = words[1];
  } else if (word == "staging") {
    seen.staging = true;
  } else if (word == "docker") {
    seen.docker_down = true;
  } else if (word == "wanted_image") {
    seen.wanted_image_id = words[1];
  } else if (word == "sql") {
    seen.sql_error = words[1].empty() ? "no answer" : words[1];
  } else if (word == "login") {
    seen.answered = true;
    seen.login_error = words[1] == "ok" ? "" : words[1];
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string Observed::of_slave(const std::string& field) const {
  const auto found = slave.find(field);
  return found == slave.end() ? "" : found->second;
}

Result<std::map<ServerId, Observed>> parse_probe(std::string_view text) {
  std::map<ServerId, Observed> all;
  std::optional<ServerId> current;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      return fail(ErrorKind::unreadable, "line {} is cut off: {}", number, excerpt(text));
    }
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto words = split(line);
    if (words[0] == "server" && words.size() == 2 && !current) {
      current = ServerId(words[1]);
      all[*current] = {};
    } else if (words[0] == "end" && words.size() == 2 && current == ServerId(words[1])) {
      current.reset();
    } else if (words[0] == "done" && !current && text.empty()) {
      return all;
    } else if (!current || !read_line(words, all[*current])) {
      return fail(ErrorKind::unreadable, "line {} is not understood: {}", number, excerpt(line));
    }
  }
  return fail(ErrorKind::unreadable, "the answer about the servers is cut off");
}

}  // namespace mrc::systems::mysql

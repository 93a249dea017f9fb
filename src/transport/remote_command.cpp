#include "transport/remote_command.hpp"

#include <fmt/format.h>

#include <random>
#include <sstream>

#include "remote_loop.sh.hpp"

namespace mrc::transport {
namespace {

std::string join_lines(std::string_view text) {
  std::string out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string::npos || line[start] == '#') continue;
    out += (out.empty() ? "" : " ") + line.substr(start);
  }
  return out;
}

std::string sudo(const Target& target) {
  if (!target.become) return {};
  // In the C locale, so that its refusals can be told apart.
  if (!target.become_password) return "env LC_ALL=C sudo -n -- ";
  return fmt::format("env LC_ALL=C sudo -S -p \"{}\" -- ", k_sudo_prompt);
}

}  // namespace

const std::string& remote_loop() {
  static const std::string text = join_lines(embedded::remote_loop_sh);
  return text;
}

std::string remote_command(const Target& target, const std::string& nonce) {
  return fmt::format("exec {}sh -c '{}' {}", sudo(target), remote_loop(), nonce);
}

std::string make_nonce() {
  std::random_device random;
  return fmt::format("mrc-{:08x}{:08x}", random(), random());
}

}  // namespace mrc::transport

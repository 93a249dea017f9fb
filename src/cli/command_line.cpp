#include "cli/command_line.hpp"

#include <fmt/format.h>

#include "mrc/shell/quote.hpp"

namespace mrc::cli {

std::string command_line(std::string_view command,
                         const std::string& file,
                         const Permits& permits,
                         const std::vector<std::pair<std::string_view, bool>>& flags) {
  auto out = fmt::format("mrc {}", command);
  if (!file.empty()) out += " " + shell::quote(file);
  for (const auto& [flag, given] : flags) {
    if (given) out += fmt::format(" {}", flag);
  }
  if (permits.adopt) out += " --adopt";
  for (const auto& host : permits.forget) out += " --forget " + shell::quote(host);
  return out;
}

}  // namespace mrc::cli

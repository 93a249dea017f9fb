#pragma once

#include <string>
#include <vector>

#include "mrc/transport/connector.hpp"

namespace mrc::transport {

/// Sessions on the workstation itself, through the same framing as over SSH.
class LocalConnector final : public Connector {
 public:
  /// `shell`: the words that start a POSIX shell, {"sh"} or {"busybox", "sh"}.
  explicit LocalConnector(std::vector<std::string> shell = {"sh"}) : m_shell(std::move(shell)) {}
  Result<std::unique_ptr<Session>> connect(const Target& target, std::stop_token stop) override;
  Result<std::unique_ptr<Session>> begin(const Target& target, std::stop_token stop) override;

 private:
  std::vector<std::string> m_shell;
};

}  // namespace mrc::transport

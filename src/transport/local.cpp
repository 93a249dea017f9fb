#include "mrc/transport/local.hpp"

#include "transport/shell_session.hpp"

namespace mrc::transport {

Result<std::unique_ptr<Session>> LocalConnector::connect(const Target& /*target*/,
                                                         std::stop_token stop) {
  auto argv = m_shell;
  argv.insert(argv.end(), {"-c", remote_loop()});
  const auto explain = [](const std::string& text, Error found) {
    found.evidence = text;
    return found;
  };
  return ShellSession::open(argv, {}, explain, std::chrono::seconds(10), stop);
}

}  // namespace mrc::transport

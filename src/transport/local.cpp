#include "mrc/transport/local.hpp"

#include "transport/remote_command.hpp"
#include "transport/shell_session.hpp"

namespace mrc::transport {
namespace {

Result<std::unique_ptr<ShellSession>> start(std::vector<std::string> argv) {
  Opening opening;
  opening.nonce = make_nonce();
  argv.insert(argv.end(), {"-c", remote_loop(), opening.nonce});
  opening.argv = std::move(argv);
  opening.explain = [](const std::string& text, Error found) {
    found.evidence = text;
    return found;
  };
  return ShellSession::start(std::move(opening));
}

}  // namespace

Result<std::unique_ptr<Session>> LocalConnector::connect(const Target& /*target*/,
                                                         std::stop_token stop) {
  auto session = start(m_shell);
  if (!session) return fail(std::move(session).error());
  if (auto greeted = (*session)->greet(stop); !greeted) return fail(std::move(greeted).error());
  return session;
}

Result<std::unique_ptr<Session>> LocalConnector::begin(const Target& /*target*/,
                                                       std::stop_token /*stop*/) {
  auto session = start(m_shell);
  if (!session) return fail(std::move(session).error());
  return session;
}

}  // namespace mrc::transport

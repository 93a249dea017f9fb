#include <array>
#include <sstream>

#include "mrc/transport/openssh.hpp"

namespace mrc::transport {
namespace {

struct Reason {
  std::string_view text;  ///< what ssh or sudo prints
  ErrorKind kind;
  std::string_view message;
};

// The first match wins, so the particular stands before the general.
constexpr std::array k_reasons{
    Reason{
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        ErrorKind::auth,
        "the host's key has changed: if that is right, remove the old one with ssh-keygen -R and "
        "accept the new one with ssh, or correct host_key in the topology"},
    Reason{"Host key verification failed",
           ErrorKind::auth,
           "the host's key is not known: log in once with ssh and compare it, or set host_key in "
           "the topology"},
    Reason{"No matching host key",
           ErrorKind::auth,
           "the host offers no key of the pinned type: correct host_key in the topology"},
    Reason{"Too many authentication failures",
           ErrorKind::auth,
           "too many keys were tried: name one with IdentityFile and IdentitiesOnly in ssh_config"},
    Reason{"UNPROTECTED PRIVATE KEY FILE",
           ErrorKind::auth,
           "the private key's file is open to others: chmod 600 it"},
    Reason{"Permission denied (",
           ErrorKind::auth,
           "the login is refused: the host accepts none of the keys that ssh offered"},
    Reason{"incorrect password attempt",
           ErrorKind::auth,
           "sudo refuses the password: check ssh.become_password"},
    Reason{"a password is required",
           ErrorKind::auth,
           "sudo asks for a password: set ssh.become_password, or allow NOPASSWD"},
    Reason{"is not in the sudoers file", ErrorKind::auth, "the user may not use sudo on this host"},
    Reason{"is not allowed to execute",
           ErrorKind::auth,
           "the user may not run sh by sudo on this host"},
    Reason{"sudo: command not found", ErrorKind::auth, "there is no sudo on this host"},
    Reason{"sudo: not found", ErrorKind::auth, "there is no sudo on this host"},
    Reason{"Connection refused", ErrorKind::unreachable, "nothing listens on the SSH port"},
    Reason{"Connection timed out", ErrorKind::unreachable, "the host does not answer"},
    Reason{"Operation timed out", ErrorKind::unreachable, "the host does not answer"},
    Reason{"timed out during banner exchange",
           ErrorKind::unreachable,
           "the host takes the connection, but its sshd does not answer"},
    Reason{"No route to host", ErrorKind::unreachable, "there is no route to the host"},
    Reason{"Network is unreachable", ErrorKind::unreachable, "there is no route to the host"},
    Reason{"Could not resolve hostname", ErrorKind::unreachable, "the host's name is not known"},
    Reason{
        "kex_exchange_identification",
        ErrorKind::unreachable,
        "sshd closed the connection at once: too many logins at a time (MaxStartups), or a filter"},
    Reason{"Connection reset by", ErrorKind::unreachable, "the connection was reset"},
    Reason{"Timeout, server", ErrorKind::unreachable, "the link went dead"},
    Reason{"Broken pipe", ErrorKind::unreachable, "the connection broke"},
    Reason{"closed by remote host", ErrorKind::unreachable, "the host closed the connection"},
    Reason{"no matching key exchange",
           ErrorKind::unreachable,
           "ssh and the host agree on no key exchange; see KexAlgorithms in ssh_config"},
    Reason{"Bad configuration option", ErrorKind::auth, "ssh refuses its configuration file"},
    Reason{"terminating, ", ErrorKind::auth, "ssh refuses its configuration file"},
};

std::string last_lines(const std::string& text, std::size_t count) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  std::string out;
  for (std::size_t i = lines.size() > count ? lines.size() - count : 0; i < lines.size(); ++i) {
    out += lines[i] + "\n";
  }
  return out;
}

}  // namespace

Error explain_ssh(const std::string& stderr_text, const Target& target) {
  Error error{ErrorKind::unreachable, {}, {}, 0, last_lines(stderr_text, 8)};
  for (const auto& reason : k_reasons) {
    if (stderr_text.find(reason.text) == std::string::npos) continue;
    error.kind = reason.kind;
    error.message = reason.message;
    break;
  }
  if (error.message.empty()) {
    const auto last = last_lines(stderr_text, 1);
    error.message = last.empty() ? "the connection ended without a word from ssh"
                                 : "ssh: " + excerpt(last, 200);
  }
  error.context.push_back(fmt::format("connecting to {} ({})", target.host, target.address));
  return error;
}

}  // namespace mrc::transport

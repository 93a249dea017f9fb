#include <array>
#include <sstream>
#include <vector>

#include "mrc/transport/openssh.hpp"

namespace mrc::transport {
namespace {

constexpr auto unreachable = ErrorKind::unreachable;
constexpr auto auth = ErrorKind::auth;

struct Reason {
  std::string_view text;  ///< what ssh, sudo, a login shell or the loop prints
  ErrorKind kind;
  std::string_view message;
};

// The first match wins, so the particular stands before the general.
constexpr std::array k_reasons{
    Reason{"mrc: only ",
           ErrorKind::io,
           "the host could not store what was sent to it: is there room in /dev/shm and /var/tmp?"},
    Reason{"REMOTE HOST IDENTIFICATION HAS CHANGED",
           auth,
           "the host's key has changed: if that is right, remove the old one with ssh-keygen -R "
           "and accept the new one with ssh, or correct host_key in the topology"},
    Reason{"marked as revoked", auth, "the host's key is revoked"},
    Reason{"Host key verification failed",
           auth,
           "the host's key is not known: log in once with ssh and compare it, or set host_key in "
           "the topology"},
    Reason{"no matching host key type",
           auth,
           "the host has no key of the wanted type: correct host_key in the topology, or "
           "HostKeyAlgorithms in ssh_config"},
    Reason{"Too many authentication failures",
           auth,
           "too many keys were tried: name one with IdentityFile and IdentitiesOnly in ssh_config"},
    Reason{"UNPROTECTED PRIVATE KEY FILE",
           auth,
           "the private key's file is open to others: chmod 600 it"},
    Reason{"Permission denied (",
           auth,
           "the login is refused: the host takes none of the keys that ssh offered"},
    Reason{"Permission denied", auth, "the login is refused"},
    Reason{
        "incorrect password attempt", auth, "sudo refuses the password: check ssh.become_password"},
    Reason{"a password is required",
           auth,
           "sudo asks for a password: set ssh.become_password, or allow NOPASSWD"},
    Reason{
        "no password was provided", auth, "sudo refuses the password: check ssh.become_password"},
    Reason{"is not in the sudoers file", auth, "the user may not use sudo on this host"},
    Reason{"is not allowed to execute", auth, "the user may not run sh by sudo on this host"},
    Reason{"may not run sudo", auth, "the user may not use sudo on this host"},
    Reason{"you must have a tty to run sudo",
           auth,
           "sudo wants a terminal: remove requiretty for this user from sudoers"},
    Reason{"sudo: command not found", auth, "there is no sudo on this host"},
    Reason{"sudo: not found", auth, "there is no sudo on this host"},
    Reason{"‘sudo’: No such file", auth, "there is no sudo on this host"},
    Reason{"'sudo': No such file", auth, "there is no sudo on this host"},
    Reason{"account is currently not available",
           auth,
           "the user has no login shell on this host: set ssh.user"},
    Reason{"account has expired", auth, "the user's account on this host has expired"},
    Reason{"password has expired", auth, "the user's password on this host has expired"},
    Reason{"Please login as the user", auth, "the host wants another user: set ssh.user"},
    Reason{"Could not resolve hostname", unreachable, "the host's name is not known"},
    Reason{"stdio forwarding failed",
           unreachable,
           "the jump host cannot reach the host: see ProxyJump in ssh_config"},
    Reason{"administratively prohibited",
           unreachable,
           "the jump host does not forward connections: see AllowTcpForwarding in its sshd_config"},
    Reason{"UNKNOWN port 65535",
           unreachable,
           "the connection through the jump host or proxy command failed"},
    Reason{"Connection refused", unreachable, "nothing listens on the SSH port"},
    Reason{"timed out during banner exchange",
           unreachable,
           "the host takes the connection, but its sshd does not answer"},
    Reason{"Connection timed out", unreachable, "the host does not answer"},
    Reason{"Operation timed out", unreachable, "the host does not answer"},
    Reason{"No route to host", unreachable, "there is no route to the host"},
    Reason{"Network is unreachable", unreachable, "there is no route to the host"},
    Reason{"no matching ",
           unreachable,
           "ssh and the host agree on no algorithm: see KexAlgorithms and Ciphers in ssh_config"},
    Reason{"kex_exchange_identification",
           unreachable,
           "sshd closed the connection at once: too many logins at a time (MaxStartups), or a "
           "filter"},
    Reason{"Timeout, server", unreachable, "the link went dead"},
    Reason{"Connection reset by", unreachable, "the connection was reset"},
    Reason{"Broken pipe", unreachable, "the connection broke"},
    Reason{"closed by remote host", unreachable, "the host closed the connection"},
    Reason{"Connection closed by", unreachable, "the host closed the connection"},
    Reason{"Bad owner or permissions on",
           auth,
           "ssh refuses its configuration file: it is open to others"},
    Reason{"Bad configuration option", auth, "ssh refuses its configuration file"},
    Reason{"terminating, ", auth, "ssh refuses its configuration file"},
    Reason{"Can't open user config file", auth, "ssh cannot read its configuration file"},
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::string last_lines(const std::vector<std::string>& lines, std::size_t count) {
  std::string out;
  for (std::size_t i = lines.size() > count ? lines.size() - count : 0; i < lines.size(); ++i) {
    out += lines[i] + "\n";
  }
  return out;
}

bool about_host_key(std::string_view text) {
  return text.starts_with("REMOTE HOST") || text.starts_with("Host key verification") ||
         text.starts_with("no matching host key");
}

}  // namespace

Error explain_ssh(const std::string& stderr_text, const Target& target) {
  const auto lines = lines_of(stderr_text);
  Error error{unreachable, {}, {}, 0, last_lines(lines, 8)};
  for (const auto& reason : k_reasons) {
    if (stderr_text.find(reason.text) == std::string::npos) continue;
    error.kind = reason.kind;
    error.message = reason.message;
    if (about_host_key(reason.text) && !target.host_key.empty()) {
      error.message = "the host's key is not the one that host_key in the topology pins";
    }
    break;
  }
  if (error.message.empty()) {
    // The master of a shared connection has no stderr to say why it gave up.
    error.message = lines.empty()
                        ? "the connection was lost: the host went down, or the link is dead"
                        : "the connection ended: " + excerpt(lines.back(), 200);
  }
  error.context.push_back(fmt::format("connecting to {} ({})", target.host, target.address));
  return error;
}

}  // namespace mrc::transport

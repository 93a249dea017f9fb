#pragma once

#include <chrono>
#include <map>
#include <string>

#include "mrc/base/error.hpp"
#include "mrc/base/net.hpp"
#include "mrc/base/secret.hpp"

namespace mrc::transport {

/// One login at a server, from the workstation, as a deployment's users have it.
struct MysqlLogin {
  std::string address;
  Port port;
  std::string user;
  Secret password;
  std::chrono::seconds timeout{5};  ///< for connecting, and again for the answer
};

/// Logs in, asks for one row, and closes. Shape: column name → value; NULL is left out.
/// Errors: unreachable (nobody answers), auth (the server refuses the login; code in exit_status),
/// unreadable (no row, or several), io (the server refuses the statement).
/// Source: MySQL error numbers 1044 1045 1049 1130 1698 and 2059 2061 are refusals of a login.
Result<std::map<std::string, std::string>> query_row(const MysqlLogin& login,
                                                     const std::string& sql);

}  // namespace mrc::transport

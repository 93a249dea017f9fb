#pragma once

#include <string>

#include "mrc/transport/connector.hpp"

namespace mrc::transport {

/// The loop as one line without single quotes: for `sh -c '...' NONCE`.
const std::string& remote_loop();

/// What ssh hands to the login shell, whichever that is: the loop, by sudo when the target says so.
std::string remote_command(const Target& target, const std::string& nonce);

/// A word that no login prints by accident.
std::string make_nonce();

/// What sudo prints each time it wants a password: the second time, it has refused one.
inline constexpr char k_sudo_prompt[] = "mrc: sudo asks for the password";

}  // namespace mrc::transport

#pragma once

#include <string>
#include <vector>

#include "mrc/base/id.hpp"
#include "mrc/base/secret.hpp"
#include "mrc/shell/script.hpp"

/// A client in a server's own container, for a human.
namespace mrc::systems {

/// Run first: prints the name of the file that logs root in.
shell::Script client_login(const ServerId& server, const Secret& root_password);

/// Then this, which takes that file away as it begins. `arguments` are the client's.
shell::Text client_command(const ServerId& server,
                           const std::string& login,
                           bool terminal,
                           const std::vector<std::string>& arguments);

}  // namespace mrc::systems

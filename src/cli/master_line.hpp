#pragma once

#include <optional>
#include <string>

#include "mrc/base/id.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::cli {

/// The topology with another word where `mysql.master` has its value. Empty: that is written in a
/// way that is not replaced, as with an anchor.
std::optional<std::string> with_master(const std::string& text,
                                       const Located<ServerId>& master,
                                       const std::string& name);

/// The file becomes the text, whole or not at all. Returns why not; empty when it did.
std::string replace_file(const std::string& path, const std::string& text);

}  // namespace mrc::cli

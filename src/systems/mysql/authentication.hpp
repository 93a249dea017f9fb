#pragma once

#include "systems/mysql/desired.hpp"
#include "systems/mysql/probe.hpp"

/// MySQL's accounts that prove their passwords by mysql_native_password: all of 5.6 and 5.7, and
/// later ones where an option makes them so. 8.4 does not load that plugin unasked, and 9.0 has it
/// no more.
namespace mrc::systems::mysql {

inline constexpr std::string_view k_native_plugin = "mysql_native_password";
inline constexpr std::string_view k_plugin = "caching_sha2_password";

/// Of the accounts that mrc keeps.
bool is_root_native(const Desired& desired, const Observed& seen);
bool is_user_native(const Desired& desired, const Observed& seen);
/// How many accounts of other people are so.
std::uint64_t others_native(const Desired& desired, const Observed& seen);

/// mrc moves its own to the other plugin. Whoever has neither TLS nor the server's key could not
/// log in by that one.
bool moves_accounts(const Desired& desired);
/// The running server has the other plugin.
bool has_other_plugin(const Observed& seen);
/// The server as the file has it lets nobody in by the old plugin, and the running one does.
bool loses_native(const Desired& desired, const Server& server, const Observed& seen);

/// The line of a difference; root's has its name before it.
plan::DiffLine plugin_line(const std::string& field);

}  // namespace mrc::systems::mysql

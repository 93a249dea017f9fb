#include "systems/mysql/authentication.hpp"

namespace mrc::systems::mysql {
namespace {

bool asks_for_native(const Fields& fields) {
  bool asks = false;
  for (const auto& field : fields) {
    if (field.name != "mysqld --mysql-native-password" &&
        field.name != "mysqld --loose-mysql-native-password") {
      continue;
    }
    asks = field.value != "OFF" && field.value != "0";
  }
  return asks;
}

bool lets_native_in(topology::ServerVersion version, const Fields& options) {
  if (version < topology::ServerVersion{8, 4}) return true;
  return version < topology::ServerVersion{9, 0} && asks_for_native(options);
}

bool is_native(const Observed& seen, const std::string& account) {
  return seen.native.contains(account);
}

}  // namespace

bool is_root_native(const Desired& desired, const Observed& seen) {
  return is_native(seen, "root@localhost") || is_native(seen, "root@" + desired.root_host);
}

bool is_user_native(const Desired& desired, const Observed& seen) {
  return is_native(seen, desired.user + "@%");
}

std::uint64_t others_native(const Desired& desired, const Observed& seen) {
  std::uint64_t count = 0;
  for (const auto& [account, number] : seen.native) {
    if (account == "others" || (account == "root@%" && desired.root_host != "%")) count += number;
  }
  return count;
}

bool moves_accounts(const Desired& desired) {
  return desired.dialect.server_key && desired.tls != "off";
}

bool has_other_plugin(const Observed& seen) {
  const auto runs = parse_reported(seen.variable("version"));
  const auto* const dialect = runs ? find_dialect(runs->flavour, runs->version) : nullptr;
  return dialect != nullptr && dialect->server_key;
}

bool loses_native(const Desired& desired, const Server& server, const Observed& seen) {
  const auto runs = parse_reported(seen.variable("version"));
  if (!runs || !seen.container) return false;
  Fields wanted;
  for (const auto& argument : server.own_options) wanted.push_back(argument_field(argument));
  return lets_native_in(runs->version, seen.container->fields) &&
         !lets_native_in(desired.version, wanted);
}

plan::DiffLine plugin_line(const std::string& field) {
  return {plan::Change::update, field, std::string(k_native_plugin), std::string(k_plugin)};
}

}  // namespace mrc::systems::mysql

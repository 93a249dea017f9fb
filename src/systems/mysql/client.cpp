#include "mrc/systems/client.hpp"

#include "mysql_client.sh.hpp"
#include "systems/mysql/scripts.hpp"

namespace mrc::systems {
namespace {

/// An open file needs no name any more: whatever ends the client, no password stays behind.
constexpr std::string_view k_client = R"(f=$1
shift
exec 3<"$f" || exit 1
rm -f "$f"
client=mysql
command -v "$client" >/dev/null || client=mariadb
exec "$client" --defaults-extra-file=/dev/fd/3 --default-character-set=utf8mb4 -uroot "$@")";

}  // namespace

shell::Script client_login(const ServerId& server, const Secret& root_password) {
  shell::Script script;
  mysql::use_mysql(script)
      .use(embedded::mysql_client_sh)
      .line("mrc_mysql_open {} {}", server, script.secret_file(root_password));
  return script;
}

shell::Text client_command(const ServerId& server,
                           const std::string& login,
                           bool terminal,
                           const std::vector<std::string>& arguments) {
  return shell::Text("exec docker exec {} {} sh -c {} sh {} {}",
                     terminal ? "-it" : "-i",
                     server,
                     k_client,
                     login,
                     shell::words(arguments));
}

}  // namespace mrc::systems

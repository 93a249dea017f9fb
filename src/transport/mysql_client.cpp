#include "mrc/transport/mysql_client.hpp"

#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>

#include <algorithm>
#include <array>
#include <memory>

#include "mrc/base/bug.hpp"

namespace mrc::transport {
namespace {

struct CloseConnection {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
};
struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Connection = std::unique_ptr<MYSQL, CloseConnection>;
using Rows = std::unique_ptr<MYSQL_RES, FreeResult>;

Error refused(MYSQL* connection, ErrorKind otherwise) {
  constexpr std::array logins{1044U, 1045U, 1049U, 1130U, 1698U, 2059U, 2061U};
  const unsigned code = mysql_errno(connection);
  const bool login = std::find(logins.begin(), logins.end(), code) != logins.end();
  return {login ? ErrorKind::auth : otherwise,
          fmt::format("error {}: {}", code, mysql_error(connection)),
          {},
          static_cast<int>(code),
          {}};
}

/// Logs in, with TLS or without. Certificates are not checked: servers make their own. So nothing
/// but what is said below may reach somebody who has put himself in between, and a password as it
/// is never leaves without TLS:
///  - of the ways to log in that a server may ask for, those that show it the password are not on
///    the list (mysql_clear_password, dialog);
///  - caching_sha2_password shows it only inside TLS: without, it would go under a key that anybody
///    could give, so there it is not on the list either.
/// What a check asks for is no secret, and its account may only replicate.
Connection connect(const MysqlLogin& login, bool tls) {
  Connection connection(mysql_init(nullptr));
  MRC_CHECK(connection != nullptr);
  const auto seconds = static_cast<unsigned>(login.timeout.count());
  for (const auto option :
       {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT}) {
    mysql_options(connection.get(), option, &seconds);
  }
  mysql_options(connection.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const my_bool enforce = tls ? 1 : 0;
  const my_bool verify = 0;
  mysql_options(connection.get(), MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(connection.get(), MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  mysql_options(connection.get(),
                MARIADB_OPT_RESTRICTED_AUTH,
                tls ? "mysql_native_password,caching_sha2_password" : "mysql_native_password");
  mysql_real_connect(connection.get(),
                     login.address.c_str(),
                     login.user.c_str(),
                     login.password.open(SecretKey{}).c_str(),
                     nullptr,
                     login.port.number(),
                     nullptr,
                     0);
  return connection;
}

}  // namespace

Result<std::map<std::string, std::string>> query_row(const MysqlLogin& login,
                                                     const std::string& sql) {
  auto connection = connect(login, true);
  // A server without TLS, or with one of old that this machine does not speak any more.
  if (mysql_errno(connection.get()) == CR_SSL_CONNECTION_ERROR) connection = connect(login, false);
  if (mysql_errno(connection.get()) != 0) {
    return fail(refused(connection.get(), ErrorKind::unreachable));
  }
  if (mysql_real_query(connection.get(), sql.data(), sql.size()) != 0) {
    return fail(refused(connection.get(), ErrorKind::io));
  }
  const Rows rows(mysql_store_result(connection.get()));
  if (rows == nullptr || mysql_num_rows(rows.get()) != 1) {
    return fail(ErrorKind::unreadable, "the statement gave no single row");
  }
  const auto* const row = mysql_fetch_row(rows.get());
  const auto* const lengths = mysql_fetch_lengths(rows.get());
  const auto* const fields = mysql_fetch_fields(rows.get());
  std::map<std::string, std::string> values;
  for (unsigned i = 0; i < mysql_num_fields(rows.get()); ++i) {
    if (row[i] != nullptr) values[fields[i].name] = std::string(row[i], lengths[i]);
  }
  return values;
}

}  // namespace mrc::transport

#include "mrc/transport/mysql_client.hpp"

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

}  // namespace

Result<std::map<std::string, std::string>> query_row(const MysqlLogin& login,
                                                     const std::string& sql) {
  Connection connection(mysql_init(nullptr));
  MRC_CHECK(connection != nullptr);
  const auto seconds = static_cast<unsigned>(login.timeout.count());
  for (const auto option :
       {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT}) {
    mysql_options(connection.get(), option, &seconds);
  }
  mysql_options(connection.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(connection.get(),
                         login.address.c_str(),
                         login.user.c_str(),
                         login.password.open(SecretKey{}).c_str(),
                         nullptr,
                         login.port.number(),
                         nullptr,
                         0) == nullptr) {
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

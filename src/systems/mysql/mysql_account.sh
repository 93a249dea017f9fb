# The replication account: its password, its limits and its one privilege.

# The privileges of USER from anywhere, a line each: "REPLICATION SLAVE ON *.*".
mrc_mysql_grants_sql() {
  mrc_mysql_who="GRANTEE = '''$1''@''%'''"
  cat <<SQL
SELECT CONCAT(PRIVILEGE_TYPE, ' ON *.*') AS privilege FROM information_schema.USER_PRIVILEGES WHERE $mrc_mysql_who AND PRIVILEGE_TYPE <> 'USAGE'
UNION ALL SELECT 'GRANT OPTION ON *.*' FROM information_schema.USER_PRIVILEGES WHERE $mrc_mysql_who AND IS_GRANTABLE = 'YES' GROUP BY GRANTEE
UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_SCHEMA, '.*') FROM information_schema.SCHEMA_PRIVILEGES WHERE $mrc_mysql_who
UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.TABLE_PRIVILEGES WHERE $mrc_mysql_who
UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' (', COLUMN_NAME, ') ON ', TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.COLUMN_PRIVILEGES WHERE $mrc_mysql_who;
SQL
}

# The accounts whose plugin 8.4 does not load unasked and 9.0 has no more, and how many they are: root and USER by
# name, those of the server itself not, and all others together.
mrc_mysql_native_sql() {
  echo "SELECT CASE WHEN User = 'root' AND Host IN ('localhost', '%') OR User = '$1' AND Host = '%' THEN CONCAT(User, '@', Host)" \
    "ELSE 'others' END AS who, COUNT(*) FROM mysql.user" \
    "WHERE plugin = 'mysql_native_password' AND User NOT LIKE 'mysql.%' GROUP BY who;"
}

# mrc_mysql_native NAME ROOT_FILE USER HOST HOST: how many of these accounts have that plugin, and can have the other one.
mrc_mysql_native() {
  if [ -z "$(mrc_mysql_plugin)" ]; then
    echo 0
    return 0
  fi
  printf "SELECT COUNT(*) FROM mysql.user WHERE plugin = 'mysql_native_password' AND User = '%s' AND Host IN ('%s', '%s')\n" \
    "$3" "$4" "$5" | mrc_mysql "$1" root "$2" -N
}

# What the server asks of USER's connections, how they must be and how many at once, a tab between.
mrc_mysql_limits_sql() {
  echo "SELECT CASE ssl_type WHEN '' THEN 'NONE' WHEN 'ANY' THEN 'SSL' ELSE ssl_type END AS how, max_user_connections" \
    "FROM mysql.user WHERE User = '$1' AND Host = '%';"
}

# mrc_mysql_limit_sql USER REQUIRE CONNECTIONS
mrc_mysql_limit_sql() {
  printf "%s '%s'@'%%' REQUIRE %s WITH MAX_USER_CONNECTIONS %s\n" "$mrc_say_password" "$@"
}

# mrc_mysql_login NAME USER PASSWORD_FILE: as somebody who comes from outside. Whose password is right and who has
# all the connections that he may have is told so: that is no failure.
mrc_mysql_login() {
  echo 'SELECT 1' | mrc_mysql_far "$1" "$2" "$3" 127.0.0.1 2>"$MRC_D/login.err" >/dev/null && return 0
  grep -q '^ERROR 1226 ' "$MRC_D/login.err" && return 0
  cat "$MRC_D/login.err" >&2
  return 1
}

# mrc_mysql_account_password STATEMENT NAME ROOT_FILE USER REPL_FILE
mrc_mysql_account_password() {
  {
    printf "%s '%s'@'%%' " "$1" "$4"
    mrc_mysql_identified "$5"
  } | mrc_mysql "$2" root "$3"
}

# mrc_mysql_account NAME ROOT_FILE USER REPL_FILE REQUIRE CONNECTIONS: the replication account, with this
# password and its plugin, these limits and no privilege but its own. Asked first: each statement is a transaction for all
# slaves, even one that changes nothing. None of them ends a connection.
mrc_mysql_account() {
  mrc_mysql_meet "$1" "$2"
  mrc_mysql_limits=$(mrc_mysql_limits_sql "$3" | mrc_mysql "$1" root "$2" -N)
  mrc_mysql_account_is=there
  if [ -z "$mrc_mysql_limits" ]; then
    mrc_mysql_account_is=new mrc_mysql_limits='NONE	0'
    mrc_mysql_account_password "$mrc_say_new_user" "$1" "$2" "$3" "$4"
  fi
  if [ "$mrc_mysql_limits" != "$5	$6" ]; then
    mrc_mysql_limit_sql "$3" "$5" "$6" | mrc_mysql "$1" root "$2"
  fi
  if [ "$mrc_mysql_account_is" = there ]; then
    mrc_mysql_old=$(mrc_mysql_native "$1" "$2" "$3" % %)
    if [ "$mrc_mysql_old" != 0 ] || ! mrc_mysql_login "$1" "$3" "$4" 2>/dev/null; then
      mrc_mysql_account_password "$mrc_say_password" "$1" "$2" "$3" "$4"
    fi
  fi
  mrc_mysql_grants_sql "$3" | mrc_mysql "$1" root "$2" -N >"$MRC_D/grants"
  if grep -qvx 'REPLICATION SLAVE ON \*\.\*' "$MRC_D/grants"; then
    printf "REVOKE ALL PRIVILEGES, GRANT OPTION FROM '%s'@'%%'" "$3" | mrc_mysql "$1" root "$2"
    : >"$MRC_D/grants"
  fi
  if [ ! -s "$MRC_D/grants" ]; then
    printf "GRANT REPLICATION SLAVE ON *.* TO '%s'@'%%'" "$3" | mrc_mysql "$1" root "$2"
  fi
}

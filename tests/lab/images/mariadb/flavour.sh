# MariaDB's part of the entrypoint.
server=mariadbd
client=mariadb
brand=MariaDB

settings() {
  cat <<'CNF'
[mariadbd]
host-cache-size=0
skip-name-resolve
datadir=/var/lib/mysql
socket=/run/mysqld/mysqld.sock
pid-file=/run/mysqld/mysqld.pid
expire_logs_days=10
character-set-server=utf8mb4
[client-server]
socket=/run/mysqld/mysqld.sock
CNF
}

variable() {
  local wanted=MARIADB_$1 old=MYSQL_$1
  file_env "$wanted"
  file_env "$old"
  if [ -z "${!wanted:-}" ] && [ -n "${!old+set}" ]; then export "$wanted=${!old}"; fi
  if [ "$1" = ROOT_HOST ]; then ROOT_HOST=${MARIADB_ROOT_HOST-%}; else declare -g "$1=${!wanted:-}"; fi
}

initialise() {
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db \
    --default-time-zone=SYSTEM --skip-log-bin --expire-logs-days=0
}

# The official image loads all of them.
time_zones() { mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo/Europe/Berlin Europe/Berlin; }

# Its script escapes what it pastes.
literal() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\\\'}"
}

accounts() {
  local word name
  word=$(literal "$ROOT_PASSWORD")
  echo 'SET @@SESSION.SQL_LOG_BIN=0;'
  echo "DROP USER IF EXISTS root@'127.0.0.1', root@'::1'; DROP DATABASE IF EXISTS test;"
  for name in 127.0.0.1 ::1 localhost; do
    echo "CREATE USER healthcheck@'$name' IDENTIFIED BY $(literal "$RANDOM$RANDOM"); GRANT USAGE ON *.* TO healthcheck@'$name';"
  done
  echo "SET PASSWORD FOR 'root'@'localhost' = PASSWORD($word);"
  if [ -n "$ROOT_HOST" ] && [ "$ROOT_HOST" != localhost ]; then
    echo "CREATE USER 'root'@'$ROOT_HOST' IDENTIFIED BY $word; GRANT ALL ON *.* TO 'root'@'$ROOT_HOST' WITH GRANT OPTION;"
  fi
}

# Passwords do not stay in the server's environment.
forget() { unset "${!MARIADB_@}" "${!MYSQL_@}"; }

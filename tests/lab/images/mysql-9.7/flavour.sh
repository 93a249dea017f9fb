# MySQL's part of the entrypoint.
server=mysqld
client=mysql
brand=MySQL

settings() {
  cat <<'CNF'
[mysqld]
host-cache-size=0
skip-name-resolve
datadir=/var/lib/mysql
socket=/run/mysqld/mysqld.sock
secure-file-priv=/var/lib/mysql-files
user=mysql
pid-file=/run/mysqld/mysqld.pid
lc-messages-dir=/usr/share/mysql
[client]
socket=/run/mysqld/mysqld.sock
CNF
}

variable() {
  local wanted=MYSQL_$1
  file_env "$wanted"
  if [ "$1" = ROOT_HOST ]; then ROOT_HOST=${MYSQL_ROOT_HOST-%}; else declare -g "$1=${!wanted:-}"; fi
}

initialise() { "$@" --initialize-insecure --default-time-zone=SYSTEM; }

# Into the binary log, as in the official image, which loads all of them.
time_zones() { mysql_tzinfo_to_sql /usr/share/zoneinfo/Europe/Berlin Europe/Berlin; }

accounts() {
  echo 'SET @@SESSION.SQL_LOG_BIN=0;'
  if [ -n "$ROOT_HOST" ] && [ "$ROOT_HOST" != localhost ]; then
    echo "CREATE USER 'root'@'$ROOT_HOST' IDENTIFIED BY '$ROOT_PASSWORD';"
    echo "GRANT ALL ON *.* TO 'root'@'$ROOT_HOST' WITH GRANT OPTION;"
  fi
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$ROOT_PASSWORD';"
  echo "GRANT ALL ON *.* TO 'root'@'localhost' WITH GRANT OPTION; FLUSH PRIVILEGES; DROP DATABASE IF EXISTS test;"
}

# The variables stay in the server's environment.
forget() { :; }

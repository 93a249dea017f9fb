#!/bin/bash
# Behaves as the entrypoint of the official mysql:5.6 image does, its weaknesses included: passwords
# are pasted into SQL as they are, the time zones are loaded into the binary log, and a temporary
# server that has no TCP stands in while the data directory is made.
set -eu

data=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock

# file_env NAME: the variable, or the contents of the file that NAME_FILE names; never both.
file_env() {
  local name=$1 file="${1}_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
    echo >&2 "error: both $name and $file are set (but are exclusive)"
    exit 1
  fi
  if [ -n "${!file:-}" ]; then
    export "$name"="$(<"${!file}")"
  fi
  unset "$file"
}

wants_help() {
  local word
  for word in "$@"; do
    case $word in -'?' | --help | --print-defaults | -V | --version) return 0 ;; esac
  done
  return 1
}

case ${1:-} in -*) set -- mysqld "$@" ;; esac

if [ "${1:-}" = mysqld ] && [ "$(id -u)" = 0 ] && ! wants_help "$@"; then
  if ! problem=$(mysqld --user=mysql --verbose --help "${@:2}" 2>&1 >/dev/null); then
    echo >&2 "error: mysqld failed while attempting to check config"
    echo >&2 "command was: $*"
    echo >&2 "$problem"
    exit 1
  fi
  mkdir -p "$data"
  chown -R mysql:mysql "$data"
  exec setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi

if [ "${1:-}" = mysqld ] && ! wants_help "$@"; then
  file_env MYSQL_ROOT_PASSWORD
  file_env MYSQL_ROOT_HOST
  file_env MYSQL_DATABASE
  file_env MYSQL_USER
  file_env MYSQL_PASSWORD
  if [ ! -d "$data/mysql" ]; then
    if [ -z "${MYSQL_ROOT_PASSWORD:-}${MYSQL_ALLOW_EMPTY_PASSWORD:-}${MYSQL_RANDOM_ROOT_PASSWORD:-}" ]; then
      echo >&2 "error: database is uninitialized and password option is not specified"
      echo >&2 "  You need to specify one of MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD and MYSQL_RANDOM_ROOT_PASSWORD"
      exit 1
    fi
    echo 'Initializing database'
    cp -r /opt/mysql-5.6.24/template/. "$data/"
    echo 'Database initialized'

    "$@" --skip-networking --socket="$socket" &
    server=$!
    client=(mysql --protocol=socket -uroot -hlocalhost --socket="$socket")
    for left in {30..0}; do
      if echo 'SELECT 1' | "${client[@]}" >/dev/null 2>&1; then break; fi
      echo 'MySQL init process in progress...'
      sleep 1
    done
    if [ "$left" = 0 ]; then
      echo >&2 'MySQL init process failed.'
      exit 1
    fi

    if [ -z "${MYSQL_INITDB_SKIP_TZINFO:-}" ]; then
      "${client[@]}" mysql <<'SQL'
TRUNCATE TABLE time_zone;
TRUNCATE TABLE time_zone_name;
TRUNCATE TABLE time_zone_transition;
TRUNCATE TABLE time_zone_transition_type;
START TRANSACTION;
INSERT INTO time_zone (Use_leap_seconds) VALUES ('N');
INSERT INTO time_zone_name (Name, Time_zone_id) VALUES ('UTC', LAST_INSERT_ID());
COMMIT;
SQL
    fi
    if [ -n "${MYSQL_RANDOM_ROOT_PASSWORD:-}" ]; then
      MYSQL_ROOT_PASSWORD=$(head -c 24 /dev/urandom | base64)
      echo "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
    fi
    MYSQL_ROOT_PASSWORD=${MYSQL_ROOT_PASSWORD:-}
    "${client[@]}" <<SQL
SET @@SESSION.SQL_LOG_BIN=0;
DELETE FROM mysql.user WHERE user NOT IN ('root') OR host NOT IN ('localhost');
SET PASSWORD FOR 'root'@'localhost' = PASSWORD('$MYSQL_ROOT_PASSWORD');
GRANT ALL ON *.* TO 'root'@'localhost' WITH GRANT OPTION;
DROP DATABASE IF EXISTS test;
FLUSH PRIVILEGES;
SQL
    if [ -n "$MYSQL_ROOT_PASSWORD" ]; then
      printf '[client]\npassword="%s"\n' "$MYSQL_ROOT_PASSWORD" >/tmp/.init.cnf
      chmod 600 /tmp/.init.cnf
      client=(mysql --defaults-extra-file=/tmp/.init.cnf "${client[@]:1}")
    fi
    host=${MYSQL_ROOT_HOST-%}
    if [ -n "$host" ] && [ "$host" != localhost ]; then
      "${client[@]}" <<SQL
SET @@SESSION.SQL_LOG_BIN=0;
CREATE USER 'root'@'$host' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'$host' WITH GRANT OPTION;
SQL
    fi
    if [ -n "${MYSQL_DATABASE:-}" ]; then
      echo "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;" | "${client[@]}"
    fi
    if [ -n "${MYSQL_USER:-}" ] && [ -n "${MYSQL_PASSWORD:-}" ]; then
      echo "CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';" | "${client[@]}"
      if [ -n "${MYSQL_DATABASE:-}" ]; then
        echo "GRANT ALL ON \`$MYSQL_DATABASE\`.* TO '$MYSQL_USER'@'%';" | "${client[@]}"
      fi
    fi
    for file in /docker-entrypoint-initdb.d/*; do
      case $file in
        *.sh) echo "$0: running $file"; . "$file" ;;
        *.sql) echo "$0: running $file"; "${client[@]}" <"$file" ;;
        *.sql.gz) echo "$0: running $file"; gunzip -c "$file" | "${client[@]}" ;;
      esac
    done
    rm -f /tmp/.init.cnf
    if ! kill -s TERM "$server" || ! wait "$server"; then
      echo >&2 'MySQL init process failed.'
      exit 1
    fi
    echo 'MySQL init process done. Ready for start up.'
  fi
fi

exec "$@"

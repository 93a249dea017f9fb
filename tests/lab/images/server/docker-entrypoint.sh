#!/bin/bash
# Behaves as the entrypoints of the official images of today do, their weaknesses included: a temporary
# server without TCP stands in while the data directory is made, and what breaks off in the middle
# leaves a directory that later starts take for a finished one. What differs between MySQL and MariaDB
# is in flavour.sh.
set -eu

data=/var/lib/mysql
socket=/run/mysqld/mysqld.sock

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

# shellcheck source=/dev/null
. /usr/local/lib/flavour.sh

wants_help() {
  local word
  for word in "$@"; do
    case $word in -'?' | --help | --print-defaults | -V | --version) return 0 ;; esac
  done
  return 1
}

case ${1:-} in -*) set -- "$server" "$@" ;; esac
case ${1:-} in mysqld | mariadbd) ;; *) exec "$@" ;; esac
if wants_help "$@"; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  if ! problem=$("$1" --user=mysql --verbose --help "${@:2}" 2>&1 >/dev/null); then
    echo >&2 "error: $1 failed while attempting to check config"
    echo >&2 "$problem"
    exit 1
  fi
  chown -R mysql:mysql "$data"
  exec setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi

for name in ROOT_PASSWORD ROOT_HOST DATABASE USER PASSWORD; do variable "$name"; done

if [ ! -d "$data/mysql" ]; then
  if [ -z "$ROOT_PASSWORD${MYSQL_ALLOW_EMPTY_PASSWORD:-}" ]; then
    echo >&2 'error: database is uninitialized and password option is not specified'
    exit 1
  fi
  echo 'Initializing database files'
  initialise "$@"
  echo 'Database files initialized'
  "$@" --skip-networking --default-time-zone=SYSTEM --socket="$socket" &
  running=$!
  sql() { "$client" --no-defaults --protocol=socket -uroot -hlocalhost --socket="$socket" --comments "$@"; }
  for left in {60..0}; do
    if echo 'SELECT 1' | sql >/dev/null 2>&1; then break; fi
    if ! kill -0 "$running" 2>/dev/null; then left=0; fi
    if [ "$left" = 0 ]; then
      echo >&2 'Unable to start server.'
      exit 1
    fi
    sleep 1
  done
  if [ -z "${MYSQL_INITDB_SKIP_TZINFO:-}" ]; then time_zones | sql mysql; fi
  accounts | sql
  printf '[client]\npassword="%s"\n' "$ROOT_PASSWORD" >/tmp/.init.cnf
  chmod 600 /tmp/.init.cnf
  sql() { "$client" --defaults-file=/tmp/.init.cnf --protocol=socket -uroot -hlocalhost --socket="$socket" --comments "$@"; }
  if [ -n "$DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$DATABASE\`;" | sql; fi
  if [ -n "$USER" ] && [ -n "$PASSWORD" ]; then
    echo "CREATE USER '$USER'@'%' IDENTIFIED BY '$PASSWORD';" | sql
    if [ -n "$DATABASE" ]; then echo "GRANT ALL ON \`$DATABASE\`.* TO '$USER'@'%';" | sql; fi
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) echo "running $file"; . "$file" ;;
      *.sql) echo "running $file"; sql <"$file" ;;
    esac
  done
  rm -f /tmp/.init.cnf
  if ! kill -s TERM "$running" || ! wait "$running"; then
    echo >&2 'Unable to shut down server.'
    exit 1
  fi
  echo "$brand init process done. Ready for start up."
fi

forget
exec "$@"

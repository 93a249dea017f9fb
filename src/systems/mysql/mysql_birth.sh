# New data of a server: whether it takes its options, its directory, its first accounts.

# mrc_mysql_check_options NAME IMAGE OF DIALECT OPTION..: the server itself says, before any data is
# touched, whether it is one of this dialect and takes these options of the server OF: one that is refused in the
# middle of initialisation ruins the directory.
mrc_mysql_check_options() {
  mrc_mysql_image=$2 mrc_mysql_of=$3 mrc_mysql_dialect=$4
  mrc_mysql_drop_helpers "$1"
  mrc_mysql_check=$1.mrc-check
  shift 4
  mrc_mysql_status=0
  # shellcheck disable=SC2016 # the container's own shell
  docker run --rm --name "$mrc_mysql_check" --network none --entrypoint sh "$mrc_mysql_image" -c '
    server=mysqld
    if command -v mariadbd >/dev/null; then server=mariadbd; fi
    version=$("$server" --version) || exit 3
    printf "%s\n" "$version"
    # What makes it only say whether it takes them: MySQL has a word for that from 8.0.16 on.
    case $version in
      *MariaDB* | *"Ver 5."* | *"Ver 8.0."[0-9][!0-9]* | *"Ver 8.0.1"[0-5]*) set -- "$@" --verbose --help ;;
      *) set -- "$@" --validate-config ;;
    esac
    "$server" --user=mysql "$@" 2>&1' sh "$@" >"$MRC_D/options" 2>"$MRC_D/options.err" ||
    mrc_mysql_status=$?
  mrc_mysql_version=$(head -n 1 "$MRC_D/options")
  [ -n "$mrc_mysql_version" ] ||
    mrc_die "the server in $mrc_mysql_image does not tell its version: $(tail -n 1 "$MRC_D/options.err")"
  mrc_mysql_speak "$mrc_mysql_version"
  if [ "$mrc_say_name" != "$mrc_mysql_dialect" ]; then
    mrc_mend "write in the file what the image holds: mysql.version: \"$mrc_say_number$(
      case $mrc_say_name in MariaDB*) echo '-MariaDB' ;; esac)\""
    mrc_die "the server in $mrc_mysql_image is $mrc_say_number, of $mrc_say_name; the file has it as $mrc_mysql_dialect"
  fi
  if [ "$mrc_mysql_status" -ne 0 ]; then
    grep -E 'unknown (variable|option)' "$MRC_D/options" >"$MRC_D/refused" ||
      grep -F '[ERROR]' "$MRC_D/options" >"$MRC_D/refused" ||
      tail -n 3 "$MRC_D/options" >"$MRC_D/refused"
    mrc_evidence "the server itself" cat "$MRC_D/refused"
    mrc_mend "correct options in the file; what this server knows: docker run --rm --entrypoint mysqld $mrc_mysql_image --verbose --help"
    mrc_die "the server in $mrc_mysql_image refuses the options of $mrc_mysql_of: $(sed -n -e '1s/.*\[ERROR\] //' -e 1p "$MRC_D/refused")"
  fi
}

# mrc_mysql_make_root PATH: the folder of all data directories; what did not exist is noted beside
# them, so that the last to leave can take it away.
mrc_mysql_make_root() {
  [ ! -d "$1" ] || return 0
  mrc_mysql_first=$1
  while [ ! -d "$(dirname "$mrc_mysql_first")" ]; do mrc_mysql_first=$(dirname "$mrc_mysql_first"); done
  mkdir -p "$1"
  printf '%s\n' "$mrc_mysql_first" >"$1/.mrc"
}

# mrc_mysql_own NAME IMAGE DATA: the data directory is the user's as whom the image runs. One that begins as root gives
# it away by itself.
mrc_mysql_own() {
  mrc_mysql_runs_as=$(docker image inspect -f '{{.Config.User}}' "$2")
  case $mrc_mysql_runs_as in
    '' | root | root:* | 0 | 0:*) return 0 ;;
  esac
  mrc_mysql_uid=$(docker run --rm --name "$1.mrc-check" --network none --entrypoint id "$2" -u) ||
    mrc_die "the image $2 does not tell as whom it runs"
  chown -R "$mrc_mysql_uid" "$3"
}

# The accounts of a new server: root with the wanted password and hosts, and nobody else.
mrc_mysql_root_sql() {
  printf "SET SESSION sql_log_bin=0;\n%s\nDROP DATABASE IF EXISTS test;\n" "$mrc_say_anonymous"
  if [ "$2" != localhost ]; then
    printf "%s 'root'@'%s' " "$mrc_say_new_user" "$2"
    mrc_mysql_identified "$1"
    printf ";\nGRANT ALL PRIVILEGES ON *.* TO 'root'@'%s' WITH GRANT OPTION;\n" "$2"
  fi
  printf "%s 'root'@'localhost' " "$mrc_say_password"
  mrc_mysql_identified "$1"
  printf ';\n'
}

# mrc_mysql_init DEPLOYMENT NAME IMAGE ROOT ROOT_PASSWORD_FILE ROOT_HOST OPTION..: a data directory,
# made in a staging place and moved to its own when it is finished: whatever breaks off leaves no
# half-made one to be served. An empty one is what Docker makes where it finds none.
mrc_mysql_init() {
  mrc_mysql_home=$4/$2
  rmdir "$mrc_mysql_home/data" 2>/dev/null || :
  [ ! -d "$mrc_mysql_home/data" ] || return 0
  mrc_mysql_make_root "$4"
  mrc_mysql_birth init "$@"
  mrc_mysql_mark "$4" "$2" "$1"
  sync
  mv -T "$mrc_mysql_home/data.mrc-init" "$mrc_mysql_home/data"
  sync
}

# mrc_mysql_birth FOR DEPLOYMENT NAME IMAGE ROOT ROOT_PASSWORD_FILE ROOT_HOST OPTION..: new data in the directory
# data.mrc-FOR, made by the image without any network and without a binary log, its time zones with them, in the
# container NAME.mrc-FOR, which is gone then.
mrc_mysql_birth() {
  mrc_mysql_deployment=$2 mrc_mysql_name=$3 mrc_mysql_image=$4 mrc_mysql_home=$5/$3
  mrc_mysql_secret=$6 mrc_mysql_root_host=$7
  mrc_mysql_temporary=$3.mrc-$1
  mrc_mysql_staging=$mrc_mysql_home/data.mrc-$1
  shift 7
  rm -rf "$mrc_mysql_staging"
  mkdir -p "$mrc_mysql_staging"
  mrc_mysql_own "$mrc_mysql_name" "$mrc_mysql_image" "$mrc_mysql_staging"
  # Letters and digits only, as the image pastes it into SQL; the wanted password is set afterwards.
  mrc_mysql_word=$(tr -dc 'A-Za-z0-9' </dev/urandom | dd bs=32 count=1 iflag=fullblock 2>/dev/null)
  printf '%s' "$mrc_mysql_word" >"$MRC_D/init-password"
  chmod 0444 "$MRC_D/init-password" # read by the image's own user; the folder around it is closed
  docker run -d --name "$mrc_mysql_temporary" --network none --label "mrc.deployment=$mrc_mysql_deployment" \
    -v "$mrc_mysql_staging:/var/lib/mysql" -v "$MRC_D/init-password:/run/mrc-init-password:ro" \
    -e MYSQL_ROOT_PASSWORD_FILE=/run/mrc-init-password -e MYSQL_ROOT_HOST=localhost \
    "$mrc_mysql_image" "$@" >/dev/null
  mrc_mysql_wait "$mrc_mysql_temporary" "$MRC_D/init-password" 300 initialising
  # Some servers begin with a root for the host's name, which here is a container's that is gone soon.
  echo "SELECT Host FROM mysql.user WHERE User = 'root' AND Host NOT IN ('localhost', '$mrc_mysql_root_host')" |
    mrc_mysql "$mrc_mysql_temporary" root "$MRC_D/init-password" -N >"$MRC_D/other-roots"
  {
    mrc_mysql_root_sql "$mrc_mysql_secret" "$mrc_mysql_root_host"
    sed "s/.*/DROP USER 'root'@'&';/" "$MRC_D/other-roots"
  } | mrc_mysql "$mrc_mysql_temporary" root "$MRC_D/init-password"
  mrc_mysql_ready "$mrc_mysql_temporary" "$mrc_mysql_secret" ||
    mrc_die "the new server of $mrc_mysql_name does not take the password that it was given"
  : >"$MRC_D/no-password"
  if echo 'SELECT 1' | mrc_mysql "$mrc_mysql_temporary" root "$MRC_D/no-password" >/dev/null 2>&1; then
    mrc_die "the new server of $mrc_mysql_name lets root in without a password"
  fi
  docker stop -t 120 "$mrc_mysql_temporary" >/dev/null
  docker rm -v "$mrc_mysql_temporary" >/dev/null
}

# Functions for the mysql system's scripts; what servers call things is in dialect.sh. Passwords come as
# files of their exact bytes and leave only on a pipe into the container, where they live in a 0600
# option file for one client's time.

# The line of an option file that sets the password. A bare quote inside would be kept, but would let a
# later # begin a comment.
mrc_mysql_option() {
  printf 'password="'
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' "$1" | tr -d '\n'
  printf '"\n'
}

# The password as an SQL string, for a session of mrc_mysql.
mrc_mysql_literal() {
  printf "'"
  sed -e 's/\\/\\\\/g' -e "s/'/''/g" "$1" | tr -d '\n'
  printf "'"
}

# mrc_mysql_former ROOT_FILE BEFORE_FILE: from now on whoever is refused as root with the first password comes with
# the second: while a new one is on its way through the servers, some have it and some do not.
mrc_mysql_former() {
  mrc_mysql_wanted=$1 mrc_mysql_before=$2
}

# mrc_mysql CONTAINER USER PASSWORD_FILE [CLIENT_OPTION..] <SQL: rows as the client's -B gives them. Its sql_mode is
# none, whatever the server's options make of quotes, backslashes and bars for others.
# What fails is told as the server's own ERROR lines: some clients print the statement too, which may
# hold a password, and so may the part of a message behind "near". A client that reads from a connection which died
# without a word waits for ever: where that can be, $mrc_mysql_deadline is set, in seconds.
mrc_mysql() {
  mrc_mysql_container=$1 mrc_mysql_user=$2 mrc_mysql_password=$3
  shift 3
  mrc_mysql_status=0
  mrc_mysql_second=
  if [ "$mrc_mysql_user $mrc_mysql_password" = "root ${mrc_mysql_wanted:-}" ]; then mrc_mysql_second=$mrc_mysql_before; fi
  # shellcheck disable=SC2016 # the container's own shell
  {
    mrc_mysql_option "$mrc_mysql_password"
    if [ -n "$mrc_mysql_second" ]; then mrc_mysql_option "$mrc_mysql_second"; else echo; fi
    cat
  } | ${mrc_mysql_deadline:+timeout -s KILL "$mrc_mysql_deadline"} docker exec -i "$mrc_mysql_container" sh -c '
    umask 077
    f=$(mktemp) || exit 1
    trap "rm -f \"$f\"" EXIT
    IFS= read -r line
    IFS= read -r second
    printf "[client]\n%s\n" "$line" >"$f"
    user=$1
    shift
    client=mysql # which images of MariaDB have by another name
    command -v "$client" >/dev/null || client=mariadb
    if [ -n "$second" ] &&
      "$client" --defaults-extra-file="$f" --default-character-set=utf8mb4 -u"$user" -e "SELECT 1" 2>&1 </dev/null |
      grep -q "ERROR 1045"; then
      printf "[client]\n%s\n" "$second" >"$f"
    fi
    "$client" --defaults-extra-file="$f" --default-character-set=utf8mb4 \
      --init-command="SET SESSION sql_mode=0" -u"$user" -B "$@"
  ' sh "$mrc_mysql_user" "$@" 2>"$MRC_D/mysql.err" || mrc_mysql_status=$?
  [ "$mrc_mysql_status" -ne 0 ] || return 0
  if [ -n "${mrc_mysql_deadline:-}" ] && [ "$mrc_mysql_status" -gt 128 ]; then
    echo "no answer within $mrc_mysql_deadline s" >&2
  elif grep -q '^ERROR ' "$MRC_D/mysql.err"; then
    sed -n -e "s/ near '.*//" -e '/^ERROR /p' "$MRC_D/mysql.err" >&2
  else
    grep -v '^-' "$MRC_D/mysql.err" | tail -n 2 >&2
  fi
  return "$mrc_mysql_status"
}

# mrc_mysql_far CONTAINER USER PASSWORD_FILE ADDRESS [CLIENT_OPTION..] <SQL: the same from inside CONTAINER to the server at
# ADDRESS. Some clients insist on TLS unless told: $mrc_mysql_plain is set where that server has none. Others
# have it only when told: $mrc_mysql_tls is set where the user is let in by TLS alone. Where the file asks for the server's
# key instead of TLS, $mrc_mysql_key is set; never else, as whoever sits in between could give his own.
mrc_mysql_far() {
  mrc_mysql_container=$1 mrc_mysql_user=$2 mrc_mysql_password=$3 mrc_mysql_address=$4
  shift 4
  mrc_mysql "$mrc_mysql_container" "$mrc_mysql_user" "$mrc_mysql_password" -N -h "$mrc_mysql_address" -P 3306 \
    --protocol=tcp --connect-timeout=3 ${mrc_mysql_plain:+--skip-ssl} ${mrc_mysql_tls:+${mrc_say_tls:-}} \
    ${mrc_mysql_key:+${mrc_say_key:+--get-server-public-key}} "$@"
}

# By what accounts of mrc's prove their passwords; nothing: the server chooses. So it does where $mrc_mysql_open says that
# slaves have neither TLS nor the server's key, and could log in by its oldest plugin alone.
mrc_mysql_plugin() {
  [ -n "${mrc_mysql_open:-}" ] || printf '%s' "$mrc_say_plugin"
}

# 1 where a server takes writes; newer ones of MariaDB say it by words.
mrc_mysql_open_sql="SELECT CAST(@@GLOBAL.read_only AS CHAR) IN ('0', 'OFF')"

# What makes this password an account's: the password, or the hash that servers keep of it where they
# would log it as it is.
mrc_mysql_identified() {
  if [ "$mrc_say_secret" = hash ]; then
    # shellcheck disable=SC2059 # octal bytes, all of them
    mrc_mysql_hash=$(printf "$(sha1sum <"$1" | cut -c 1-40 | sed 's/../& /g' |
      { read -r mrc_mysql_pairs && for mrc_mysql_pair in $mrc_mysql_pairs; do printf '\\%03o' "0x$mrc_mysql_pair"; done; })" |
      sha1sum | cut -c 1-40 | tr 'a-f' 'A-F')
    printf "IDENTIFIED BY PASSWORD '*%s'" "$mrc_mysql_hash"
  else
    mrc_mysql_by=$(mrc_mysql_plugin)
    printf 'IDENTIFIED %sBY ' "${mrc_mysql_by:+WITH $mrc_mysql_by }"
    mrc_mysql_literal "$1"
  fi
}

# mrc_mysql_meet CONTAINER ROOT_FILE: asks the server for its version, once, and speaks its dialect.
mrc_mysql_meet() {
  [ "${mrc_mysql_met:-}" != "$1" ] || return 0
  mrc_mysql_seen=$(echo 'SELECT VERSION()' | mrc_mysql "$1" root "$2" -N) || return 1
  mrc_mysql_speak "$mrc_mysql_seen"
  mrc_mysql_met=$1
}

# The container's last words, and whether its disk is full, as evidence; the latter also in $mrc_mysql_full.
mrc_mysql_log() {
  mrc_evidence "last words of the container $1" docker logs --tail 60 "$1"
  mrc_mysql_full=
  mrc_mysql_dir=$(docker inspect -f \
    '{{range .Mounts}}{{if eq .Destination "/var/lib/mysql"}}{{.Source}}{{end}}{{end}}' "$1" 2>/dev/null || :)
  [ -d "$mrc_mysql_dir" ] || return 0
  if [ "$(df -P "$mrc_mysql_dir" | awk 'NR == 2 { print $5 + 0 }')" -ge 99 ]; then
    mrc_evidence "room for its data" df -hP "$mrc_mysql_dir"
    mrc_mysql_full=": the disk of its data is full"
    mrc_mend "make room on the disk of $mrc_mysql_dir, or give another data_root"
  fi
}

# mrc_mysql_ready CONTAINER PASSWORD_FILE: the real server answers, and its dialect is spoken from now
# on; the image's temporary one, which has no network, does not count.
mrc_mysql_ready() {
  mrc_mysql_seen=$(echo 'SELECT @@GLOBAL.skip_networking, VERSION()' | mrc_mysql "$1" root "$2" -N) || return 1
  case $mrc_mysql_seen in
    0*) ;;
    *) echo 'the image is still initialising'; return 1 ;;
  esac
  mrc_mysql_speak "${mrc_mysql_seen#*	}"
  mrc_mysql_met=$1
}

# mrc_mysql_wait CONTAINER PASSWORD_FILE SECONDS: until it is ready; a container that has ended, or that
# Docker keeps restarting, is told at once with its own last words.
mrc_mysql_wait() {
  mrc_mysql_end=$(($(date +%s) + $3))
  mrc_mysql_restarts=
  mrc_mysql_told=
  while :; do
    mrc_mysql_state=$(docker inspect -f '{{.State.Running}} {{.State.ExitCode}} {{.RestartCount}}' "$1")
    mrc_mysql_count=${mrc_mysql_state##* }
    : "${mrc_mysql_restarts:=$mrc_mysql_count}"
    case $mrc_mysql_state in
      true*) ;;
      *)
        if [ "$mrc_mysql_count" -eq 0 ]; then
          mrc_mysql_log "$1"
          mrc_die "the server of $1 ended with status $(echo "$mrc_mysql_state" | cut -d' ' -f2)$mrc_mysql_full"
        fi ;;
    esac
    if [ "$mrc_mysql_count" -gt "$((mrc_mysql_restarts + 1))" ]; then
      mrc_mysql_log "$1"
      mrc_die "the server of $1 ends again and again$mrc_mysql_full"
    fi
    if mrc_mysql_ready "$1" "$2" >"$MRC_D/ready" 2>&1; then return 0; fi
    if grep -q 'ERROR 1045' "$MRC_D/ready" && [ "${4:-}" != initialising ]; then
      mrc_mend "give the one that it has as mysql.root_password_before"
      mrc_die "the server of $1 refuses root's password${mrc_mysql_before:+, and the one before it}: its data was made with another one"
    fi
    if grep -q 'ERROR 1524' "$MRC_D/ready"; then
      mrc_mend "give mysql.options mysql_native_password: ON, which 8.4 knows, and apply twice: the second moves root; then take it out"
      mrc_die "the server of $1 lets root in by a plugin alone that it does not load: $(tail -n 1 "$MRC_D/ready")"
    fi
    if [ "$(date +%s)" -ge "$mrc_mysql_end" ]; then
      mrc_mysql_log "$1"
      mrc_die "the server of $1 did not answer in $3 s$mrc_mysql_full: $(tail -n 1 "$MRC_D/ready")"
    fi
    mrc_mysql_says=$(tail -n 1 "$MRC_D/ready")
    case $mrc_mysql_says in
      'ERROR 200'*) mrc_mysql_says='it does not answer yet' ;;
      'ERROR 1045'*) mrc_mysql_says='the image is still initialising' ;;
    esac
    if [ "$mrc_mysql_told" != "$mrc_mysql_says" ]; then
      mrc_mysql_told=$mrc_mysql_says
      mrc_note "waiting for the server of $1: $mrc_mysql_told"
    fi
    sleep 0.2
  done
}

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

# mrc_mysql_drop_helpers NAME: the containers that only a killed script leaves; also one that was
# made and never ran, which --rm does not take.
mrc_mysql_drop_helpers() {
  for mrc_mysql_helper in "$1.mrc-init" "$1.mrc-check" "$1.mrc-copy"; do
    if docker container inspect "$mrc_mysql_helper" >/dev/null 2>&1; then
      docker rm -f -v "$mrc_mysql_helper" >/dev/null
    fi
  done
}

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
  mrc_mysql_root_sql "$mrc_mysql_secret" "$mrc_mysql_root_host" |
    mrc_mysql "$mrc_mysql_temporary" root "$MRC_D/init-password"
  mrc_mysql_ready "$mrc_mysql_temporary" "$mrc_mysql_secret" ||
    mrc_die "the new server of $mrc_mysql_name does not take the password that it was given"
  : >"$MRC_D/no-password"
  if echo 'SELECT 1' | mrc_mysql "$mrc_mysql_temporary" root "$MRC_D/no-password" >/dev/null 2>&1; then
    mrc_die "the new server of $mrc_mysql_name lets root in without a password"
  fi
  docker stop -t 120 "$mrc_mysql_temporary" >/dev/null
  docker rm -v "$mrc_mysql_temporary" >/dev/null
}

# mrc_mysql_run NAME OPTION_AND_IMAGE..: docker run of the server. Where the host has IPv6, it is left on
# inside for the old Calico's tool, which breaks off half-way where only one side has it, and off where
# Calico is the only network, and of IPv4 only.
mrc_mysql_run() {
  mrc_mysql_name=$1
  shift
  mrc_mysql_ipv6_off=0
  if [ "$1 $2" = '--network none' ]; then mrc_mysql_ipv6_off=1; fi
  if [ -e /proc/net/if_inet6 ]; then
    set -- --sysctl "net.ipv6.conf.all.disable_ipv6=$mrc_mysql_ipv6_off" "$@"
  fi
  docker run -d --name "$mrc_mysql_name" "$@" >/dev/null
}

# mrc_mysql_stop_remove NAME DEPLOYMENT [adopt]: a master with a slave attached takes its time; a killed
# one costs a recovery. Somebody else's stays; one without a mark goes with `adopt`, but no volume of it.
mrc_mysql_stop_remove() {
  mrc_unwatch "$2" "$1"
  if ! docker container inspect "$1" >/dev/null 2>"$MRC_D/inspect.err"; then
    if grep -qi 'no such' "$MRC_D/inspect.err"; then return 0; fi
    mrc_die "$(cat "$MRC_D/inspect.err")"
  fi
  mrc_mysql_owner=$(docker inspect --type container -f '{{index .Config.Labels "mrc.deployment"}}' "$1")
  case $mrc_mysql_owner in
    "$2") ;;
    '' | '<no value>') [ "${3:-}" = adopt ] || mrc_die "the container $1 has no mark of mrc; it stays" ;;
    *) mrc_die "the container $1 is of the deployment $mrc_mysql_owner; it stays" ;;
  esac
  mrc_mysql_drop_helpers "$1"
  docker unpause "$1" >/dev/null 2>&1 || :
  docker stop -t 120 "$1" >/dev/null
  if [ "$mrc_mysql_owner" = "$2" ]; then docker rm -v "$1" >/dev/null; else docker rm "$1" >/dev/null; fi
}

# mrc_mysql_start NAME
mrc_mysql_start() {
  case $(docker inspect --type container -f '{{.State.Status}}' "$1") in
    paused) docker unpause "$1" >/dev/null ;;
    *) docker start "$1" >/dev/null ;;
  esac
}

# mrc_mysql_halt DEPLOYMENT NAME and mrc_mysql_resume DEPLOYMENT NAME ROOT_FILE ADDRESS: the server is down while
# its data is changed; its unit starts it and gives it back its address, also when the script is cut off between.
mrc_mysql_halt() {
  mrc_mysql_unit=mrc-$1.$2.service
  trap 'mrc_mysql_halted' EXIT
  trap 'exit 143' TERM HUP
  mrc_unwatch "$1" "$2"
  docker stop -t 120 "$2" >/dev/null
}
mrc_mysql_resume() {
  systemctl start "$mrc_mysql_unit"
  docker start "$2" >/dev/null
  mrc_mysql_wait "$2" "$3" 300
  mrc_wait 90 "the address of $2" mrc_mysql_addressed "$2" "$4"
}
mrc_mysql_halted() {
  systemctl start "$mrc_mysql_unit"
}
mrc_mysql_addressed() {
  mrc_mysql_has_address "$1" "$2" || { echo "its unit has not brought it back yet"; return 1; }
}

# mrc_mysql_renew DEPLOYMENT NAME DATA ROOT_FILE ADDRESS: the server makes itself another uuid as it starts.
mrc_mysql_renew() {
  mrc_mysql_halt "$1" "$2"
  rm -f "$3/auto.cnf"
  mrc_mysql_resume "$1" "$2" "$4" "$5"
}

# mrc_mysql_mark ROOT NAME DEPLOYMENT: the data directory is this deployment's from now on.
mrc_mysql_mark() {
  printf '{"mrc": 1, "deployment": "%s", "server": "%s"}\n' "$3" "$2" >"$MRC_D/mark"
  mrc_put "$MRC_D/mark" "$1/$2/.mrc" 0644
}

# mrc_mysql_role DATA LINE..: my.cnf in the data directory, which mysqld reads as it starts.
mrc_mysql_role() {
  mrc_mysql_data=$1
  shift
  {
    echo '# Written by mrc: the part that this server has in replication.'
    printf '%s\n' "$@"
  } >"$MRC_D/my.cnf"
  mrc_put "$MRC_D/my.cnf" "$mrc_mysql_data/my.cnf" 0644
}

# mrc_mysql_note DEPLOYMENT NAME: the record pins the image that its container was made from.
mrc_mysql_note() {
  mrc_mysql_made=$(docker inspect --type container -f '{"image": {{json .Config.Image}}, "id": {{json .Image}}}' "$2")
  mrc_record "$1" "mysql/$2/container" "$mrc_mysql_made"
}

# What all dialects' status is read as: the words of the oldest, and one way to spell the key, which 8.0.22 and older have
# small. A position is MariaDB's GTID.
mrc_mysql_reader='
  function say(name, value) {
    gsub(/Source/, "Master", name)
    gsub(/Replica_/, "Slave_", name)
    sub(/^Get_master/, "Get_Master", name)
    print prefix name "\t" value
    if (name == "Using_Gtid") print prefix "Auto_Position\t" (value == "Slave_Pos")
    if (name == "Gtid_IO_Pos") print prefix "Retrieved_Gtid_Set\t" value
  }'

# mrc_mysql_status NAME PASSWORD_FILE: the channel's status as `Field<TAB>value` lines; none: no slave. SQL
# on stdin is run before it.
mrc_mysql_status() {
  mrc_mysql_meet "$1" "$2" || return 1
  {
    cat
    printf '%s;\n%s\n' "$mrc_say_status" "$mrc_say_applied"
  } | mrc_mysql "$1" root "$2" | awk -F '\t' -v prefix= "$mrc_mysql_reader"'
    $0 == "Executed_Gtid_Set" { applied = 1; next }
    applied { if (n) say("Executed_Gtid_Set", $0); next }
    NR == 1 { split($0, name, FS) }
    NR == 2 { n = NF; for (i = 1; i <= n; i++) say(name[i], $i) }'
}

mrc_mysql_field() {
  awk -F '\t' -v field="$2" '$1 == field { print $2 }' "$1"
}

# What the master has executed, and what of it is no more in its binary logs, a tab between; asked as the
# replication user from inside the slave's container.
mrc_mysql_master_sets() {
  printf 'SELECT %s, %s\n' "$mrc_say_executed" "$mrc_say_purged" |
    mrc_mysql_far "$1" "$3" "$4" "$2"
}
mrc_mysql_master_set() {
  mrc_mysql_sets=$(mrc_mysql_master_sets "$@") || return 1
  printf '%s\n' "$mrc_mysql_sets" | cut -f 1
}

# The same, or refused, which no waiting mends.
mrc_mysql_master_told() {
  mrc_mysql_master_sets "$@" 2>"$MRC_D/master.err" && return 0
  cat "$MRC_D/master.err"
  grep -q 'ERROR 1045' "$MRC_D/master.err"
}

# mrc_mysql_within NAME ROOT_FILE OF IN: 1 where the transactions IN have all of OF, else 0.
mrc_mysql_within() {
  if [ "$mrc_say_gtids" = uuids ]; then
    printf "SELECT GTID_SUBSET('%s', '%s')" "$3" "$4" | mrc_mysql "$1" root "$2" -N
  else
    printf '%s\n%s\n' "$3" "$4" | awk '
      { n = split($0, part, ",") }
      NR == 1 { for (i = 1; i <= n; i++) if (split(part[i], gtid, "-") == 3) of[gtid[1]] = gtid[3] }
      NR == 2 { for (i = 1; i <= n; i++) if (split(part[i], gtid, "-") == 3 && gtid[3] + 0 > has[gtid[1]] + 0) has[gtid[1]] = gtid[3] }
      END { all = 1; for (domain in of) if (of[domain] + 0 > has[domain] + 0) all = 0; print all }'
  fi
}

# mrc_mysql_errant NAME ROOT_FILE MASTER_ADDRESS USER REPL_FILE: transactions of this slave that its master
# has not. The slave is read first: read later, it could have more than the master had then.
mrc_mysql_errant() {
  mrc_mysql_meet "$1" "$2" || return 1
  if [ "$mrc_say_gtids" = uuids ]; then
    mrc_mysql_mine=$(printf 'SELECT %s\n' "$mrc_say_executed" | mrc_mysql "$1" root "$2" -N) || return 1
    mrc_mysql_its=$(mrc_mysql_master_set "$1" "$3" "$4" "$5") || return 1
    printf "SELECT GTID_SUBTRACT('%s', '%s')" "$mrc_mysql_mine" "$mrc_mysql_its" | mrc_mysql "$1" root "$2" -N
    return
  fi
  # What it logged under its own number; what it was given has the number of where it came from.
  mrc_mysql_mine=$(echo 'SELECT @@GLOBAL.server_id, @@GLOBAL.gtid_binlog_state' | mrc_mysql "$1" root "$2" -N) || return 1
  mrc_mysql_its=$(echo 'SELECT @@GLOBAL.gtid_binlog_state' |
    mrc_mysql_far "$1" "$4" "$5" "$3") || return 1
  printf '%s\n%s\n' "$mrc_mysql_its" "$mrc_mysql_mine" | awk -F '\t' '
    { n = split($NF, part, ",") }
    NR == 1 { for (i = 1; i <= n; i++) { split(part[i], gtid, "-"); its[gtid[1] "-" gtid[2]] = gtid[3] } }
    NR == 2 { for (i = 1; i <= n; i++) { split(part[i], gtid, "-")
      if (gtid[2] == $1 && gtid[3] + 0 > its[gtid[1] "-" gtid[2]] + 0) print part[i] } }'
}

# mrc_mysql_directory NAME: its data, on the host.
mrc_mysql_directory() {
  docker inspect --type container -f \
    '{{range .Mounts}}{{if eq .Destination "/var/lib/mysql"}}{{.Source}}{{end}}{{end}}' "$1"
}

# mrc_mysql_size DIRECTORY: kilobytes of its data, logs apart.
mrc_mysql_size() {
  { du -skc "$1"/*/ "$1"/ibdata* 2>/dev/null || :; } | tail -n 1 | cut -f 1
}

# mrc_mysql_purged_sql NAME: an expression of what is no more in its binary logs. MariaDB knows the position at
# which a log begins, and its host which is the first.
mrc_mysql_purged_sql() {
  mrc_mysql_first=
  if [ "$mrc_say_gtids" = positions ]; then
    mrc_mysql_first=$(sed -n '1s|.*/||p' "$(mrc_mysql_directory "$1")/mysql-bin.index" 2>/dev/null || :)
  fi
  if [ -n "$mrc_mysql_first" ]; then
    printf "IFNULL(BINLOG_GTID_POS('%s', 4), '')" "$mrc_mysql_first"
  else
    printf '%s' "$mrc_say_purged"
  fi
}

# mrc_mysql_password_sql NAME REPL_FILE: an SQL expression, 1 where the channel keeps this password: by a
# hash, as a server may log what it is asked; or of a file of the data that only root reads.
mrc_mysql_password_sql() {
  if [ "$mrc_say_channel" = table ]; then
    mrc_mysql_sum=$({ printf '%s ' "$1" && cat "$2"; } | sha256sum | cut -c 1-64)
    printf "SHA2(CONCAT('%s ', CAST(User_password AS BINARY)), 256) = '%s'" "$1" "$mrc_mysql_sum"
    return 0
  fi
  if [ "$(sed -n 6p "$(mrc_mysql_directory "$1")/master.info" 2>/dev/null)" = "$(cat "$2")" ]; then echo 1; else echo 0; fi
}

# mrc_mysql_channel_sql NAME REPL_FILE: asks for what a channel keeps and does not show, its heartbeats'
# period and whether the password is this one; no row, or one of zeros: no slave.
mrc_mysql_channel_sql() {
  mrc_mysql_right=$(mrc_mysql_password_sql "$1" "$2")
  case $mrc_say_channel in
    table) printf 'SELECT Heartbeat, %s FROM mysql.slave_master_info%s' "$mrc_mysql_right" "$mrc_say_own_channel" ;;
    file) printf "SELECT VARIABLE_VALUE + 0, %s FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='SLAVE_HEARTBEAT_PERIOD'" "$mrc_mysql_right" ;;
  esac
}

# mrc_mysql_channel NAME ROOT_FILE REPL_FILE STATUS_FILE: the channel's settings in one line.
mrc_mysql_channel() {
  mrc_mysql_retries=$(mrc_mysql_field "$4" Master_Retry_Count)
  mrc_mysql_keyed=$(mrc_mysql_field "$4" Get_Master_public_key)
  printf '%s:%s %s auto=%s every=%s tries=%s tls=%s key=%s delay=%s ' \
    "$(mrc_mysql_field "$4" Master_Host)" "$(mrc_mysql_field "$4" Master_Port)" "$(mrc_mysql_field "$4" Master_User)" \
    "$(mrc_mysql_field "$4" Auto_Position)" "$(mrc_mysql_field "$4" Connect_Retry)" "${mrc_mysql_retries:-86400}" \
    "$(mrc_mysql_field "$4" Master_SSL_Allowed)" "${mrc_mysql_keyed:-0}" "$(mrc_mysql_field "$4" SQL_Delay)"
  mrc_mysql_channel_sql "$1" "$3" | mrc_mysql "$1" root "$2" -N | tr '\t' ' '
}

# mrc_mysql_change MASTER_ADDRESS USER REPL_FILE TLS: the statements that make a channel. A retry after
# 10 s: a slave comes back soon after its master does. A heartbeat each second: see --slave-net-timeout.
# TLS is said either way, as servers do not agree on what goes without saying.
mrc_mysql_change() {
  mrc_mysql_word=$mrc_say_source
  printf "%s %s_HOST='%s', %s_PORT=3306, %s_USER='%s', " \
    "$mrc_say_change" "$mrc_mysql_word" "$1" "$mrc_mysql_word" "$mrc_mysql_word" "$2"
  printf '%s%s_CONNECT_RETRY=10, %s%s_HEARTBEAT_PERIOD=1, %s_DELAY=0, %s, ' \
    "$mrc_say_demote" "$mrc_mysql_word" "$mrc_say_retries" "$mrc_mysql_word" "$mrc_mysql_word" "$mrc_say_position"
  printf '%s_SSL=%s, ' "$mrc_mysql_word" "$([ "$4" = on ] && echo 1 || echo 0)"
  if [ -n "$mrc_say_key" ]; then
    printf 'GET_%s_PUBLIC_KEY=%s, ' "$mrc_mysql_word" "$([ "$4" = server-key ] && echo 1 || echo 0)"
  fi
  printf '%s_PASSWORD=' "$mrc_mysql_word"
  mrc_mysql_literal "$3"
  printf ';\n'
}

# mrc_mysql_replicate NAME ROOT_FILE MASTER_ADDRESS USER REPL_FILE TLS
# The connection is always a new one: an old one may be dead and still say Yes, as when it was made
# before the container had its interface, or when the other end went without a word. The new one has
# proved itself when the slave got what it lacked, or something new: a heartbeat of a master that has
# nothing to send, or a transaction.
mrc_mysql_replicate() {
  mrc_mysql_meet "$1" "$2"
  if ! mrc_wait 90 "the master $3 to be reached by $4 from $1" mrc_mysql_master_told "$1" "$3" "$4" "$5"; then
    mrc_evidence "the way to it" ip -4 route get "$3"
    mrc_mend "see what drops TCP 3306 to $3 between the two hosts: iptables-save on both, calicoctl status"
    exit 124
  fi
  # shellcheck disable=SC2154 # mrc_wait keeps what the command said
  case $mrc_wait_out in
    ERROR*)
      mrc_mend "look for a narrower account that wins on the master: SELECT User, Host FROM mysql.user WHERE User IN ('$4', '')"
      mrc_die "the master $3 refuses $4 from $1: $mrc_wait_out" ;;
  esac
  mrc_mysql_set=$(printf '%s\n' "$mrc_wait_out" | cut -f 1)
  mrc_mysql_purged=$(printf '%s\n' "$mrc_wait_out" | cut -f 2)
  mrc_mysql_status "$1" "$2" >"$MRC_D/status"
  if [ -s "$MRC_D/status" ]; then mrc_say_demote=; fi
  mrc_mysql_change "$3" "$4" "$5" "$6" >"$MRC_D/change.sql"
  mrc_mysql_tls="$([ "$6" = on ] && echo Yes || echo No) key=$([ "$6" = server-key ] && echo 1 || echo 0)"
  if [ ! -s "$MRC_D/status" ]; then
    mrc_mysql "$1" root "$2" <"$MRC_D/change.sql"
  elif mrc_mysql_relay_broken; then
    mrc_mysql_refetch "$1" "$2"
  elif [ "$(mrc_mysql_channel "$1" "$2" "$5" "$MRC_D/status")" != \
    "$3:3306 $4 auto=1 every=10 tries=86400 tls=$mrc_mysql_tls delay=0 1 1" ]; then
    { echo "STOP $mrc_say_slave;" && cat "$MRC_D/change.sql"; } | mrc_mysql "$1" root "$2"
  fi
  echo "STOP $mrc_say_slave IO_THREAD;" | mrc_mysql_status "$1" "$2" >"$MRC_D/status"
  mrc_mysql_has=$(mrc_mysql_sets_of "$MRC_D/status")
  mrc_mysql_beats=$(echo "$mrc_say_heartbeats" | mrc_mysql "$1" root "$2" -N)
  mrc_mysql_had_all=$(mrc_mysql_within "$1" "$2" "$mrc_mysql_set" "$mrc_mysql_has")
  if [ "$(mrc_mysql_within "$1" "$2" "$mrc_mysql_purged" "$mrc_mysql_has")" = 0 ]; then
    mrc_mend "mrc apply again: it sees now that $1 needs a copy of its master"
    mrc_die "$1 cannot catch up: the binary logs of its master begin after what it has (purged: $mrc_mysql_purged)"
  fi
  if ! echo "START $mrc_say_slave" | mrc_mysql "$1" root "$2" 2>"$MRC_D/start.err"; then
    grep -q 'ERROR 1872' "$MRC_D/start.err" || mrc_die "$(cat "$MRC_D/start.err")"
    mrc_mysql_refetch "$1" "$2"
    echo "START $mrc_say_slave" | mrc_mysql "$1" root "$2"
  fi
  mrc_wait 60 "both threads of $1" mrc_mysql_threads_settled "$1" "$2"
  if ! mrc_mysql_threads "$1" "$2" >"$MRC_D/why"; then
    case $mrc_mysql_errno in
      1950) mrc_mend "mrc apply again: it names the transactions of $1 that its master lacks" ;;
      1062) mrc_mend "compare that row with the master's; remove it on $1 with sql_log_bin=0, and apply again" ;;
      1032) mrc_mend "compare that row with the master's; put it on $1 with sql_log_bin=0, and apply again" ;;
      *) mrc_mend "mend the data of $1 where they differ from the master's, with sql_log_bin=0" ;;
    esac
    mrc_die "the replication of $1 stopped: $(tail -n 1 "$MRC_D/why")"
  fi
  # shellcheck disable=SC2059 # the dialect's own format
  if [ "$(printf "SELECT $mrc_say_waited" "$mrc_mysql_set" 120 | mrc_mysql "$1" root "$2" -N)" != 1 ]; then
    mrc_mysql_threads "$1" "$2" >&2 || :
    mrc_die "$1 has not caught up with its master after 120 s"
  fi
  if [ "$mrc_mysql_had_all" = 1 ]; then
    mrc_wait 20 "something of the master in $1" mrc_mysql_hears "$1" "$2" "$mrc_mysql_beats" "$mrc_mysql_has"
  fi
}

# The slave's status tells that its relay log cannot be read or written.
mrc_mysql_relay_broken() {
  for mrc_mysql_part in IO SQL; do
    case $(mrc_mysql_field "$MRC_D/status" "Last_${mrc_mysql_part}_Errno") in
      1594 | 1595 | 1872 | 13121 | 13122) return 0 ;;
    esac
  done
  return 1
}

# mrc_mysql_refetch NAME ROOT_FILE: what it has received and not applied comes from the master anew.
mrc_mysql_refetch() {
  mrc_note "the relay log of $1 is fetched anew"
  { echo "STOP $mrc_say_slave; RESET $mrc_say_slave;" && cat "$MRC_D/change.sql"; } | mrc_mysql "$1" root "$2"
}

# What a slave has applied or received, of its status.
mrc_mysql_sets_of() {
  printf '%s,%s\n' "$(mrc_mysql_field "$1" Executed_Gtid_Set)" "$(mrc_mysql_field "$1" Retrieved_Gtid_Set)" | sed 's/\\n//g'
}

# mrc_mysql_hears NAME ROOT_FILE BEATS SET: the slave has heard its master since it had heard this many
# heartbeats and had this set.
mrc_mysql_hears() {
  mrc_mysql_now=$(echo "$mrc_say_heartbeats" | mrc_mysql "$1" root "$2" -N) || { echo "$mrc_mysql_now"; return 1; }
  [ "$mrc_mysql_now" -le "$3" ] || return 0
  mrc_mysql_status "$1" "$2" >"$MRC_D/heard" || return 1
  mrc_mysql_old=$(mrc_mysql_within "$1" "$2" "$(mrc_mysql_field "$MRC_D/heard" Retrieved_Gtid_Set | sed 's/\\n//g')" "$4") || return 1
  [ "$mrc_mysql_old" = 0 ] || { echo 'its threads say Yes, but nothing comes'; return 1; }
}

# Both threads run, or one has stopped with an error, which no waiting mends.
mrc_mysql_threads_settled() {
  mrc_mysql_threads "$1" "$2" && return 0
  [ "$mrc_mysql_applier" = No ] && [ "${mrc_mysql_errno:-0}" != 0 ] && return 0
  mrc_mysql_errno=$(mrc_mysql_field "$MRC_D/threads" Last_IO_Errno)
  [ "$mrc_mysql_io" = No ] && [ "${mrc_mysql_errno:-0}" != 0 ]
}

# Both threads run; else why not, in the server's own words, without the statement that failed: it may
# hold a password.
mrc_mysql_threads() {
  mrc_mysql_status "$1" "$2" >"$MRC_D/threads" || return 1
  mrc_mysql_io=$(mrc_mysql_field "$MRC_D/threads" Slave_IO_Running)
  mrc_mysql_applier=$(mrc_mysql_field "$MRC_D/threads" Slave_SQL_Running)
  [ "$mrc_mysql_io $mrc_mysql_applier" != 'Yes Yes' ] || return 0
  printf 'Slave_IO_Running: %s, Slave_SQL_Running: %s' "${mrc_mysql_io:-none}" "${mrc_mysql_applier:-none}"
  for mrc_mysql_part in IO SQL; do
    mrc_mysql_errno=$(mrc_mysql_field "$MRC_D/threads" "Last_${mrc_mysql_part}_Errno")
    if [ "${mrc_mysql_errno:-0}" != 0 ]; then
      mrc_mysql_error=
      if [ "$mrc_mysql_part" = SQL ] && [ -n "$mrc_say_applier" ]; then
        mrc_mysql_error=$(echo "$mrc_say_applier" | mrc_mysql "$1" root "$2" -N) || :
      fi
      printf ', Last_%s_Errno %s: %s' "$mrc_mysql_part" "$mrc_mysql_errno" \
        "${mrc_mysql_error:-$(mrc_mysql_field "$MRC_D/threads" "Last_${mrc_mysql_part}_Error" | sed "s/ Query: '.*//")}"
    fi
  done
  printf '\n'
  return 1
}

# Both threads run, or it is not for want of a connection that is tried again.
mrc_mysql_tried() {
  mrc_mysql_threads "$1" "$2" || [ "$mrc_mysql_io" != Connecting ]
}

# mrc_mysql_marked DEPLOYMENT: the servers whose containers on this host have its mark.
mrc_mysql_marked() {
  docker version >/dev/null 2>&1 || return 0
  docker ps -a --filter "label=mrc.deployment=$1" --format '{{.Label "mrc.server"}}' >"$MRC_D/marked"
  sed -n 's/^./marked	&/p' "$MRC_D/marked" | sort -u
}

# mrc_mysql_probe NAME ROOT DEPLOYMENT ROOT_FILE REPL_USER REPL_FILE IMAGE ADOPT ADDRESS: what is there of
# one server, a tab between a word and its value; ends with `end`. ADOPT yes: one without a mark is asked too.
mrc_mysql_probe() {
  printf 'server\t%s\n' "$1"
  if [ -n "$(ls -A "$2/$1/data" 2>/dev/null)" ]; then
    printf 'data\t%s\n' "$(sed -n 's/.*"deployment": "\([^"]*\)".*/\1/p' "$2/$1/.mrc" 2>/dev/null)"
  fi
  if [ -f "$2/$1/data/my.cnf" ]; then
    printf 'role\t%s\n' "$(grep -v '^#' "$2/$1/data/my.cnf" | tr '\n' ';')"
  fi
  if [ -f "$2/$1/data/mrc.upgrade" ]; then printf 'upgrade\tbegun\n'; fi
  if [ -f "$2/$1/data/mrc.version" ]; then printf 'had\t%s\n' "$(cat "$2/$1/data/mrc.version")"; fi
  if [ -f "$2/$1/data/mrc.version-before" ]; then
    printf 'had_before\t%s\n' "$(cat "$2/$1/data/mrc.version-before")"
  fi
  if [ -e "$2/$1/data.mrc-init" ] || [ -e "$2/$1/data.mrc-copy" ]; then printf 'staging\tyes\n'; fi
  if ! docker version >/dev/null 2>&1; then
    printf 'docker\tdown\nend\t%s\n' "$1"
    return 0
  fi
  mrc_mysql_image_says "$7"
  mrc_mysql_found=$(docker inspect --type container -f \
    '{{.State.Status}}	{{index .Config.Labels "mrc.deployment"}}	{{.Image}}' "$1" 2>"$MRC_D/inspect.err") || {
    grep -qi 'no such' "$MRC_D/inspect.err" || mrc_die "docker inspect $1: $(cat "$MRC_D/inspect.err")"
    printf 'end\t%s\n' "$1"
    return 0
  }
  printf 'container\t%s\n' "$mrc_mysql_found"
  mrc_mysql_fields "$1" "${mrc_mysql_found##*	}"
  if mrc_mysql_has_address "$1" "$9"; then printf 'address\tyes\n'; fi
  printf 'wanted_image\t%s\n' "$(docker image inspect -f '{{.Id}}' "$7" 2>/dev/null || :)"
  case $mrc_mysql_found in
    running*"	$3	"*) mrc_mysql_probe_sql "$1" "$4" "$5" "$6" ;;
    running*'		'* | running*'	<no value>	'*) if [ "$8" = yes ]; then mrc_mysql_probe_sql "$1" "$4" "$5" "$6"; fi ;;
  esac
  printf 'end\t%s\n' "$1"
}

# mrc_mysql_image_says IMAGE: the version that the image's own variables have, where it is there and has any.
mrc_mysql_image_says() {
  docker image inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$1" 2>/dev/null |
    sed -n -e 's/^MARIADB_VERSION=\([0-9]*:\)\{0,1\}\([0-9.]*\).*/image_version	\2-MariaDB/p' \
      -e 's/^\(MYSQL_VERSION\|PS_VERSION\)=\([0-9.]*\).*/image_version	\2/p' | head -n 1
}

# mrc_mysql_has_address NAME ADDRESS: the container has it on an interface, as its kernel tells.
mrc_mysql_has_address() {
  mrc_mysql_pid=$(docker inspect --type container -f '{{.State.Pid}}' "$1") || return 1
  [ "$mrc_mysql_pid" -gt 0 ] && grep -q "|-- $2\$" "/proc/$mrc_mysql_pid/net/fib_trie" 2>/dev/null
}

# mrc_mysql_fields NAME IMAGE_ID: what the container was made with, values as JSON. Of what the image brings
# itself, only what differs from it; of its environment, which may hold passwords, the names.
mrc_mysql_fields() {
  docker inspect --type container -f '
field	image	{{json .Config.Image}}
field	hostname	{{json .Config.Hostname}}
field	restart policy	{{json .HostConfig.RestartPolicy.Name}}
field	stop timeout	{{json (index .Config "StopTimeout")}}
field	network	{{json .HostConfig.NetworkMode}}
field	privileged	{{json .HostConfig.Privileged}}
field	memory	{{json .HostConfig.Memory}}
field	cpus	{{json .HostConfig.NanoCpus}}
{{range .Mounts}}field	mount	{{if .RW}}{{json (printf "%s:%s" .Source .Destination)}}{{else}}{{json (printf "%s:%s:ro" .Source .Destination)}}{{end}}
{{if eq .Destination "/var/lib/mysql"}}field	data	{{json .Source}}
{{end}}{{end}}{{range $port, $to := .HostConfig.PortBindings}}field	published port	{{json $port}}
{{end}}{{range .Config.Cmd}}field	mysqld	{{json .}}
{{end}}' "$1" >"$MRC_D/fields"
  # Volumes without a name come from the image.
  grep -v -e '^$' -e '^field	mount	"[^"]*/[0-9a-f]\{64\}/_data:' "$MRC_D/fields"
  # shellcheck disable=SC2016 # Go's dollars, not the shell's
  mrc_mysql_of_image='{{range .Config.Env}}environment	{{json .}}
{{end}}{{range $key, $value := .Config.Labels}}label	{{json (printf "%s=%s" $key $value)}}
{{end}}user	{{json .Config.User}}
entrypoint	{{json .Config.Entrypoint}}
'
  docker inspect --type container -f "$mrc_mysql_of_image" "$1" >"$MRC_D/own"
  docker image inspect -f "$mrc_mysql_of_image" "$2" 2>/dev/null >"$MRC_D/brought" || return 0
  echo >>"$MRC_D/brought"
  grep -vxF -f "$MRC_D/brought" "$MRC_D/own" |
    sed -e 's/^\(environment	"[^=]*\)=.*/\1"/' -e 's/^/field	/'
}

mrc_mysql_probe_sql() {
  if ! mrc_mysql_meet "$1" "$2" 2>"$MRC_D/answers.err"; then
    printf 'sql\t%s\n' "$(tail -n 1 "$MRC_D/answers.err")"
    return 0
  fi
  if [ -n "${mrc_mysql_before:-}" ] && mrc_mysql_refuses "$1" "$2"; then printf 'root\tbefore\n'; fi
  if ! mrc_mysql "$1" root "$2" >"$MRC_D/answers" 2>"$MRC_D/answers.err" <<SQL; then
SELECT 0 AS mrc_part_var;
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version','server_id','server_uuid','gtid_mode','read_only','super_read_only','skip_networking','log_bin_basename','rpl_semi_sync_replica_enabled','rpl_semi_sync_slave_enabled','gtid_binlog_state');
SELECT 0 AS mrc_part_var;
SELECT 'gtid_executed' AS name, $mrc_say_executed AS value UNION ALL SELECT 'gtid_purged', $(mrc_mysql_purged_sql "$1") UNION ALL SELECT 'heard_seconds_ago', IFNULL($mrc_say_heard, '');
SELECT 0 AS mrc_part_account;
SELECT COUNT(*) FROM mysql.user WHERE User = '$3' AND Host = '%';
SELECT 0 AS mrc_part_limits;
$(mrc_mysql_limits_sql "$3")
SELECT 0 AS mrc_part_grant;
$(mrc_mysql_grants_sql "$3")
SELECT 0 AS mrc_part_native;
${mrc_say_native:+$(mrc_mysql_native_sql "$3")}
SELECT 0 AS mrc_part_outside;
$(mrc_mysql_outside_sql)
SELECT 0 AS mrc_part_events;
SELECT status, COUNT(*) FROM $mrc_say_events GROUP BY status;
SELECT 0 AS mrc_part_listener;
$mrc_say_listeners;
SELECT 0 AS mrc_part_applier;
${mrc_say_applier:-DO 0};
SELECT 0 AS mrc_part_lent;
SELECT Host FROM mysql.user WHERE User = 'mrc_copy';
SELECT 0 AS mrc_part_channel;
$(mrc_mysql_channel_sql "$1" "$4");
SELECT 0 AS mrc_part_slave;
$mrc_say_status;
SQL
    printf 'sql\t%s\n' "$(tail -n 1 "$MRC_D/answers.err")"
    return 0
  fi
  awk -F '\t' -v prefix='slave	' "$mrc_mysql_reader"'
    /^mrc_part_/ { part = substr($0, 10); line = 0; getline; next }
    { line++ }
    line == 1 { n = split($0, name, FS); next }
    part == "var" || part == "channel" || part == "limits" || part == "native" || part == "outside" || part == "events" { print part "\t" $1 "\t" $2 }
    part == "account" || part == "grant" || part == "listener" || part == "lent" || part == "applier" { print part "\t" $1 }
    part == "slave" && line == 2 { for (i = 1; i <= n; i++) say(name[i], $i) }' "$MRC_D/answers"
  # Who has purged logs may have to give a slave a copy.
  if grep -q '^gtid_purged	.' "$MRC_D/answers"; then
    printf 'size\t%s\n' "$(mrc_mysql_size "$(mrc_mysql_directory "$1")")"
  fi
  mrc_mysql_tls=
  if grep -q '^SSL	[0-9]*$' "$MRC_D/answers"; then mrc_mysql_tls=yes; fi
  if mrc_mysql_login "$1" "$3" "$4" 2>"$MRC_D/answers.err"; then
    printf 'login\tok\n'
  else
    printf 'login\t%s\n' "$(tail -n 1 "$MRC_D/answers.err")"
  fi
}

# mrc_mysql_delete_data NAME ROOT: the data, then what mrc made around it when nothing else is in it.
mrc_mysql_delete_data() {
  mrc_mysql_drop_helpers "$1"
  rm -rf "${2:?}/${1:?}/data" "$2/$1/data.mrc-init" "$2/$1/data.mrc-copy" "$2/$1/data.mrc-old" \
    "$2/$1"/data.mrc-kept*
  rm -f "$2/$1/.mrc"
  rmdir "$2/$1" 2>/dev/null || :
  if [ -f "$2/.mrc" ] && [ "$(find "$2" -mindepth 1 | head -n 2)" = "$2/.mrc" ]; then
    mrc_mysql_first=$(cat "$2/.mrc")
    rm -f "$2/.mrc"
    mrc_mysql_up=$2
    while rmdir "$mrc_mysql_up" 2>/dev/null && [ "$mrc_mysql_up" != "$mrc_mysql_first" ]; do
      mrc_mysql_up=$(dirname "$mrc_mysql_up")
    done
  fi
}

# mrc_mysql_write_proof NAME ROOT_FILE DEPLOYMENT TOKEN: one row in a schema of mrc's own.
mrc_mysql_write_proof() {
  mrc_mysql_tables=$(echo "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='mrc_verify' AND table_name='proof'" |
    mrc_mysql "$1" root "$2" -N)
  if [ "$mrc_mysql_tables" = 0 ]; then
    mrc_mysql "$1" root "$2" <<'SQL'
CREATE DATABASE IF NOT EXISTS mrc_verify;
CREATE TABLE IF NOT EXISTS mrc_verify.proof (deployment VARCHAR(32) NOT NULL PRIMARY KEY, token VARCHAR(32) NOT NULL) ENGINE=InnoDB;
SQL
  fi
  echo "REPLACE INTO mrc_verify.proof VALUES ('$3', '$4')" | mrc_mysql "$1" root "$2"
}

mrc_mysql_has_proof() {
  mrc_mysql_token=$(echo "SELECT token FROM mrc_verify.proof WHERE deployment='$3'" | mrc_mysql "$1" root "$2" -N 2>&1) ||
    { echo "$mrc_mysql_token"; return 1; }
  [ "$mrc_mysql_token" = "$4" ] || { echo 'the row of this run is not there'; return 1; }
}

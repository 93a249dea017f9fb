# Functions for the mysql system's scripts. Passwords come as files of their exact bytes and leave only
# on a pipe into the container, where they live in a 0600 option file for one client's time.

# The line of an option file that sets the password. A bare quote inside would be kept, but would let a
# later # begin a comment.
mrc_mysql_option() {
  printf 'password="'
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' "$1" | tr -d '\n'
  printf '"\n'
}

# The password as an SQL string, for a session whose sql_mode is ''.
mrc_mysql_literal() {
  printf "'"
  sed -e 's/\\/\\\\/g' -e "s/'/''/g" "$1" | tr -d '\n'
  printf "'"
}

# mrc_mysql CONTAINER USER PASSWORD_FILE [CLIENT_OPTION..] <SQL: rows as the client's -B gives them.
# What fails is told as the server's own ERROR lines: some clients print the statement too, which may
# hold a password, and so may the part of a message behind "near".
mrc_mysql() {
  mrc_mysql_container=$1 mrc_mysql_user=$2 mrc_mysql_password=$3
  shift 3
  mrc_mysql_status=0
  {
    mrc_mysql_option "$mrc_mysql_password"
    cat
  } | docker exec -i "$mrc_mysql_container" sh -c '
    umask 077
    f=$(mktemp) || exit 1
    trap "rm -f \"$f\"" EXIT
    IFS= read -r line
    printf "[client]\n%s\n" "$line" >"$f"
    user=$1
    shift
    mysql --defaults-extra-file="$f" --default-character-set=utf8mb4 -u"$user" -B "$@"
  ' sh "$mrc_mysql_user" "$@" 2>"$MRC_D/mysql.err" || mrc_mysql_status=$?
  [ "$mrc_mysql_status" -ne 0 ] || return 0
  if grep -q '^ERROR ' "$MRC_D/mysql.err"; then
    sed -n -e "s/ near '.*//" -e '/^ERROR /p' "$MRC_D/mysql.err" >&2
  else
    grep -v '^-' "$MRC_D/mysql.err" | tail -n 2 >&2
  fi
  return "$mrc_mysql_status"
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

# mrc_mysql_ready CONTAINER PASSWORD_FILE: the real server answers; the image's temporary one, which
# has no network, does not count.
mrc_mysql_ready() {
  mrc_mysql_seen=$(echo 'SELECT @@GLOBAL.skip_networking' | mrc_mysql "$1" root "$2" -N) || return 1
  [ "$mrc_mysql_seen" = 0 ] || { echo 'the image is still initialising'; return 1; }
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
      mrc_mend "give mysql.root_password as it was when the data was made"
      mrc_die "the server of $1 refuses root's password: its data was made with another one"
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
  for mrc_mysql_helper in "$1.mrc-init" "$1.mrc-check"; do
    if docker container inspect "$mrc_mysql_helper" >/dev/null 2>&1; then
      docker rm -f -v "$mrc_mysql_helper" >/dev/null
    fi
  done
}

# mrc_mysql_check_options NAME IMAGE OPTION..: the server itself says whether it takes them, before any
# data is touched: an option that is refused in the middle of initialisation ruins the directory.
mrc_mysql_check_options() {
  mrc_mysql_image=$2
  mrc_mysql_drop_helpers "$1"
  mrc_mysql_check=$1.mrc-check
  shift 2
  if ! docker run --rm --name "$mrc_mysql_check" --network none --entrypoint mysqld "$mrc_mysql_image" \
    --user=mysql "$@" --verbose --help >"$MRC_D/options" 2>&1; then
    grep -E 'unknown (variable|option)' "$MRC_D/options" >"$MRC_D/refused" ||
      grep -F '[ERROR]' "$MRC_D/options" >"$MRC_D/refused" ||
      tail -n 3 "$MRC_D/options" >"$MRC_D/refused"
    mrc_evidence "the server itself" cat "$MRC_D/refused"
    mrc_mend "correct options in the file; what this server knows: docker run --rm --entrypoint mysqld $mrc_mysql_image --verbose --help"
    mrc_die "the server in $mrc_mysql_image refuses its options: $(sed -n -e '1s/.*\[ERROR\] //' -e 1p "$MRC_D/refused")"
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

# mrc_mysql_init DEPLOYMENT NAME IMAGE ROOT ROOT_PASSWORD_FILE SQL_FILE OPTION..: a data directory,
# made in a staging place by the image, without any network and without a binary log, and moved to
# its own place when it is finished: whatever breaks off leaves no half-made one to be served.
mrc_mysql_init() {
  mrc_mysql_deployment=$1 mrc_mysql_name=$2 mrc_mysql_image=$3 mrc_mysql_root=$4
  mrc_mysql_secret=$5 mrc_mysql_sql=$6
  shift 6
  mrc_mysql_home=$mrc_mysql_root/$mrc_mysql_name
  [ ! -d "$mrc_mysql_home/data" ] || return 0
  mrc_mysql_check_options "$mrc_mysql_name" "$mrc_mysql_image" "$@"
  mrc_mysql_make_root "$mrc_mysql_root"
  mkdir -p "$mrc_mysql_home"
  mrc_mysql_temporary=$mrc_mysql_name.mrc-init
  rm -rf "$mrc_mysql_home/data.mrc-init"
  mkdir "$mrc_mysql_home/data.mrc-init"
  # Letters and digits only, as the image pastes it into SQL; the wanted password is set afterwards.
  mrc_mysql_word=$(tr -dc 'A-Za-z0-9' </dev/urandom | dd bs=32 count=1 iflag=fullblock 2>/dev/null)
  printf '%s' "$mrc_mysql_word" >"$MRC_D/init-password"
  chmod 0444 "$MRC_D/init-password" # read by the image's own user; the folder around it is closed
  docker run -d --name "$mrc_mysql_temporary" --network none --label "mrc.deployment=$mrc_mysql_deployment" \
    -v "$mrc_mysql_home/data.mrc-init:/var/lib/mysql" -v "$MRC_D/init-password:/run/mrc-init-password:ro" \
    -e MYSQL_ROOT_PASSWORD_FILE=/run/mrc-init-password -e MYSQL_ROOT_HOST=localhost \
    -e MYSQL_INITDB_SKIP_TZINFO=1 "$mrc_mysql_image" "$@" >/dev/null
  mrc_mysql_wait "$mrc_mysql_temporary" "$MRC_D/init-password" 300 initialising
  mrc_mysql "$mrc_mysql_temporary" root "$MRC_D/init-password" <"$mrc_mysql_sql"
  mrc_mysql_ready "$mrc_mysql_temporary" "$mrc_mysql_secret" ||
    mrc_die "the new server of $mrc_mysql_name does not take the password that it was given"
  : >"$MRC_D/no-password"
  if echo 'SELECT 1' | mrc_mysql "$mrc_mysql_temporary" root "$MRC_D/no-password" >/dev/null 2>&1; then
    mrc_die "the new server of $mrc_mysql_name lets root in without a password"
  fi
  docker stop -t 120 "$mrc_mysql_temporary" >/dev/null
  docker rm -v "$mrc_mysql_temporary" >/dev/null
  mrc_mysql_mark "$mrc_mysql_root" "$mrc_mysql_name" "$mrc_mysql_deployment"
  sync
  mv "$mrc_mysql_home/data.mrc-init" "$mrc_mysql_home/data"
  sync
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

# mrc_mysql_mark ROOT NAME DEPLOYMENT: the data directory is this deployment's from now on.
mrc_mysql_mark() {
  printf '{"mrc": 1, "deployment": "%s", "server": "%s"}\n' "$3" "$2" >"$MRC_D/mark"
  mrc_put "$MRC_D/mark" "$1/$2/.mrc" 0644
}

# mrc_mysql_note DEPLOYMENT NAME: the record pins the image that its container was made from.
mrc_mysql_note() {
  mrc_mysql_made=$(docker inspect --type container -f '{"image": {{json .Config.Image}}, "id": {{json .Image}}}' "$2")
  mrc_record "$1" "mysql/$2/container" "$mrc_mysql_made"
}

# mrc_mysql_status NAME PASSWORD_FILE: SHOW SLAVE STATUS as `Field<TAB>value` lines; none: no slave. SQL
# on stdin is run before it.
mrc_mysql_status() {
  {
    cat
    echo 'SHOW SLAVE STATUS'
  } | mrc_mysql "$1" root "$2" | awk -F '\t' '
    NR == 1 { n = split($0, name, FS) }
    NR == 2 { for (i = 1; i <= n; i++) print name[i] "\t" $i }'
}

mrc_mysql_field() {
  awk -F '\t' -v field="$2" '$1 == field { print $2 }' "$1"
}

# What the master has executed, and what of it is no more in its binary logs, a tab between; asked as the
# replication user from inside the slave's container.
mrc_mysql_master_sets() {
  printf '%s\n' "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', ''), REPLACE(@@GLOBAL.gtid_purged, '\\n', '')" |
    mrc_mysql "$1" "$3" "$4" -N -h "$2" -P 3306 --protocol=tcp --connect-timeout=3
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

# mrc_mysql_password_sql NAME REPL_FILE: an SQL expression, 1 where the channel keeps this password. By a
# hash, as a server may log what it is asked.
mrc_mysql_password_sql() {
  mrc_mysql_sum=$({ printf '%s ' "$1" && cat "$2"; } | sha1sum | cut -c 1-40)
  printf "SHA1(CONCAT('%s ', CAST(User_password AS BINARY))) = '%s'" "$1" "$mrc_mysql_sum"
}

# mrc_mysql_channel NAME ROOT_FILE REPL_FILE: the channel's settings in one line; nothing: no slave.
mrc_mysql_channel() {
  mrc_mysql_right=$(mrc_mysql_password_sql "$1" "$3")
  mrc_mysql "$1" root "$2" -N <<SQL
SELECT CONCAT_WS(' ', Host, Port, User_name, Enabled_auto_position, Connect_retry, Retry_count, Heartbeat, $mrc_mysql_right) FROM mysql.slave_master_info
SQL
}

# mrc_mysql_replicate NAME ROOT_FILE MASTER_ADDRESS USER REPL_FILE CHANGE_SQL_FILE WAIT_FUNCTION HEARTBEATS_SQL
# The connection is always a new one: an old one may be dead and still say Yes, as when it was made
# before the container had its interface, or when the other end went without a word. The new one has
# proved itself when the slave got what it lacked, or something new: a heartbeat of a master that has
# nothing to send, or a transaction.
mrc_mysql_replicate() {
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
  mrc_mysql_is="$(mrc_mysql_channel "$1" "$2" "$5") $(mrc_mysql_field "$MRC_D/status" SQL_Delay)"
  if [ ! -s "$MRC_D/status" ]; then
    mrc_mysql "$1" root "$2" <"$6"
  elif [ "$mrc_mysql_is" != "$3 3306 $4 1 10 86400 1 1 0" ]; then
    { echo 'STOP SLAVE;' && cat "$6"; } | mrc_mysql "$1" root "$2"
  fi
  echo 'STOP SLAVE IO_THREAD;' | mrc_mysql_status "$1" "$2" >"$MRC_D/status"
  mrc_mysql_has="CONCAT(@@GLOBAL.gtid_executed, ',', '$(mrc_mysql_field "$MRC_D/status" Retrieved_Gtid_Set | sed 's/\\n//g')')"
  mrc_mysql "$1" root "$2" -N >"$MRC_D/before" <<SQL
SELECT GTID_SUBSET('$mrc_mysql_purged', $mrc_mysql_has), GTID_SUBSET('$mrc_mysql_set', $mrc_mysql_has), REPLACE($mrc_mysql_has, '\n', '');
$8;
SQL
  case $(head -n 1 "$MRC_D/before") in
    0*) mrc_die "$1 cannot catch up: the binary logs of its master begin after what it has (purged: $mrc_mysql_purged)" ;;
  esac
  echo 'START SLAVE' | mrc_mysql "$1" root "$2"
  mrc_wait 60 "both threads of $1" mrc_mysql_threads_settled "$1" "$2"
  if ! mrc_mysql_threads "$1" "$2" >"$MRC_D/why"; then
    mrc_mend "mend the data of $1 where they differ from the master's, with sql_log_bin=0"
    mrc_die "the replication of $1 stopped: $(tail -n 1 "$MRC_D/why")"
  fi
  mrc_mysql_caught=$(printf "SELECT %s('%s', 120)" "$7" "$mrc_mysql_set" | mrc_mysql "$1" root "$2" -N)
  case $mrc_mysql_caught in
    NULL | -1 | 1)
      if [ "$7" != WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS ] || [ "$mrc_mysql_caught" != 1 ]; then
        mrc_mysql_threads "$1" "$2" >&2 || :
        mrc_die "$1 has not caught up with its master after 120 s"
      fi ;;
  esac
  if [ "$(head -n 1 "$MRC_D/before" | cut -f 2)" = 1 ]; then
    mrc_wait 20 "something of the master in $1" mrc_mysql_hears "$1" "$2" "$8" \
      "$(tail -n 1 "$MRC_D/before")" "$(head -n 1 "$MRC_D/before" | cut -f 3)"
  fi
}

# mrc_mysql_hears NAME ROOT_FILE HEARTBEATS_SQL BEATS SET: the slave has heard its master since it had
# heard this many heartbeats and had this set.
mrc_mysql_hears() {
  mrc_mysql_now=$(echo "$3" | mrc_mysql "$1" root "$2" -N) || { echo "$mrc_mysql_now"; return 1; }
  [ "$mrc_mysql_now" -le "$4" ] || return 0
  mrc_mysql_status "$1" "$2" >"$MRC_D/heard" || return 1
  mrc_mysql_old=$(printf "SELECT GTID_SUBSET('%s', '%s')" \
    "$(mrc_mysql_field "$MRC_D/heard" Retrieved_Gtid_Set | sed 's/\\n//g')" "$5" | mrc_mysql "$1" root "$2" -N) || return 1
  [ "$mrc_mysql_old" = 0 ] || { echo 'its threads say Yes, but nothing comes'; return 1; }
}

# Both threads run, or the one that applies has stopped with an error, which no waiting mends.
mrc_mysql_threads_settled() {
  mrc_mysql_threads "$1" "$2" && return 0
  [ "$mrc_mysql_applier" = No ] && [ "${mrc_mysql_errno:-0}" != 0 ]
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
      printf ', Last_%s_Errno %s: %s' "$mrc_mysql_part" "$mrc_mysql_errno" \
        "$(mrc_mysql_field "$MRC_D/threads" "Last_${mrc_mysql_part}_Error" | sed "s/ Query: '.*//")"
    fi
  done
  printf '\n'
  return 1
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
  if [ -d "$2/$1/data" ]; then
    printf 'data\t%s\n' "$(sed -n 's/.*"deployment": "\([^"]*\)".*/\1/p' "$2/$1/.mrc" 2>/dev/null)"
  fi
  if [ -e "$2/$1/data.mrc-init" ]; then printf 'staging\tyes\n'; fi
  if ! docker version >/dev/null 2>&1; then
    printf 'docker\tdown\nend\t%s\n' "$1"
    return 0
  fi
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
  mrc_mysql_right=$(mrc_mysql_password_sql "$1" "$4")
  mrc_mysql_who="GRANTEE = \"'$3'@'%'\""
  if ! mrc_mysql "$1" root "$2" >"$MRC_D/answers" 2>"$MRC_D/answers.err" <<SQL; then
SET SESSION sql_mode='';
SELECT 0 AS mrc_part_var;
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version','server_id','server_uuid','gtid_mode','read_only','super_read_only','skip_networking','log_bin_basename');
SELECT 0 AS mrc_part_var;
SELECT 'gtid_executed' AS name, REPLACE(@@GLOBAL.gtid_executed, '\n', '') AS value UNION ALL SELECT 'gtid_purged', REPLACE(@@GLOBAL.gtid_purged, '\n', '');
SELECT 0 AS mrc_part_account;
SELECT COUNT(*) FROM mysql.user WHERE User = '$3' AND Host = '%';
SELECT 0 AS mrc_part_grant;
SELECT CONCAT(PRIVILEGE_TYPE, ' ON *.*') AS privilege FROM information_schema.USER_PRIVILEGES WHERE $mrc_mysql_who AND PRIVILEGE_TYPE <> 'USAGE'
UNION ALL SELECT 'GRANT OPTION ON *.*' FROM information_schema.USER_PRIVILEGES WHERE $mrc_mysql_who AND IS_GRANTABLE = 'YES' GROUP BY GRANTEE
UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_SCHEMA, '.*') FROM information_schema.SCHEMA_PRIVILEGES WHERE $mrc_mysql_who
UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' ON ', TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.TABLE_PRIVILEGES WHERE $mrc_mysql_who
UNION ALL SELECT CONCAT(PRIVILEGE_TYPE, ' (', COLUMN_NAME, ') ON ', TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.COLUMN_PRIVILEGES WHERE $mrc_mysql_who;
SELECT 0 AS mrc_part_listener;
SHOW SLAVE HOSTS;
SELECT 0 AS mrc_part_channel;
SELECT Heartbeat, $mrc_mysql_right FROM mysql.slave_master_info;
SELECT 0 AS mrc_part_slave;
SHOW SLAVE STATUS;
SQL
    printf 'sql\t%s\n' "$(tail -n 1 "$MRC_D/answers.err")"
    return 0
  fi
  awk -F '\t' '
    /^mrc_part_/ { part = substr($0, 10); line = 0; getline; next }
    { line++ }
    line == 1 { n = split($0, name, FS); next }
    part == "var" || part == "channel" { print part "\t" $1 "\t" $2 }
    part == "account" || part == "grant" || part == "listener" { print part "\t" $1 }
    part == "slave" && line == 2 { for (i = 1; i <= n; i++) print part "\t" name[i] "\t" $i }' "$MRC_D/answers"
  if echo 'SELECT 1' | mrc_mysql "$1" "$3" "$4" -N -h 127.0.0.1 --protocol=tcp --connect-timeout=3 \
    >/dev/null 2>"$MRC_D/login.err"; then
    printf 'login\tok\n'
  else
    printf 'login\t%s\n' "$(tail -n 1 "$MRC_D/login.err")"
  fi
}

# mrc_mysql_delete_data NAME ROOT: the data, then what mrc made around it when nothing else is in it.
mrc_mysql_delete_data() {
  mrc_mysql_drop_helpers "$1"
  rm -rf "${2:?}/${1:?}/data" "$2/$1/data.mrc-init"
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

# shellcheck shell=sh disable=SC2030,SC2031 # MRC_D is another one in the subshells alone
# Functions that give a slave a copy of its master's data. It is made beside the slave's own data, in
# data.mrc-copy, by a server of its own, NAME.mrc-copy, which nobody can reach and which goes out by the
# slave's own address. Only a whole copy takes the place of the slave's data: whatever breaks off before
# leaves the slave as it was, and the next attempt begins anew.

# mrc_mysql_copy_password ROOT_FILE MASTER: "$MRC_D/copy-password", of the account for copying. Both hosts make
# it of root's, so nobody has to tell it.
mrc_mysql_copy_password() {
  {
    printf 'Mrc-'
    { printf 'mrc copies %s ' "$2" && cat "$1"; } | sha256sum | cut -c 1-28 | tr -d '\n'
  } >"$MRC_D/copy-password"
}

# mrc_mysql_lend MASTER ROOT_FILE ADDRESS..: an account on the master for a slave at each address, which may read
# everything. No slave gets it by replication.
mrc_mysql_lend() {
  mrc_mysql_lender=$1 mrc_mysql_root=$2
  shift 2
  mrc_mysql_meet "$mrc_mysql_lender" "$mrc_mysql_root"
  mrc_mysql_take_back_copier "$mrc_mysql_lender" "$mrc_mysql_root"
  if [ "$mrc_say_copy" = clone ] && ! mrc_mysql_load_clone "$mrc_mysql_lender" "$mrc_mysql_root"; then
    mrc_note "$mrc_mysql_lender has no clone plugin: slaves get a dump"
  fi
  mrc_mysql_copy_password "$mrc_mysql_root" "$mrc_mysql_lender"
  {
    echo "SET SESSION sql_log_bin=0;"
    for mrc_mysql_address in "$@"; do
      printf "%s 'mrc_copy'@'%s' " "$mrc_say_new_user" "$mrc_mysql_address"
      mrc_mysql_identified "$MRC_D/copy-password"
      printf ";\nGRANT %s ON *.* TO 'mrc_copy'@'%s';\n" "$mrc_say_copier" "$mrc_mysql_address"
    done
  } | mrc_mysql "$mrc_mysql_lender" root "$mrc_mysql_root"
}

# mrc_mysql_take_back_copier NAME ROOT_FILE: no account for copying is there any more.
mrc_mysql_take_back_copier() {
  echo "SELECT Host FROM mysql.user WHERE User = 'mrc_copy'" | mrc_mysql "$1" root "$2" -N >"$MRC_D/lent"
  [ -s "$MRC_D/lent" ] || return 0
  { echo 'SET SESSION sql_log_bin=0;' && sed "s/.*/DROP USER 'mrc_copy'@'&';/" "$MRC_D/lent"; } |
    mrc_mysql "$1" root "$2"
}

# mrc_mysql_load_clone CONTAINER ROOT_FILE: the clone plugin is there, or can be had.
mrc_mysql_has_clone="SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone' AND PLUGIN_STATUS = 'ACTIVE'"
mrc_mysql_load_clone() {
  mrc_mysql_loaded=$(echo "$mrc_mysql_has_clone" | mrc_mysql "$1" root "$2" -N) || return 1
  [ "$mrc_mysql_loaded" = 0 ] || return 0
  echo "SET SESSION sql_log_bin=0; INSTALL PLUGIN clone SONAME 'mysql_clone.so'" | mrc_mysql "$1" root "$2" 2>/dev/null
}

# mrc_mysql_copy_begin NAME ROOT ROOT_FILE KILOBYTES OWN: OWN nothing: a slave that turns out to have data of
# somebody's is left alone.
mrc_mysql_copy_begin() {
  mrc_mysql_copy=$1.mrc-copy mrc_mysql_home=$2/$1
  mrc_mysql_drop_helpers "$1"
  rm -rf "$mrc_mysql_home/data.mrc-copy" "$mrc_mysql_home/data.mrc-old"
  mrc_mysql_meet "$1" "$3"
  if [ "$5" = nothing ]; then
    mrc_mysql_owns=$(echo 'SHOW DATABASES' | mrc_mysql "$1" root "$3" -N |
      grep -vxE 'mysql|sys|performance_schema|information_schema|mrc_verify' | tr '\n' ' ') || :
    [ -z "$mrc_mysql_owns" ] ||
      mrc_die "$1 has databases that came by no transaction, and stays as it is: $mrc_mysql_owns"
  fi
  mrc_mysql_free=$(df -Pk "$2" | awk 'NR == 2 { print $4 }')
  mrc_mysql_need=$(($4 + $4 / 10 + 300000))
  if [ "$mrc_mysql_free" -lt "$mrc_mysql_need" ]; then
    mrc_mend "make room in $2, or give another data_root"
    mrc_die "the copy needs some $((mrc_mysql_need / 1024)) MB in $2, which has $((mrc_mysql_free / 1024)) MB left"
  fi
  # Killed scripts leave a server that nobody needs; one that is cut off takes it along.
  trap 'mrc_mysql_copy_dropped' EXIT
  trap 'exit 143' TERM HUP
}
mrc_mysql_copy_dropped() {
  docker rm -f -v "$mrc_mysql_copy" >/dev/null 2>&1 || :
}

# mrc_mysql_copy_run NAME DEPLOYMENT IMAGE ROOT_FILE OPTION..: the copy's own server, for which little memory is
# enough, as the slave's goes on beside it.
mrc_mysql_copy_run() {
  mrc_mysql_name=$1 mrc_mysql_deployment=$2 mrc_mysql_image=$3 mrc_mysql_root=$4
  shift 4
  mrc_mysql_since=$(mrc_mysql_started)
  docker run -d --name "$mrc_mysql_copy" --network "container:$mrc_mysql_name" \
    --label "mrc.deployment=$mrc_mysql_deployment" -v "$mrc_mysql_home/data.mrc-copy:/var/lib/mysql" \
    "$mrc_mysql_image" "$@" --skip-networking --loose-mysqlx=OFF --loose-skip-slave-start \
    --innodb-buffer-pool-size=256M --max-allowed-packet=1G --event-scheduler=OFF >/dev/null
  mrc_mysql_copy_await
}

mrc_mysql_started() {
  docker inspect --type container -f '{{.State.StartedAt}} {{.State.Running}}' "$mrc_mysql_name"
}

# Its server answers.
mrc_mysql_copy_await() {
  mrc_wait 300 "the copy's server" mrc_mysql_copy_settled
  if ! mrc_mysql_copy_settled >"$MRC_D/settled" || [ -s "$MRC_D/settled" ]; then
    mrc_mysql_log "$mrc_mysql_copy"
    mrc_die "the copy's server ended: $(cat "$MRC_D/settled")"
  fi
}
mrc_mysql_copy_settled() {
  mrc_mysql_says=$(echo 'SELECT 1' | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root" -N 2>&1) && return 0
  echo "$mrc_mysql_says"
  [ "$(docker inspect --type container -f '{{.State.Running}}' "$mrc_mysql_copy")" = false ]
}

# mrc_mysql_copy_from MASTER ADDRESS TLS KILOBYTES: all that the master has, as of one moment.
mrc_mysql_copy_from() {
  mrc_mysql_from=$1 mrc_mysql_at=$2 mrc_mysql_by_tls=$3 mrc_mysql_kilobytes=$4
  # Here whenever there is TLS, whatever the other account requires: this one's password opens all data.
  case $3 in on) mrc_mysql_tls=yes ;; *) mrc_mysql_tls= ;; esac
  mrc_mysql_met=
  mrc_mysql_meet "$mrc_mysql_copy" "$mrc_mysql_root"
  mrc_mysql_copy_password "$mrc_mysql_root" "$mrc_mysql_from"
  if ! mrc_wait 60 "$mrc_mysql_from to be reached" mrc_mysql_copy_ask 'SELECT 1'; then
    mrc_evidence "the way to it" ip -4 route get "$mrc_mysql_at"
    exit 124
  fi
  mrc_mysql_copy_refuses
  mrc_mysql_began=$(date +%s)
  if mrc_mysql_can_clone; then mrc_mysql_clone; else mrc_mysql_dump; fi
  mrc_mysql_copy_finish
  mrc_note "$mrc_mysql_name has a copy of $(mrc_mysql_copy_size) MB after $(($(date +%s) - mrc_mysql_began)) s, by $mrc_mysql_way"
}

# mrc_mysql_copy_ask SQL [SECONDS]: asks the master, as the account for copying, for so long at most: the slave's
# container, whose network this is, may end meanwhile.
mrc_mysql_copy_ask() {
  printf '%s\n' "$1" | {
    mrc_mysql_deadline=${2:-60}
    mrc_mysql_far "$mrc_mysql_copy" mrc_copy "$MRC_D/copy-password" "$mrc_mysql_at"
  }
}

# mrc_mysql_copy_others ENGINES: some of the master's tables that no engine of this list keeps. A view has none.
mrc_mysql_copy_others() {
  mrc_mysql_copy_ask "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, ' (', ENGINE, ')') FROM information_schema.TABLES
    WHERE ENGINE NOT IN ($1)
      AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') LIMIT 5" 600 # old servers open each
}

# Tables without transactions have no moment of which they could be copied while they are written; those of the last
# two engines have no rows.
mrc_mysql_copy_refuses() {
  mrc_mysql_odd=$(mrc_mysql_copy_others "'InnoDB', 'RocksDB', 'BLACKHOLE', 'FEDERATED'")
  [ -n "$mrc_mysql_odd" ] || return 0
  mrc_mend "ALTER TABLE .. ENGINE=InnoDB on $mrc_mysql_from"
  mrc_die "no copy can be made of tables without transactions: $(printf '%s' "$mrc_mysql_odd" | tr '\n' ' ')"
}

# Of tables that are not InnoDB's the plugin takes no rows.
mrc_mysql_can_clone() {
  [ "$mrc_say_copy" = clone ] || return 1
  [ "$(mrc_mysql_copy_ask "$mrc_mysql_has_clone")" = 1 ] || return 1
  [ "$(mrc_mysql_copy_ask 'SELECT VERSION()')" = \
    "$(echo 'SELECT VERSION()' | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root" -N)" ] || return 1
  mrc_mysql_odd=$(mrc_mysql_copy_others "'InnoDB'") || return 1
  [ -z "$mrc_mysql_odd" ] || return 1
  mrc_mysql_load_clone "$mrc_mysql_copy" "$mrc_mysql_root"
}

mrc_mysql_copy_size() {
  { du -sk "$mrc_mysql_home/data.mrc-copy" 2>/dev/null || :; } | awk '{ print int($1 / 1024) }'
}

# mrc_mysql_copy_follow PID: tells how far it is, until that process ends. Whoever reads from a connection that
# died without a word does not learn of it: one is dead when the slave's container has another network by
# now, or when nothing has come for long.
mrc_mysql_copy_follow() {
  mrc_mysql_told=
  mrc_mysql_patience=$(($(date +%s) + 300))
  while kill -0 "$1" 2>/dev/null; do
    [ "$(mrc_mysql_started)" = "$mrc_mysql_since" ] ||
      mrc_die "the container $mrc_mysql_name ended while the data of $mrc_mysql_from were copied"
    mrc_mysql_size=$(mrc_mysql_copy_size)
    if [ "$mrc_mysql_told" = "$mrc_mysql_size" ]; then
      [ "$(date +%s)" -lt "$mrc_mysql_patience" ] ||
        mrc_die "nothing has come from $mrc_mysql_from for 300 s, after $mrc_mysql_size MB"
    else
      mrc_mysql_patience=$(($(date +%s) + 300))
      mrc_mysql_told=$mrc_mysql_size
      mrc_note "$mrc_mysql_way of $mrc_mysql_from: $mrc_mysql_size of about $((mrc_mysql_kilobytes / 1024)) MB"
    fi
    sleep 1
  done
}

# By the clone plugin, at the end of which the server ends itself, to be started on what it got.
mrc_mysql_clone() {
  mrc_mysql_way=clone
  {
    printf "SET GLOBAL clone_valid_donor_list='%s:3306';\n" "$mrc_mysql_at"
    printf "CLONE INSTANCE FROM 'mrc_copy'@'%s':3306 IDENTIFIED BY " "$mrc_mysql_at"
    mrc_mysql_literal "$MRC_D/copy-password"
    if [ "$mrc_mysql_by_tls" = on ]; then echo ' REQUIRE SSL'; fi
  } >"$MRC_D/clone.sql"
  mkdir "$MRC_D/clone"
  (
    mrc_mysql_sql=$MRC_D/clone.sql
    MRC_D=$MRC_D/clone # the client's files, apart from those of the calls beside it
    mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root" <"$mrc_mysql_sql" 2>"$MRC_D/err"
  ) &
  mrc_mysql_copy_follow "$!"
  # Its end: 3707, or a connection that ends with the server.
  if grep '^ERROR' "$MRC_D/clone/err" | grep -qvE '^ERROR (3707|2006|2013) '; then
    mrc_die "the clone of $mrc_mysql_from failed: $(grep '^ERROR' "$MRC_D/clone/err" | tail -n 1)"
  fi
  mrc_wait 60 "the copy's server to end" mrc_mysql_copy_ended
  docker start "$mrc_mysql_copy" >/dev/null
  mrc_mysql_copy_await
  # shellcheck disable=SC2028 # SQL's escape, not the shell's
  mrc_mysql_cloned=$(echo "SELECT STATE, REPLACE(ERROR_MESSAGE, '\\n', ' ') FROM performance_schema.clone_status" |
    mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root" -N)
  case $mrc_mysql_cloned in
    Completed*) ;;
    *) mrc_die "the clone of $mrc_mysql_from failed: $mrc_mysql_cloned $(tail -n 1 "$MRC_D/clone/err")" ;;
  esac
}
mrc_mysql_copy_ended() {
  [ "$(docker inspect --type container -f '{{.State.Running}}' "$mrc_mysql_copy")" = false ] || { echo 'it runs still'; return 1; }
}

# Inside the copy's container: the passwords come as two lines, the set of transactions goes out. Arguments: the
# master's address, how the moment is fixed, the set as an expression, TLS, the tables that stay its own.
# A lock keeps writes off from when the set is read until the dump has opened its snapshot, which is its first
# USE. A master whose statements do not let the lock come is not kept waiting for it. Where a session can tell
# its snapshot's position (MariaDB), there is no lock.
# shellcheck disable=SC2016 # the container's own shell
mrc_mysql_dump_script='
  umask 077
  d=$(mktemp -d) || exit 1
  trap "rm -rf \"$d\"" EXIT
  for side in here there; do
    IFS= read -r line
    printf "[client]\n%s\n" "$line" >"$d/$side"
  done
  from=$1 moment=$2 set=$3 tls=$4 own=$5
  client=mysql
  command -v "$client" >/dev/null || client=mariadb
  for dump in mysqldump mariadb-dump none; do ! command -v "$dump" >/dev/null || break; done
  [ "$dump" != none ] || { echo "ERROR the image has neither mysqldump nor mariadb-dump" >&2; exit 1; }
  "$dump" --help >"$d/help" 2>/dev/null
  set -- -u mrc_copy -h "$from" -P 3306 --protocol=tcp
  if [ "$tls" = server-key ]; then set -- "$@" --get-server-public-key; fi
  if [ "$tls" = off ] && "$client" --version | grep -q MariaDB; then set -- "$@" --skip-ssl; fi
  ask() { "$client" --defaults-extra-file="$d/there" "$@" --init-command="SET SESSION sql_mode=0" -n -N -B; }
  dump() {
    for table in $own; do set -- "$@" "--ignore-table=mysql.$table"; done
    if grep -q set-gtid-purged "$d/help"; then set -- "$@" --set-gtid-purged=OFF; fi
    if grep -q column-statistics "$d/help"; then set -- "$@" --column-statistics=0; fi
    if grep -q dump-history "$d/help"; then set -- "$@" --dump-history; fi
    if [ "$moment" = snapshot ]; then set -- "$@" --master-data=1 --gtid; fi
    "$dump" --defaults-extra-file="$d/there" "$@" --single-transaction --quick --all-databases --routines \
      --events --triggers --hex-blob --no-tablespaces --max-allowed-packet=1G --default-character-set=utf8mb4
  }
  fill() {
    "$client" --defaults-extra-file="$d/here" -uroot -B --max-allowed-packet=1G --default-character-set=utf8mb4
  }
  lock() {
    rm -f "$d/in"
    mkfifo "$d/in"
    ask "$@" <"$d/in" >"$d/set" 2>"$d/lock.err" &
    locker=$!
    exec 5>"$d/in"
    echo "SET SESSION lock_wait_timeout=2; SET SESSION wait_timeout=30; FLUSH TABLES WITH READ LOCK; SELECT $set, CONNECTION_ID();" >&5
    while kill -0 "$locker" 2>/dev/null; do
      [ ! -s "$d/set" ] || return 0
      sleep 0.02
    done
    exec 5>&-
    echo "no lock was had" >>"$d/lock.err"
    return 1
  }
  opened() {
    while IFS= read -r line; do
      printf "%s\n" "$line"
      case $line in "USE "*) break ;; esac
    done
    trap "" PIPE # its reader may have ended, which is told below
    if [ "$moment" = lock ]; then echo "UNLOCK TABLES; SELECT CONNECTION_ID();" >&5; fi
    trap - PIPE
    exec 5>&-
    exec cat
  }
  : >"$d/set"
  exec 5>/dev/null
  if [ "$moment" = lock ]; then
    tries=10
    until lock "$@"; do
      tries=$((tries - 1))
      grep -q "ERROR 1205" "$d/lock.err" && [ "$tries" -gt 0 ] || { head -n 1 "$d/lock.err" >&2; exit 1; }
      sleep 5
    done
  fi
  { echo "SET SESSION sql_log_bin=0;" && dump "$@" 2>"$d/dump.err" && : >"$d/whole"; } | opened | fill 2>"$d/fill.err"
  status=$?
  exec 5>&-
  if [ ! -e "$d/whole" ] || [ "$status" -ne 0 ]; then
    # A dump whose reader ended says only that.
    {
      grep -v -e Warning -e "errno 32" "$d/dump.err" | sed "s/^[a-z-]*: //"
      sed -e "s/ near .*//" "$d/fill.err" | grep "^ERROR"
    } | head -n 1 >&2
    exit 1
  fi
  if [ "$moment" = lock ]; then
    wait "$locker"
    # The session that took the lock let it go; clients make a new one where it was ended before.
    if [ "$(sed -n 2p "$d/set")" != "$(sed -n 1p "$d/set" | cut -f 2)" ]; then
      echo "ERROR the lock was gone before the snapshot was there" >&2
      exit 1
    fi
    sed -n 1p "$d/set" | cut -f 1
  fi
'
mrc_mysql_dump() {
  mrc_mysql_way=dump
  mrc_mysql_moment=lock
  if [ "$mrc_say_gtids" = positions ]; then
    mrc_mysql_moment=snapshot
    mrc_mysql_states=$(mrc_mysql_copy_ask 'SELECT @@GLOBAL.gtid_binlog_state')
  fi
  { mrc_mysql_option "$mrc_mysql_root" && mrc_mysql_option "$MRC_D/copy-password"; } |
    docker exec -i "$mrc_mysql_copy" sh -c "$mrc_mysql_dump_script" sh "$mrc_mysql_at" "$mrc_mysql_moment" \
      "$mrc_say_executed" "$mrc_mysql_by_tls" \
      'slave_master_info slave_relay_log_info slave_worker_info gtid_executed gtid_slave_pos innodb_index_stats innodb_table_stats' \
      >"$MRC_D/dumped" 2>"$MRC_D/dump.err" &
  mrc_mysql_dumping=$!
  mrc_mysql_copy_follow "$mrc_mysql_dumping"
  wait "$mrc_mysql_dumping" || mrc_die "the dump of $mrc_mysql_from failed: $(tail -n 1 "$MRC_D/dump.err")"
  mrc_mysql_set=$(cat "$MRC_D/dumped")
  if [ "$mrc_mysql_moment" = lock ]; then
    printf "SET GLOBAL gtid_purged='%s'" "$mrc_mysql_set" | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root"
  else
    mrc_mysql_copy_log "$mrc_mysql_states" | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root"
  fi
  echo 'FLUSH NO_WRITE_TO_BINLOG PRIVILEGES' | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root"
}

# mrc_mysql_copy_log STATE: MariaDB's first log is made to begin at the position of the snapshot, as nothing else tells
# a slave later on that it does not have what came before. Nobody reads the copy's logs yet. Before that position comes
# the master's state from before the snapshot: it tells what each server wrote, which would else seem to be that
# server's alone one day.
mrc_mysql_copy_log() {
  # A variable in between: 10.11 waits for itself for ever where one statement reads the one and sets the other.
  printf "SET @begins=CONCAT_WS(',', NULLIF('%s', ''), NULLIF(@@GLOBAL.gtid_slave_pos, ''));\n" "$1"
  echo 'RESET MASTER; SET GLOBAL gtid_binlog_state=@begins;'
}

# The statements that keep events from running on a slave. Each says the event's definer, which would else become
# whoever says it: a name may have an @, and its host has none.
mrc_mysql_events_sql() {
  cat <<SQL
SELECT CONCAT('ALTER DEFINER=\`', REPLACE(LEFT(DEFINER, CHAR_LENGTH(DEFINER) - CHAR_LENGTH(host) - 1), '\`', '\`\`'), '\`@\`',
  REPLACE(host, '\`', '\`\`'), '\` EVENT \`', REPLACE(EVENT_SCHEMA, '\`', '\`\`'), '\`.\`', REPLACE(EVENT_NAME, '\`', '\`\`'),
  '\` $mrc_say_disable;')
FROM (SELECT DEFINER, SUBSTRING_INDEX(DEFINER, '@', -1) AS host, EVENT_SCHEMA, EVENT_NAME
  FROM information_schema.EVENTS WHERE STATUS = 'ENABLED') AS enabled;
SQL
}

# What is the master's alone is no part of the copy: its account for copying, a channel, events that run.
mrc_mysql_copy_finish() {
  mrc_mysql_take_back_copier "$mrc_mysql_copy" "$mrc_mysql_root"
  mrc_mysql_events_sql | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root" -N >"$MRC_D/events"
  {
    echo 'SET SESSION sql_log_bin=0;'
    cat "$MRC_D/events"
    echo "RESET $mrc_say_slave ALL;"
  } | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root"
  mrc_mysql_status "$mrc_mysql_copy" "$mrc_mysql_root" </dev/null >"$MRC_D/status"
  [ ! -s "$MRC_D/status" ] || mrc_die "the copy is a slave of somebody: $(mrc_mysql_field "$MRC_D/status" Master_Host)"
  mrc_mysql_has=$(echo "SELECT $mrc_say_executed" | mrc_mysql "$mrc_mysql_copy" root "$mrc_mysql_root" -N)
  [ -n "$mrc_mysql_has" ] || mrc_die "the copy does not say what transactions it has"
}

# Between its old data and its new ones, a server that starts would find none.
mrc_mysql_copy_cut() {
  [ -d "$mrc_mysql_home/data" ] || mv "$mrc_mysql_home/data.mrc-old" "$mrc_mysql_home/data"
  mrc_mysql_halted
}

# mrc_mysql_copy_serve DEPLOYMENT NAME ROOT_FILE ADDRESS: the copy becomes the slave's data.
mrc_mysql_copy_serve() {
  mrc_mysql_meet "$2" "$3"
  mrc_mysql_mine=$(printf 'SELECT %s\n' "$mrc_say_executed" | mrc_mysql "$2" root "$3" -N)
  # Asked as late as can be: what somebody wrote meanwhile would go with the data.
  [ "$(mrc_mysql_within "$2" "$3" "$mrc_mysql_mine" "$mrc_mysql_has")" = 1 ] ||
    mrc_die "$2 has transactions that the copy lacks, and keeps its data: it has $mrc_mysql_mine, the copy $mrc_mysql_has"
  docker stop -t 120 "$mrc_mysql_copy" >/dev/null
  docker rm -v "$mrc_mysql_copy" >/dev/null
  mrc_mysql_halt "$1" "$2"
  trap 'mrc_mysql_copy_cut' EXIT
  if [ -f "$mrc_mysql_home/data/mrc.version" ]; then
    cp -p "$mrc_mysql_home/data/mrc.version" "$mrc_mysql_home/data.mrc-copy/"
  fi
  sync
  mv "$mrc_mysql_home/data" "$mrc_mysql_home/data.mrc-old"
  mv -T "$mrc_mysql_home/data.mrc-copy" "$mrc_mysql_home/data"
  sync
  mrc_mysql_resume "$1" "$2" "$3" "$4"
  rm -rf "$mrc_mysql_home/data.mrc-old"
}

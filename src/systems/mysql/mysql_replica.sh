# A slave and its channel: what both are read as, how a channel is made, and when it works.

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
  mrc_mysql_secured="$([ "$6" = on ] && echo Yes || echo No) key=$([ "$6" = server-key ] && echo 1 || echo 0)"
  if [ ! -s "$MRC_D/status" ]; then
    mrc_mysql "$1" root "$2" <"$MRC_D/change.sql"
  elif mrc_mysql_relay_broken; then
    mrc_mysql_refetch "$1" "$2"
  elif [ "$(mrc_mysql_channel "$1" "$2" "$5" "$MRC_D/status")" != \
    "$3:3306 $4 auto=1 every=10 tries=86400 tls=$mrc_mysql_secured delay=0 1 1" ]; then
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

# shellcheck shell=sh
# Functions of a failover: the master is lost, and nobody asks it any more.

# mrc_mysql_fence NAME DEPLOYMENT ROLE_DATA ROLE_LINE..: on the lost server's own host. Whoever starts the server
# again finds it closed to writes; until then it is stopped.
mrc_mysql_fence() {
  mrc_mysql_lost=$1 mrc_mysql_deployment=$2
  shift 2
  if [ -d "$1" ]; then mrc_mysql_role "$@"; fi
  if ! docker version >/dev/null 2>"$MRC_D/docker.err"; then
    mrc_mend "start Docker there, or turn the host off, and run the same command again"
    mrc_die "whether $mrc_mysql_lost still takes writes cannot be told: $(tail -n 1 "$MRC_D/docker.err")"
  fi
  mrc_unwatch "$mrc_mysql_deployment" "$mrc_mysql_lost"
  if ! docker container inspect "$mrc_mysql_lost" >/dev/null 2>"$MRC_D/inspect.err"; then
    if grep -qi 'no such' "$MRC_D/inspect.err"; then return 0; fi
    mrc_die "$(cat "$MRC_D/inspect.err")"
  fi
  # One that hangs, or is paused, is not asked twice.
  docker stop -t 10 "$mrc_mysql_lost" >/dev/null 2>&1 || docker kill "$mrc_mysql_lost" >/dev/null 2>&1 || :
  mrc_mysql_state=$(docker inspect --type container -f '{{.State.Running}}' "$mrc_mysql_lost")
  [ "$mrc_mysql_state" = false ] || mrc_die "the container $mrc_mysql_lost cannot be stopped"
}

# mrc_mysql_silent NAME ROOT_FILE OLD_ADDRESS: the slave has no connection to its lost master.
mrc_mysql_silent() {
  mrc_mysql_status "$1" "$2" </dev/null >"$MRC_D/silent" || return 1
  [ -s "$MRC_D/silent" ] || { echo "$1 does not answer"; return 1; }
  [ "$(mrc_mysql_field "$MRC_D/silent" Master_Host)" != "$3" ] ||
    [ "$(mrc_mysql_field "$MRC_D/silent" Slave_IO_Running)" != Yes ] || { echo "$1 hears it"; return 1; }
}

# What the slave has applied and what it has received: $mrc_mysql_has, $mrc_mysql_got. Fails where it has no
# source any more, and says so itself: a server that does not answer is not taken for that.
mrc_mysql_received() {
  mrc_mysql_status "$1" "$2" </dev/null >"$MRC_D/received" || mrc_die "$1 does not answer"
  if [ ! -s "$MRC_D/received" ]; then
    mrc_mysql_source=$({ echo "$mrc_say_status;" && echo "SELECT 'told';"; } | mrc_mysql "$1" root "$2" -N) ||
      mrc_die "$1 does not answer"
    [ "$mrc_mysql_source" != told ] || return 1
    mrc_die "$1 has a source that was not told"
  fi
  mrc_mysql_has=$(mrc_mysql_field "$MRC_D/received" Executed_Gtid_Set | sed 's/\\n//g')
  mrc_mysql_got=$(mrc_mysql_field "$MRC_D/received" Retrieved_Gtid_Set | sed 's/\\n//g')
}

# All that it has received is applied. Servers that count a transaction as received at its first event may wait
# for the rest of the last one for ever: when they have read all there is, that one is not had by anybody.
mrc_mysql_all_applied() {
  [ "$(mrc_mysql_within "$1" "$2" "$mrc_mysql_got" "$mrc_mysql_has")" = 1 ]
}
mrc_mysql_drained() {
  if mrc_mysql_all_applied "$1" "$2"; then return 0; fi
  [ "$mrc_say_begun" = counted ] && [ "$(date +%s)" -ge "$mrc_mysql_quiet" ] || return 1
  grep -q '^Slave_SQL_Running_State	.*has read all relay log' "$MRC_D/received" || return 1
  mrc_mysql_rest=$(printf "SELECT GTID_SUBTRACT('%s', '%s')" "$mrc_mysql_got" "$mrc_mysql_has" | mrc_mysql "$1" root "$2" -N)
  case ${mrc_mysql_rest#*:} in '' | *[!0-9]*) return 1 ;; esac
  mrc_note "of $mrc_mysql_rest only the beginning has come to $1"
}

# mrc_mysql_drain NAME ROOT_FILE OLD OLD_ADDRESS: the slave that shall be the master hears the lost one no more
# and applies all that it has received from it.
mrc_mysql_drain() {
  mrc_mysql_meet "$1" "$2"
  mrc_mysql_received "$1" "$2" || return 0 # it came to its end in an earlier run
  if ! mrc_wait 20 "$3 to be silent" mrc_mysql_silent "$1" "$2" "$4"; then
    mrc_mend "$3 is there for its slaves: mend the way from here to its host, or stop its server by hand"
    exit 124
  fi
  mrc_mysql_apply_received "$1" "$2"
}

# mrc_mysql_apply_received NAME ROOT_FILE: to the end of what came. One thread always runs: MariaDB throws the relay
# log away when it starts one while both are stopped.
mrc_mysql_apply_received() {
  mrc_mysql_received "$1" "$2"
  mrc_mysql_first=$mrc_mysql_got
  if [ "$mrc_say_gtids" = positions ] && ! mrc_mysql_all_applied "$1" "$2" &&
    [ "$(grep -c '^Slave_[A-Z]*_Running	No$' "$MRC_D/received")" = 2 ]; then
    mrc_mend "save its relay logs and read them with mariadb-binlog, or give the part to another slave: mrc failover NAME"
    mrc_die "$1 would throw away what it has received and not applied, as both its threads are stopped: has $mrc_mysql_has, received $mrc_mysql_got"
  fi
  echo "START $mrc_say_slave SQL_THREAD; STOP $mrc_say_slave IO_THREAD;" | mrc_mysql "$1" root "$2"
  mrc_mysql_before=
  mrc_mysql_told=
  mrc_mysql_applied "$1" "$2"
  until mrc_mysql_drained "$1" "$2"; do
    if [ "$(mrc_mysql_field "$MRC_D/received" Slave_SQL_Running)" != Yes ]; then
      mrc_mysql_threads "$1" "$2" >"$MRC_D/why" || :
      mrc_mend "mend what it cannot apply, or give the part to another slave: mrc failover NAME"
      mrc_die "$1 cannot apply what it has received: $(tail -n 1 "$MRC_D/why")"
    fi
    [ "$(date +%s)" -lt "$mrc_mysql_end" ] ||
      mrc_die "$1 applies nothing more and has not all that it has received: has $mrc_mysql_has, received $mrc_mysql_got"
    [ -n "$mrc_mysql_told" ] || mrc_note "waiting for $1 to apply what it has received"
    mrc_mysql_told=yes
    sleep 0.2
    mrc_mysql_applied "$1" "$2"
  done
  # What it says to have received must not have become less meanwhile.
  if [ "$mrc_mysql_got" = "$mrc_mysql_first" ]; then return 0; fi
  mrc_mysql_got=$mrc_mysql_first
  mrc_mysql_all_applied "$1" "$2" ||
    mrc_die "$1 had received $mrc_mysql_first, and has only $mrc_mysql_has: look for the rest on another slave before anything is written"
}

# Reads it anew. While something is applied there is time.
mrc_mysql_applied() {
  mrc_mysql_received "$1" "$2"
  [ "$mrc_mysql_has" != "$mrc_mysql_before" ] || return 0
  mrc_mysql_before=$mrc_mysql_has
  mrc_mysql_quiet=$(($(date +%s) + 10)) mrc_mysql_end=$(($(date +%s) + 120))
}

# mrc_mysql_not_ahead NAME ROOT_FILE HEIR HEIR_ADDRESS USER REPL_FILE: nothing that this slave has received is
# missing in HEIR, whose slave it is to be: what it has not applied yet it gets from there. Where a transaction counts
# as received at its beginning, applying tells whether it has more of the last one than that.
mrc_mysql_not_ahead() {
  mrc_mysql_meet "$1" "$2"
  echo "STOP $mrc_say_slave IO_THREAD" | mrc_mysql "$1" root "$2"
  mrc_mysql_received "$1" "$2" || return 0
  mrc_wait 60 "$3 to be reached from $1" mrc_mysql_master_set "$1" "$4" "$5" "$6"
  # shellcheck disable=SC2154 # mrc_wait keeps what the command said
  mrc_mysql_its=$mrc_wait_out
  [ "$(mrc_mysql_within "$1" "$2" "$mrc_mysql_has,$mrc_mysql_got" "$mrc_mysql_its")" != 1 ] || return 0
  if [ "$mrc_say_begun" = counted ]; then
    mrc_mysql_apply_received "$1" "$2"
    [ "$(mrc_mysql_within "$1" "$2" "$mrc_mysql_has" "$mrc_mysql_its")" != 1 ] || return 0
  fi
  mrc_mend "give the part to $1: mrc failover $1"
  mrc_die "$1 has transactions that $3 lacks: it has $mrc_mysql_has, received $mrc_mysql_got, and $3 has $mrc_mysql_its"
}

# mrc_mysql_succeed NAME ROOT_FILE OLD OLD_ADDRESS USER REPL_FILE ROLE_DATA ROLE_LINE..: takes writes, unless the
# lost master is there again and takes them too. Its channel goes first: ended in between, it is a master that is
# still closed, which the same step opens.
mrc_mysql_succeed() {
  mrc_mysql_new=$1 mrc_mysql_root=$2 mrc_mysql_old=$3
  mrc_mysql_meet "$mrc_mysql_new" "$mrc_mysql_root"
  # No answer is what is expected.
  if [ "$(echo "$mrc_mysql_open_sql" | mrc_mysql_far "$1" "$5" "$6" "$4" 2>/dev/null)" = 1 ]; then
    mrc_mend "mrc apply hands the part over from $mrc_mysql_old, which is there again"
    mrc_die "$mrc_mysql_old answers again and takes writes: it stays the master"
  fi
  shift 6
  mrc_mysql_quiet=0
  if mrc_mysql_received "$mrc_mysql_new" "$mrc_mysql_root"; then
    mrc_mysql_drained "$mrc_mysql_new" "$mrc_mysql_root" ||
      mrc_die "$mrc_mysql_new has not applied all that it has received; run the same command again"
    echo "STOP $mrc_say_slave; RESET $mrc_say_slave ALL;" | mrc_mysql "$mrc_mysql_new" root "$mrc_mysql_root"
  fi
  mrc_mysql_role "$@"
  echo 'SET GLOBAL read_only=OFF' | mrc_mysql "$mrc_mysql_new" root "$mrc_mysql_root"
}

# mrc_mysql_close NAME ROOT_FILE FREEZE_SQL CLIENTS ROLE_DATA ROLE_LINE..: a server that was the master and is back
# takes no writes any more, now and after its next start. CLIENTS end: as in mrc_mysql_hand_over.
mrc_mysql_close() {
  mrc_mysql_name=$1 mrc_mysql_root=$2 mrc_mysql_freeze=$3 mrc_mysql_clients=$4
  shift 4
  mrc_mysql_role "$@"
  printf '%s\n' "$mrc_mysql_freeze" | mrc_mysql "$mrc_mysql_name" root "$mrc_mysql_root"
  if [ "$mrc_mysql_clients" = end ]; then mrc_mysql_end_clients "$mrc_mysql_name" "$mrc_mysql_root"; fi
}

# mrc_mysql_nothing_alone NAME ROOT_FILE MASTER MASTER_ADDRESS USER REPL_FILE: one that was the master has nothing
# that its successor lacks; else it is told, and nothing is done about it.
mrc_mysql_nothing_alone() {
  mrc_mysql_meet "$1" "$2"
  mrc_wait 60 "$3 to be reached from $1" mrc_mysql_errant "$1" "$2" "$4" "$5" "$6"
  [ -z "$mrc_wait_out" ] || {
    mrc_mend "see docs/mysql.md, \"The old master comes back\""
    mrc_die "$1 was the master and has transactions that $3 lacks: $mrc_wait_out"
  }
}

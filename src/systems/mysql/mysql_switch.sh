# shellcheck shell=sh disable=SC2030,SC2031 # MRC_D is another one in the session alone
# Functions that hand the master's part from one server to another. Two scripts run at the same time, each on
# its server's host, and see each other through the old master alone, by locks that sessions there hold:
#   "mrc comes NEW"        held from NEW's host, as the replication user, while its script lives
#   "mrc takes over NEW"   the same, when NEW has caught up
#   "mrc hands over NEW"   held from the old master's host while writes are stopped for it
#   "mrc opens NEW"        held from NEW's host, when NEW has all: it asks to be let
#   "mrc lets ID"          held from the old master's host, for the session that asks: it opens by itself no more
# So either learns when the other is gone, whatever ended it, and no clock is compared. Writes are stopped only
# for a NEW that has caught up and holds its lock; they go on again when that lock is gone and NEW was not let.
# NEW opens only when it was let: of two that take writes there is no moment. Whoever cannot ask changes nothing.

# mrc_mysql_session SQL_FILE COMMAND..: COMMAND, a client, is given the SQL, and keeps its session, and what that
# holds, until mrc_mysql_session_end or this script's own end. What it says is in "$MRC_D/session.out".
mrc_mysql_session() {
  mrc_mysql_session_sql=$1
  shift
  mkdir "$MRC_D/session"
  mkfifo "$MRC_D/session/in"
  (
    mrc_mysql_out=$MRC_D/session.out
    MRC_D=$MRC_D/session # the client's files, apart from those of the calls beside it
    mrc_mysql_deadline=
    "$@" <"$MRC_D/in" >"$mrc_mysql_out" 2>&1
  ) &
  mrc_mysql_session_pid=$!
  exec 5>"$MRC_D/session/in"
  cat "$mrc_mysql_session_sql" >&5
}
mrc_mysql_session_end() {
  exec 5>&-
  wait "$mrc_mysql_session_pid" || :
}

# mrc_mysql_session_says TEXT WHAT: waits until the session has said so.
mrc_mysql_session_says() {
  mrc_wait 15 "$2" mrc_mysql_session_settled "$1"
  grep -qxF "$1" "$MRC_D/session.out" || mrc_die "$2 could not be had: $(tail -n 1 "$MRC_D/session.out")"
}
mrc_mysql_session_settled() {
  grep -qxF "$1" "$MRC_D/session.out" || ! kill -0 "$mrc_mysql_session_pid" 2>/dev/null
}

# mrc_mysql_lock KIND NEW: the lock's name; servers take 64 characters.
mrc_mysql_lock() {
  printf "'mrc %s %.40s'" "$1" "$2"
}

# mrc_mysql_lock_sql KIND NEW: a row 1 where some session holds it.
mrc_mysql_lock_sql() {
  printf 'SELECT IS_USED_LOCK(%s) IS NOT NULL;\n' "$(mrc_mysql_lock "$1" "$2")"
}

# mrc_mysql_take_lock KIND NEW: SQL that takes it, and says KIND when it is had. A session of an earlier run may
# have it for a moment.
mrc_mysql_take_lock() {
  printf "SELECT IF(GET_LOCK(%s, 5) = 1, '%s', 'another session has it');\n" "$(mrc_mysql_lock "$1" "$2")" "$1"
}

# mrc_mysql_is_open NAME ROOT_FILE: the server of this host takes writes.
mrc_mysql_is_open() {
  [ "$(echo "$mrc_mysql_open_sql" | mrc_mysql "$1" root "$2" -N)" = 1 ]
}

# How far NEW is, by its locks: $mrc_mysql_claim is opens, claims, comes, gone, or unknown where this server does
# not answer. Old servers let one lock go before they take the next, so one that was there is looked for twice.
mrc_mysql_look_for_claim() {
  mrc_mysql_read_claim
  case $mrc_mysql_claim in
    gone)
      if [ -e "$MRC_D/came" ]; then
        sleep 0.3
        mrc_mysql_read_claim
      fi ;;
    unknown) ;;
    *) : >"$MRC_D/came" ;;
  esac
}
mrc_mysql_read_claim() {
  mrc_mysql_claim=unknown
  {
    mrc_mysql_lock_sql opens "$mrc_mysql_new"
    mrc_mysql_lock_sql "takes over" "$mrc_mysql_new"
    mrc_mysql_lock_sql comes "$mrc_mysql_new"
  } | mrc_mysql "$mrc_mysql_old" root "$mrc_mysql_root" -N >"$MRC_D/claim" || return 0
  case $(tr '\n' ' ' <"$MRC_D/claim") in
    1*) mrc_mysql_claim=opens ;;
    '0 1 '*) mrc_mysql_claim=claims ;;
    '0 0 1 ') mrc_mysql_claim=comes ;;
    '0 0 0 ') mrc_mysql_claim=gone ;;
  esac
}

# It is ready, or it was there and has gone.
mrc_mysql_claim_settled() {
  mrc_mysql_look_for_claim
  case $mrc_mysql_claim in
    opens | claims) return 0 ;;
    comes) echo "it has not caught up yet" ;;
    gone)
      if [ -e "$MRC_D/came" ]; then return 0; fi
      echo "it is not there" ;;
  esac
  return 1
}

# mrc_mysql_hand_over NAME ROOT_FILE USER REPL_FILE NEW NEW_ADDRESS FREEZE_SQL CLIENTS MASTERS_ROLE ROLE_DATA ROLE_LINE..
# On the old master's host. Ends well when NEW takes writes. CLIENTS end: this server cannot keep those who may
# do everything from writing but by a lock of the session; they are cut off before that is let go. MASTERS_ROLE: the
# lines of the role that it keeps if nothing comes of it.
mrc_mysql_hand_over() {
  mrc_mysql_old=$1 mrc_mysql_root=$2 mrc_mysql_user=$3 mrc_mysql_repl=$4 mrc_mysql_new=$5 mrc_mysql_at=$6
  mrc_mysql_freeze=$7 mrc_mysql_clients=$8 mrc_mysql_masters_role=$9
  shift 9
  mrc_mysql_meet "$mrc_mysql_old" "$mrc_mysql_root"
  mrc_mysql_deadline=10
  mrc_mysql_here=$(echo "$mrc_mysql_open_sql" | mrc_mysql "$mrc_mysql_old" root "$mrc_mysql_root" -N)
  # An earlier run came to this point, and was not heard.
  if [ "$mrc_mysql_here" = 0 ] && mrc_mysql_is_master; then
    mrc_mysql_role "$@"
    mrc_mysql_cut_off
    return 0
  fi
  mrc_mysql_role_data=$1
  mrc_mysql_frozen='' mrc_mysql_let=''
  mrc_mysql_stopped=yes
  trap 'mrc_mysql_take_back' EXIT
  trap 'exit 143' TERM HUP PIPE
  mrc_wait 180 "$mrc_mysql_new to be ready for the master's part" mrc_mysql_claim_settled ||
    mrc_die "$mrc_mysql_new did not come for the master's part; $mrc_mysql_old stays the master"
  mrc_mysql_look_for_claim # mrc_wait asks in a shell of its own
  [ "$mrc_mysql_claim" != gone ] || mrc_die "$mrc_mysql_new gave up; $mrc_mysql_old stays the master"
  # Whoever starts this server again from here on finds it closed.
  mrc_mysql_frozen=yes
  mrc_mysql_role "$@"
  {
    printf 'SELECT GET_LOCK(%s, 0);\n' "$(mrc_mysql_lock "hands over" "$mrc_mysql_new")"
    printf '%s\n' "$mrc_mysql_freeze"
    echo "SELECT 'stopped';"
  } >"$MRC_D/freeze.sql"
  mrc_mysql_session "$MRC_D/freeze.sql" mrc_mysql "$mrc_mysql_old" root "$mrc_mysql_root" -N -n
  mrc_mysql_session_says stopped "an end of the writes on $mrc_mysql_old"
  mrc_note "writes are stopped until $mrc_mysql_new takes them"
  mrc_mysql_end=$(($(date +%s) + 60))
  until mrc_mysql_is_master; do
    mrc_mysql_look_for_claim
    case $mrc_mysql_claim in
      opens) [ -n "$mrc_mysql_let" ] || mrc_mysql_let_open ;;
      gone)
        # It may have opened and let its locks go since.
        if [ -n "$mrc_mysql_let" ] && mrc_mysql_is_master; then break; fi
        mrc_die "$mrc_mysql_new gave up; $mrc_mysql_old stays the master" ;;
    esac
    [ "$(date +%s)" -lt "$mrc_mysql_end" ] ||
      mrc_die "$mrc_mysql_new has not become the master in 60 s; $mrc_mysql_old stays the master"
    sleep 0.05
  done
  mrc_mysql_stopped=
  mrc_mysql_cut_off
  mrc_mysql_session_end
}

# NEW may open. Nothing is taken back from here on, so that is noted before it is said.
mrc_mysql_let_open() {
  mrc_mysql_who=$(printf 'SELECT IS_USED_LOCK(%s)' "$(mrc_mysql_lock opens "$mrc_mysql_new")" |
    mrc_mysql "$mrc_mysql_old" root "$mrc_mysql_root" -N) || return 0
  case $mrc_mysql_who in '' | *[!0-9]*) return 0 ;; esac
  mrc_mysql_let=yes
  mrc_mysql_take_lock lets "$mrc_mysql_who" >&5
  mrc_mysql_session_says lets "the word for $mrc_mysql_new on $mrc_mysql_old"
}

mrc_mysql_cut_off() {
  if [ "$mrc_mysql_clients" = end ]; then mrc_mysql_end_clients "$mrc_mysql_old" "$mrc_mysql_root"; fi
}

# mrc_mysql_end_clients NAME ROOT_FILE: all sessions but the server's own, the slaves', and root's on the
# host itself, of which this script's are.
mrc_mysql_end_clients() {
  echo 'SHOW PROCESSLIST' | mrc_mysql "$1" root "$2" -N >"$MRC_D/clients"
  awk -F '\t' '
    $2 == "system user" || $2 == "event_scheduler" || $5 ~ /^Binlog Dump/ { next }
    $2 == "root" && $3 == "localhost" { next }
    { print "KILL " $1 ";" }' "$MRC_D/clients" >"$MRC_D/kill.sql"
  # One may have left by itself.
  mrc_mysql "$1" root "$2" -f <"$MRC_D/kill.sql" || :
}

# NEW takes writes; else $mrc_mysql_is is 0, or why it cannot be asked.
mrc_mysql_is_master() {
  mrc_mysql_is=$(echo "$mrc_mysql_open_sql" |
    mrc_mysql_far "$mrc_mysql_old" "$mrc_mysql_user" "$mrc_mysql_repl" "$mrc_mysql_at" 2>&1) || return 1
  [ "$mrc_mysql_is" = 1 ]
}

# The script ends, and NEW was not seen to take writes: they go on where it certainly will not.
mrc_mysql_take_back() {
  [ -n "$mrc_mysql_stopped" ] || return 0
  mrc_mysql_stopped=
  # It was closed neither by this run nor by an earlier one.
  if [ -z "$mrc_mysql_frozen" ] && mrc_mysql_is_open "$mrc_mysql_old" "$mrc_mysql_root"; then return 0; fi
  if mrc_mysql_is_master; then
    mrc_mysql_cut_off
    mrc_mend "go on with the same command: $mrc_mysql_new is the master now"
    return 0
  fi
  if [ -n "$mrc_mysql_let" ] || [ "$mrc_mysql_is" != 0 ]; then
    mrc_mysql_cut_off
    mrc_mend "go on with the same command; where that cannot be, see whether $mrc_mysql_new takes writes, and if it does not: SET GLOBAL read_only=OFF on $mrc_mysql_old"
    if [ "$mrc_mysql_is" = 0 ]; then mrc_mysql_is="it takes none, and was told that it may"; fi
    printf '%s takes no writes any more, and whether %s will is not known: %s\n' \
      "$mrc_mysql_old" "$mrc_mysql_new" "$mrc_mysql_is" >&2
    return 0
  fi
  mrc_mysql_role "$mrc_mysql_role_data" "$mrc_mysql_masters_role"
  echo 'SET GLOBAL read_only=OFF' | mrc_mysql "$mrc_mysql_old" root "$mrc_mysql_root" || {
    mrc_mend "SET GLOBAL read_only=OFF on $mrc_mysql_old: it is still the master"
    printf '%s takes no writes, and could not be opened again\n' "$mrc_mysql_old" >&2
  }
  exec 5>&-
}

# mrc_mysql_take_over NAME ROOT_FILE OLD OLD_ADDRESS USER REPL_FILE CLOSED ROLE_DATA ROLE_LINE..
# On NEW's host. CLOSED is the variable that says of the old master that it takes no writes.
mrc_mysql_take_over() {
  mrc_mysql_new=$1 mrc_mysql_root=$2 mrc_mysql_old=$3 mrc_mysql_at=$4 mrc_mysql_user=$5 mrc_mysql_repl=$6
  mrc_mysql_closed_by=$7
  shift 7
  mrc_mysql_meet "$mrc_mysql_new" "$mrc_mysql_root"
  mrc_mysql_source=$({ echo "$mrc_say_status;" && echo "SELECT 'told';"; } | mrc_mysql "$mrc_mysql_new" root "$mrc_mysql_root" -N)
  if [ "$mrc_mysql_source" = told ] && mrc_mysql_is_open "$mrc_mysql_new" "$mrc_mysql_root"; then
    mrc_mysql_role "$@" # an earlier run came to this point, and was not heard
    return 0
  fi
  # An earlier attempt may have ended between the stop of its threads and its first write.
  echo "START $mrc_say_slave" | mrc_mysql "$mrc_mysql_new" root "$mrc_mysql_root"
  mrc_wait 60 "$mrc_mysql_old to be reached from $mrc_mysql_new" mrc_mysql_old_state
  mrc_mysql_old_state >"$MRC_D/said" || mrc_die "$mrc_mysql_old cannot be asked: $(cat "$MRC_D/said")"
  if [ "${mrc_mysql_closed#?}" = 1 ] && mrc_mysql_is_open "$mrc_mysql_new" "$mrc_mysql_root"; then
    mrc_mysql_catch_up 120 # it ended between its first write and the end of its channel
  else
    mrc_mysql_ask_for_it
  fi
  # From here on there is no way back. Writable before its channel goes: ended in between, it
  # leaves nothing that the next run would have to set up anew.
  echo "STOP $mrc_say_slave; SET GLOBAL read_only=OFF; RESET $mrc_say_slave ALL;" | mrc_mysql "$mrc_mysql_new" root "$mrc_mysql_root"
  mrc_mysql_role "$@"
  if [ -e "$MRC_D/session" ]; then mrc_mysql_session_end; fi
}

# Until the old master has stopped its writes, all of them are here, and it has let this one open.
mrc_mysql_ask_for_it() {
  {
    echo 'SELECT CONNECTION_ID();'
    mrc_mysql_take_lock comes "$mrc_mysql_new"
  } >"$MRC_D/come.sql"
  mrc_mysql_session "$MRC_D/come.sql" mrc_mysql_peer_session
  mrc_mysql_session_says comes "a session on $mrc_mysql_old"
  mrc_mysql_me=$(head -n 1 "$MRC_D/session.out")
  mrc_mysql_catch_up 120
  mrc_mysql_extra=$(mrc_mysql_errant "$mrc_mysql_new" "$mrc_mysql_root" "$mrc_mysql_at" "$mrc_mysql_user" "$mrc_mysql_repl")
  [ -z "$mrc_mysql_extra" ] ||
    mrc_die "$mrc_mysql_new has transactions that $mrc_mysql_old lacks: $mrc_mysql_extra"
  mrc_mysql_take_lock "takes over" "$mrc_mysql_new" >&5
  mrc_mysql_session_says "takes over" "the lock on $mrc_mysql_old"
  mrc_wait 60 "writes on $mrc_mysql_old to stop" mrc_mysql_old_is_stopped
  mrc_mysql_catch_up 20
  mrc_mysql_take_lock opens "$mrc_mysql_new" >&5
  mrc_mysql_session_says opens "the lock on $mrc_mysql_old"
  mrc_mysql_end=$(($(date +%s) + 20))
  until [ "$(mrc_mysql_lock_sql lets "$mrc_mysql_me" |
    mrc_mysql_far "$mrc_mysql_new" "$mrc_mysql_user" "$mrc_mysql_repl" "$mrc_mysql_at")" = 1 ]; do
    [ "$(date +%s)" -lt "$mrc_mysql_end" ] || mrc_die "$mrc_mysql_old took its part back"
    sleep 0.05
  done
}
mrc_mysql_peer_session() {
  mrc_mysql_far "$mrc_mysql_new" "$mrc_mysql_user" "$mrc_mysql_repl" "$mrc_mysql_at" -n
}

# What the old master says of itself: $mrc_mysql_closed, $mrc_mysql_set.
mrc_mysql_old_state() {
  mrc_mysql_state=$({
    mrc_mysql_lock_sql "hands over" "$mrc_mysql_new"
    printf "SELECT CAST(@@GLOBAL.%s AS CHAR) NOT IN ('0', 'OFF'), %s;\n" "$mrc_mysql_closed_by" "$mrc_say_executed"
  } | mrc_mysql_far "$mrc_mysql_new" "$mrc_mysql_user" "$mrc_mysql_repl" "$mrc_mysql_at" 2>&1) || {
    echo "$mrc_mysql_state"
    return 1
  }
  mrc_mysql_closed=$(printf '%s\n' "$mrc_mysql_state" | sed -n 1p)$(printf '%s\n' "$mrc_mysql_state" | sed -n 2p | cut -f 1)
  mrc_mysql_set=$(printf '%s\n' "$mrc_mysql_state" | sed -n 2p | cut -f 2)
}
mrc_mysql_old_is_stopped() {
  mrc_mysql_old_state || return 1
  [ "$mrc_mysql_closed" = 11 ] || { echo "it still takes writes"; return 1; }
}

# mrc_mysql_catch_up SECONDS: all that the old master has executed by now is here.
mrc_mysql_catch_up() {
  mrc_mysql_old_state >"$MRC_D/said" || mrc_die "$mrc_mysql_old cannot be asked: $(cat "$MRC_D/said")"
  # shellcheck disable=SC2059 # the dialect's own format
  if [ "$(printf "SELECT $mrc_say_waited" "$mrc_mysql_set" "$1" |
    mrc_mysql "$mrc_mysql_new" root "$mrc_mysql_root" -N)" != 1 ]; then
    mrc_mysql_threads "$mrc_mysql_new" "$mrc_mysql_root" >&2 || :
    mrc_die "$mrc_mysql_new has not caught up with $mrc_mysql_old after $1 s"
  fi
}

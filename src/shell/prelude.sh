# Functions that every script of mrc may call. POSIX sh: dash, busybox ash, bash.
# "$MRC_D" is this run's private directory; descriptor 3, where open, carries notes to the operator.

LC_ALL=C
export LC_ALL

# mrc_note TEXT..: one line to the operator while the script runs ("waiting: no quorum yet").
mrc_note() {
  if [ -n "${MRC_NOTES:-}" ]; then printf 'N %s\n' "$(printf '%s' "$*" | tr '\n\r' '  ')" >&3; fi
}

# A script that fails says why in the last line of its stderr that does not begin with "| ". Those that
# do are evidence: what a human would look at next.

# mrc_die TEXT..: the script ends here, with the first line as its reason, the others as evidence.
mrc_die() {
  printf '%s\n' "$*" | sed '2,$s/^/| /' >&2
  exit 1
}

# mrc_evidence WHAT COMMAND..: what COMMAND says now, its last lines, is shown with the failure that
# follows. Its own failure is nobody's, and a line that is repeated says no more than once.
mrc_evidence() {
  mrc_evidence_what=$1
  shift
  {
    printf '%s:\n' "$mrc_evidence_what"
    { "$@" 2>&1 || :; } | uniq | tail -n 10
  } | sed 's/^/| /' >&2
}

# mrc_mend TEXT..: what a human can do about the failure that follows.
mrc_mend() {
  printf '| mend: %s\n' "$*" >&2
}

# mrc_wait SECONDS WHAT COMMAND..: polls COMMAND until it succeeds; the last line of its last words is
# the reason when the deadline passes (status 124).
mrc_wait() {
  mrc_wait_end=$(($(date +%s) + $1))
  mrc_wait_what=$2
  shift 2
  mrc_wait_told=
  while :; do
    if mrc_wait_out=$("$@" 2>&1); then return 0; fi
    if [ "$(date +%s)" -ge "$mrc_wait_end" ]; then
      printf '%s\n' "$mrc_wait_out" | sed -e '$d' -e 's/^/| /' >&2
      printf 'gave up waiting for %s: %s\n' "$mrc_wait_what" \
        "$(printf '%s' "$mrc_wait_out" | tail -n 1)" >&2
      return 124
    fi
    if [ "$mrc_wait_told" != "$mrc_wait_out" ]; then
      mrc_wait_told=$mrc_wait_out
      mrc_note "waiting for $mrc_wait_what: $(printf '%s' "$mrc_wait_out" | tail -n 1)"
    fi
    sleep 0.2
  done
}

# mrc_put SOURCE DEST MODE [OWNER]: DEST becomes a copy of SOURCE, whole or not at all; ended half-way,
# as a script is whose link was cut, it takes its half away.
mrc_put() (
  mrc_put_new=$2.mrc-new
  trap 'rm -f "$mrc_put_new"; exit 1' TERM HUP
  (umask 077 && cat "$1" >"$mrc_put_new") || exit 1
  chmod "$3" "$mrc_put_new" || exit 1
  if [ -n "${4:-}" ]; then chown "$4" "$mrc_put_new" || exit 1; fi
  sync "$mrc_put_new" 2>/dev/null || sync
  mv -f "$mrc_put_new" "$2"
)

# The record of a deployment on this host: /var/lib/mrc/NAME.json, valid JSON, an entry a line.
# mrc_record NAME KEY JSON sets one entry, mrc_forget NAME KEY drops it, mrc_forget_under NAME PREFIX all
# whose key begins so; each replaces the file atomically. With the last entry the file goes; what steps
# were to bring about (did/..) is worth nothing alone.
mrc_record() {
  mrc_record_write "$1" "\"$2\": " "\"$2\": $3"
}
mrc_forget() {
  [ -e "/var/lib/mrc/$1.json" ] || return 0
  mrc_record_write "$1" "\"$2\": " ""
}
mrc_forget_under() {
  [ -e "/var/lib/mrc/$1.json" ] || return 0
  mrc_record_write "$1" "\"$2" ""
}
mrc_recorded() {
  grep -qF "\"$2\": " "/var/lib/mrc/$1.json" 2>/dev/null
}
# Steps of one host run side by side, so the record is read and replaced under a lock: of its own
# folder, which leaves nothing behind. A folder that somebody removed meanwhile is made again.
# mrc_record_write NAME BEGIN LINE: entries that begin with BEGIN go, LINE comes.
mrc_record_write() {
  for mrc_record_try in 1 2 3 4 5; do
    mkdir -p /var/lib/mrc || return 1
    mrc_record_rc=0
    (
      trap 'rmdir /var/lib/mrc 2>/dev/null; exit 1' TERM HUP
      flock 8 && mrc_record_locked "$@"
    ) 8</var/lib/mrc || mrc_record_rc=$?
    [ "$mrc_record_rc" -eq 75 ] || return "$mrc_record_rc"
  done
  printf 'the record %s was taken away %s times while it was written\n' "$1" "$mrc_record_try" >&2
  return 1
}
mrc_record_locked() {
  # shellcheck disable=SC3013
  [ /proc/self/fd/8 -ef /var/lib/mrc ] || return 75
  chmod 0700 /var/lib/mrc || return 1
  mrc_record_file=/var/lib/mrc/$1.json
  mrc_record_rest=
  if [ -e "$mrc_record_file" ]; then
    mrc_record_rest=$(sed -n 's/^  \("[^"]*": .*[^,]\),\{0,1\}$/\1/p' "$mrc_record_file" |
      while IFS= read -r mrc_record_line; do
        case $mrc_record_line in "$2"*) ;; *) printf '%s\n' "$mrc_record_line" ;; esac
      done)
  fi
  if [ -n "$3" ]; then
    mrc_record_rest="${mrc_record_rest:+$mrc_record_rest
}$3"
  fi
  if ! printf '%s\n' "$mrc_record_rest" | grep -q '^"' ||
    ! printf '%s\n' "$mrc_record_rest" | grep -qv '^"did/'; then
    rm -f "$mrc_record_file" "$mrc_record_file.mrc-new"
    rmdir /var/lib/mrc 2>/dev/null || :
    return 0
  fi
  {
    printf '{"mrc": 1, "name": "%s", "made": {\n' "$1"
    printf '%s\n' "$mrc_record_rest" | sort | sed -e 's/^/  /' -e '$!s/$/,/'
    printf '}}\n'
  } >"$MRC_D/record" || return 1
  mrc_put "$MRC_D/record" "$mrc_record_file" 0600
}

# mrc_unwatch DEPLOYMENT SERVER: from here on nothing starts the server's container by itself. Whoever ends it
# begins so; the unit runs again when mrc has seen the server come back, or at the next boot.
mrc_unwatch() {
  [ -d /run/systemd/system ] || return 0
  case $(systemctl show -p ActiveState "mrc-$1.$2.service") in
    *=inactive | *=failed) ;;
    *) systemctl stop "mrc-$1.$2.service" ;;
  esac
}

# mrc_section_wait PID SECONDS: the end of the section that runs as PID (shell::Script::section), with its status. It is
# ended after so many seconds, with 142; 0 is without a limit.
mrc_section_wait() {
  if [ "$2" -eq 0 ]; then wait "$1"; return; fi
  printf '%s\n' "$1" >"$MRC_D/section.pid"
  if [ -z "${mrc_section_watch:-}" ]; then
    mrc_sections_watch "$2" >/dev/null 2>&1 3>&- &
    mrc_section_watch=$!
    trap 'kill "$mrc_section_watch" 2>/dev/null' EXIT
  fi
  mrc_section_end=0
  wait "$1" || mrc_section_end=$?
  if [ "$mrc_section_end" -ne 0 ] && [ -e "$MRC_D/section.late" ]; then
    read -r mrc_section_late <"$MRC_D/section.late"
    if [ "$mrc_section_late" = "$1" ]; then return 142; fi
  fi
  return "$mrc_section_end"
}

# mrc_sections_watch SECONDS: one watcher for all sections of a script. Where one took too long the others get 3 s each,
# so that a host on which nothing answers is told before the script's own time is over.
mrc_sections_watch() {
  mrc_watch_limit=$1
  mrc_watch_pid=
  while sleep 1 && kill -0 "$$"; do
    read -r mrc_watch_now <"$MRC_D/section.pid" || return 0
    if [ "$mrc_watch_now" != "$mrc_watch_pid" ]; then
      mrc_watch_pid=$mrc_watch_now
      mrc_watch_left=$mrc_watch_limit
    fi
    mrc_watch_left=$((mrc_watch_left - 1))
    if [ "$mrc_watch_left" -le 0 ]; then
      printf '%s\n' "$mrc_watch_pid" >"$MRC_D/section.late"
      mrc_end_tree "$mrc_watch_pid"
      mrc_watch_limit=3
    fi
  done
}

# mrc_end_tree PID: that process and all below it end now. Some come and go while they are read.
mrc_end_tree() {
  mrc_tree_all=$(sed -n 's/^\([0-9]*\) (.*) [A-Za-z] \([0-9]*\) .*/\1 \2/p' /proc/[0-9]*/stat || :)
  mrc_tree=" $1 "
  mrc_tree_before=
  while [ "$mrc_tree" != "$mrc_tree_before" ]; do
    mrc_tree_before=$mrc_tree
    while read -r mrc_tree_child mrc_tree_parent; do
      case $mrc_tree in
        *" $mrc_tree_child "*) ;;
        *" $mrc_tree_parent "*) mrc_tree="$mrc_tree$mrc_tree_child " ;;
      esac
    done <<EOF
$mrc_tree_all
EOF
  done
  # shellcheck disable=SC2086
  kill -KILL $mrc_tree || :
}

# mrc_section_print NAME STATUS: frames the outputs of one section. What a killed one leaves behind may still have
# them open.
mrc_section_print() {
  printf '@mrc %s %s %s %s\n' "$1" "$2" \
    "$(($(wc -c <"$MRC_D/section.out")))" "$(($(wc -c <"$MRC_D/section.err")))"
  cat "$MRC_D/section.out" "$MRC_D/section.err"
  if [ "$2" -eq 142 ]; then rm -f "$MRC_D/section.out" "$MRC_D/section.err"; fi
}

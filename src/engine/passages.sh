# Whether other hosts' ports can be reached. Read-only.

# mrc_passage_word FILE STATUS ENDED: what a tool's words and status tell of the way; nothing when they do
# not tell. ENDED: what it means that the tool did not come to an end by itself.
mrc_passage_word() {
  case $2 in 0) echo passable && return ;; esac
  case $(cat "$1") in
    *"Connected to"* | *refused*) echo passable ;;
    *"timed out"* | *"imeout was reached"*) echo silent ;;
    *"o route to host"* | *nreachable* | *"not permitted"* | *"ermission denied"*) echo barred ;;
    *) case $2 in 124 | 137 | 143) echo "$3" ;; esac ;;
  esac
}

# mrc_passage_by SECONDS ENDED TOOL WORD..: one try with this tool, if it is there.
mrc_passage_by() {
  command -v "$3" >/dev/null 2>&1 || return 0
  mrc_passage_end=$1
  mrc_passage_ended=$2
  shift 2
  mrc_passage_rc=0
  timeout "$mrc_passage_end" "$@" >"$mrc_passage_out" 2>&1 </dev/null || mrc_passage_rc=$?
  mrc_passage_word "$mrc_passage_out" "$mrc_passage_rc" "$mrc_passage_ended"
}

# The tools, each with ADDRESS PORT. These end as soon as they are connected.
mrc_passage_bash() {
  # shellcheck disable=SC2016
  mrc_passage_by 3 silent bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2"
}
mrc_passage_python() {
  mrc_passage_by 3 silent python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])))' "$1" "$2"
}
mrc_passage_perl() {
  # shellcheck disable=SC2016
  mrc_passage_by 3 silent perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0) or die "$!\n";
connect($s, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die "$!\n"' "$1" "$2"
}
# These stay connected until they are ended, but give a connection up before that. busybox's nc knows no -v.
mrc_passage_nc() {
  mrc_passage_by 4 passable nc -v -w 3 "$1" "$2"
}
mrc_passage_plain_nc() {
  mrc_passage_by 4 passable nc -w 3 "$1" "$2"
}
mrc_passage_curl() {
  mrc_passage_by 4 passable curl -sSv --noproxy '*' --connect-timeout 3 "telnet://$1:$2"
}

# mrc_passage ADDRESS PORT: passable (who listens answers, or the host says that nobody does), silent (nothing
# comes back in time), barred (a firewall says no, or there is no route), untried (no tool here tells).
mrc_passage() {
  mrc_passage_out=$MRC_D/passage.$1.$2
  mrc_passage_is=
  for mrc_passage_tool in bash python perl nc plain_nc curl; do
    mrc_passage_is=$("mrc_passage_$mrc_passage_tool" "$1" "$2")
    if [ -n "$mrc_passage_is" ]; then break; fi
  done
  printf '%s %s %s\n' "$1" "$2" "${mrc_passage_is:-untried}"
}

# mrc_passages ADDRESS PORT ..: a line for each, then `end`; all are tried at once.
mrc_passages() {
  mrc_passage_all=
  while [ $# -gt 0 ]; do
    mrc_passage "$1" "$2" >"$MRC_D/passage-word.$1.$2" &
    mrc_passage_all="$mrc_passage_all $!"
    shift 2
  done
  for mrc_passage_one in $mrc_passage_all; do wait "$mrc_passage_one"; done
  cat "$MRC_D"/passage-word.*
  echo end
}

# The far end of a session: a shell that answers one script at a time. Frames are a header line and
# exact bytes, so that nothing a script prints can be mistaken for an answer, and a frame that is cut
# off is never run. Sent as one line inside single quotes, which every login shell passes on as they
# are: no single quote, no doubled backslash (fish), an exclamation mark only before a blank (csh), a
# semicolon wherever a newline ends a command, and comments only on lines of their own. $0 is the
# session's nonce.
#   NONCE               hello; whatever comes before it (sudo's password, when sudo did not ask) is
#                       thrown away. "NONCE ready" is printed first, after any login noise
#   F SIZE NAME, bytes  a file for the next script, under "$MRC_D"
#   R SIZE, bytes       the script; the answer is "A STATUS OUTSIZE ERRSIZE MILLISECONDS", then both
#                       outputs; before it, "N TEXT" lines are notes
#   L NAME              joins the lock of the deployment NAME for as long as this shell lives, the
#                       file "holder" saying for which run; status 75 when another run has it, with
#                       that run's holder as output, and the session is over
# When the link ends, so does the running script, and only then the lock.
# shellcheck disable=SC2034,SC3013
umask 077;
B=/tmp;
for d in /dev/shm /run; do if [ -d "$d" ] && [ -w "$d" ]; then B=$d; break; fi; done;
W=$(mktemp -d "$B/mrc.XXXXXX") || exit 71;
V=; K=; p=; j=; S=;
if command -v setsid >/dev/null 2>&1; then j=-; S=setsid; fi;
end() {
  trap "" HUP PIPE TERM;
  if [ -n "$p" ]; then
    kill -TERM "$j$p";
    (sleep 1; kill -KILL "$j$p") </dev/null >/dev/null 4<&- 9>&- &
    k=$! ;
    wait "$p";
    for t in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$j$p" || break; sleep 0.1; done;
    kill -KILL "$j$p" "$k";
  fi 2>/dev/null;
  rm -rf "$W" "${V:-$W}";
  if [ -n "$K" ] && flock -x -n 9; then rm -f "$K" "$K.holder"; fi;
};
trap end EXIT;
# Caught and not ignored: what a script starts must still die of them.
trap "exit 129" HUP;
trap "exit 141" PIPE;
trap "exit 143" TERM;
MRC_D=$W/r; MRC_NOTES=1; export MRC_D MRC_NOTES;
mkdir "$W/r" || exit 71;
exec 4<&0;
printf "\n%s ready\n" "$0";
while IFS= read -r l; do if [ "$l" = "$0" ]; then break; fi; done;
get() {
  true >"$2";
  if [ "$1" -ge 65536 ]; then dd bs=65536 count="$(($1 / 65536))" iflag=fullblock >>"$2" 2>/dev/null; fi;
  if [ "$(($1 % 65536))" -gt 0 ]; then dd bs="$(($1 % 65536))" count=1 iflag=fullblock >>"$2" 2>/dev/null; fi;
  if [ "$(($(wc -c <"$2")))" -eq "$1" ]; then return 0; fi;
  echo "mrc: only $(($(wc -c <"$2"))) of $1 bytes came or found room on the host" >&2;
  exit 72;
};
file() {
  if [ "$1" -ge 1048576 ]; then
    if [ -n "$V" ] || V=$(mktemp -d /var/tmp/mrc.XXXXXX 2>/dev/null); then ln -s "$V/$2" "$W/r/$2"; fi;
  fi;
  get "$1" "$W/r/$2";
};
now() { read -r u x </proc/uptime; u=${u%.*}${u#*.}0; u=${u#0}; u=${u#0}; };
answer() {
  printf "A %s %s %s %s\n" "$1" "$(($(wc -c <"$W/out")))" "$(($(wc -c <"$W/err")))" "$2";
  cat "$W/out" "$W/err";
  rm -rf "$W/r" "${V:-$W/r}"; V=;
  mkdir "$W/r";
};
hold() {
  true >"$W/out"; true >"$W/err";
  if command -v flock >/dev/null; then :; else echo "there is no flock on the host" >"$W/err"; return 1; fi;
  q=$B; if [ -w /run ]; then q=/run; fi;
  q=$q/mrc-$1.lock;
  for t in 1 2 3 4 5 6 7 8 9 10; do
    true >>"$q" || return 1;
    exec 9>>"$q";
    if flock -x -n 9; then
      if [ "/proc/$$/fd/9" -ef "$q" ] && cat "$W/r/holder" >"$q.holder" && flock -s -n 9; then K=$q; return 0; fi;
    elif flock -s -n 9 && [ "/proc/$$/fd/9" -ef "$q" ]; then
      if [ "$(cat "$W/r/holder")" = "$(cat "$q.holder")" ]; then K=$q; return 0; fi;
      exec 9>&-;
      cat "$q.holder" >"$W/out";
      return 75;
    fi;
    exec 9>&-;
    sleep 0.1;
  done;
  return 75;
};
while read -r v a b; do
  case $v in
    F) file "$a" "$b" ;;
    R)
      get "$a" "$W/r/script";
      now; s=$u;
      $S sh "$W/r/script" 3>&1 >"$W/out" 2>"$W/err" </dev/null 4<&- 9>&- &
      p=$! ;
      (read -r x; kill -TERM "$$") <&4 >/dev/null 2>&1 4<&- 9>&- &
      g=$! ;
      wait "$p"; c=$?;
      p=;
      kill -KILL "$g" 2>/dev/null; wait "$g" 2>/dev/null;
      now;
      answer "$c" "$((u - s))" ;;
    L) hold "$a" 2>>"$W/err"; c=$?; answer "$c" 0; if [ "$c" -ne 0 ]; then exit 0; fi ;;
    *) exit 73 ;;
  esac;
done

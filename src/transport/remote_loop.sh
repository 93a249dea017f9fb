# The far end of a session: a shell that answers one script at a time. Frames are a header line and
# exact bytes, so that nothing a script prints can be mistaken for an answer, and a frame that is cut
# off is never run. Sent as one line inside single quotes, which every login shell passes on as they
# are: so no single quote, no exclamation mark, a semicolon wherever a newline ends a command, and
# comments only on lines of their own.
#   MRC1 NONCE          hello; the answer is "NONCE ready" on a line of its own, after any login noise
#   F SIZE NAME, bytes  a file for the next script, under "$MRC_D"
#   R SIZE, bytes       the script; the answer is "A STATUS OUTSIZE ERRSIZE MILLISECONDS", then both
#                       outputs; before it, "N TEXT" lines are notes
#   L NAME              takes the deployment's lock for as long as this shell lives, the file
#                       "holder" saying for whom; status 75 when it is held, its holder as output
# shellcheck disable=SC2034,SC3013
umask 077;
B=/tmp;
for d in /dev/shm /run; do if [ -d "$d" ] && [ -w "$d" ]; then B=$d; break; fi; done;
W=$(mktemp -d "$B/mrc.XXXXXX") || exit 71;
K=;
trap "rm -rf \"\$W\"; if [ -n \"\$K\" ]; then rm -f \"\$K\" \"\$K.holder\"; fi" EXIT;
trap "exit 129" HUP;
# Caught and not ignored: what a script starts must still die of it.
trap "exit 141" PIPE;
trap "exit 143" TERM;
mkdir "$W/r" || exit 71;
while IFS= read -r l; do case $l in "MRC1 "*) break ;; esac; done;
n=${l#MRC1 };
printf "\n%s ready\n" "$n";
get() {
  if [ "$1" -eq 0 ]; then : >"$2"; return 0; fi;
  dd bs="$1" count=1 iflag=fullblock of="$2" 2>/dev/null;
  [ "$(($(wc -c <"$2")))" -eq "$1" ] || exit 72;
};
now() { read -r u x </proc/uptime; u=${u%.*}${u#*.}; echo "${u}0"; };
answer() {
  printf "A %s %s %s %s\n" "$1" "$(($(wc -c <"$W/out")))" "$(($(wc -c <"$W/err")))" "$2";
  cat "$W/out" "$W/err";
  rm -rf "$W/r";
  mkdir "$W/r";
};
hold() {
  : >"$W/out"; : >"$W/err";
  q=/run/lock; if [ -d "$q" ] && [ -w "$q" ]; then :; else q=$B; fi;
  q=$q/mrc-$1.lock;
  for t in 1 2 3 4 5; do
    : >>"$q" || return 1;
    exec 9>>"$q";
    if flock -n 9; then
      if [ "/proc/$$/fd/9" -ef "$q" ]; then K=$q; cat "$W/r/holder" >"$q.holder"; return 0; fi;
    else
      exec 9>&-;
      cat "$q.holder" >"$W/out" 2>/dev/null;
      return 75;
    fi;
  done;
  return 75;
};
while read -r v a b; do
  case $v in
    F) get "$a" "$W/r/$b" ;;
    R)
      get "$a" "$W/r/script";
      s=$(now);
      MRC_D=$W/r MRC_NOTES=1 sh "$W/r/script" 3>&1 >"$W/out" 2>"$W/err" </dev/null 9>&-;
      c=$?;
      e=$(now);
      answer "$c" "$((e - s))" ;;
    L) hold "$a" 2>"$W/err"; answer "$?" 0 ;;
    *) exit 73 ;;
  esac;
done

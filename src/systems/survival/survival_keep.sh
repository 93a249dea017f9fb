# shellcheck shell=sh disable=SC2154 # some variables are set by the script that uses these
# What a server's unit runs on its host, without mrc: the container is started whenever it does not run, and
# after each of its starts gets back what it lost by ending. "$MRC_D" goes with the unit.
# The script that calls mrc_survival defines mrc_survival_restore.

# Milliseconds where date has them.
mrc_survival_clock() {
  mrc_survival_now=$(date +%s%3N)
  case $mrc_survival_now in *[!0-9]*) mrc_survival_now=$(date +%s)000 ;; esac
  echo "$mrc_survival_now"
}

# mrc_survival_say STATE TEXT: what stands in $MRC_D/state for whoever looks; into the journal, once.
mrc_survival_say() {
  if [ "$mrc_survival_said" = "$*" ]; then return 0; fi
  mrc_survival_said=$*
  printf '%s\n' "$*" >"$MRC_D/state.new"
  mv -f "$MRC_D/state.new" "$MRC_D/state"
  shift
  printf '%s\n' "$*"
}

# The engine runs. Asked of systemd where that knows, as any word to Docker's socket would start an engine
# that somebody stopped.
mrc_survival_engine() {
  [ "$(systemctl show -p LoadState docker.service 2>/dev/null)" = LoadState=loaded ] || return 0
  systemctl is-active --quiet docker.service
}

# mrc_survival_docker SECONDS WORD..: docker's answer in $mrc_survival_answer, its last word in ..why.
mrc_survival_docker() {
  mrc_survival_limit=$1
  mrc_survival_why=
  shift
  if mrc_survival_answer=$(timeout -s KILL "$mrc_survival_limit" docker "$@" 2>"$MRC_D/docker.err"); then return 0; fi
  mrc_survival_why=$(tail -n 1 "$MRC_D/docker.err")
  : "${mrc_survival_why:=docker $1 gave no answer in $mrc_survival_limit s}"
  return 1
}

# mrc_survival DEPLOYMENT SERVER SHARES: for ever. SHARES: what mrc_survival_restore brings back, in words.
mrc_survival() {
  mrc_survival_of=$1
  mrc_survival_server=$2
  mrc_survival_shares=$3
  mrc_survival_said=
  mrc_survival_whole= # the start of the container after which nothing was missing any more
  mrc_survival_pause=1
  while :; do
    # What happens from here on is heard, whether or not anybody listens yet.
    mrc_survival_since=$(date +%s.%N)
    case $mrc_survival_since in *[!0-9.]*) mrc_survival_since=$(date +%s) ;; esac
    mrc_survival_next=later
    mrc_survival_look
    case $mrc_survival_next in
      listen) mrc_survival_pause=1 && mrc_survival_listen ;;
      soon) sleep 1 ;;
      later)
        sleep "$mrc_survival_pause"
        mrc_survival_pause=$((mrc_survival_pause < 8 ? mrc_survival_pause * 2 : 10))
        ;;
    esac
  done
}

# Looks once and does what is to be done; then $mrc_survival_next is `now` to look again at once, `soon`,
# `later` with a growing pause, or `listen` until something happens to the container.
mrc_survival_look() {
  if ! mrc_survival_engine; then
    mrc_survival_say waiting "waiting for Docker to run"
    mrc_survival_next=soon
    return 0
  fi
  if ! mrc_survival_docker 30 inspect --type container -f \
    '{{.State.Status}} {{.State.StartedAt}} {{index .Config.Labels "mrc.deployment"}}' "$mrc_survival_server"; then
    case $mrc_survival_why in
      *[Nn]o\ such*)
        mrc_survival_say waiting "waiting for a container $mrc_survival_server: there is none"
        mrc_survival_next=listen
        ;;
      *) mrc_survival_say waiting "waiting for Docker: $mrc_survival_why" ;;
    esac
    return 0
  fi
  case $mrc_survival_answer in
    *" $mrc_survival_of") ;;
    *)
      mrc_survival_say waiting "the container $mrc_survival_server is not of $mrc_survival_of: it is left alone"
      mrc_survival_next=listen
      return 0
      ;;
  esac
  mrc_survival_start=${mrc_survival_answer#* }
  mrc_survival_start=${mrc_survival_start%% *}
  case $mrc_survival_answer in
    running\ * | paused\ *) mrc_survival_mend ;;
    # Docker is at it, and says when it is done.
    restarting\ * | removing\ *) mrc_survival_next=listen ;;
    *)
      if mrc_survival_docker 120 start "$mrc_survival_server"; then
        mrc_survival_say starting "the container $mrc_survival_server did not run: started"
        mrc_survival_next=now
      else
        mrc_survival_say failing "the container $mrc_survival_server does not start: $mrc_survival_why"
      fi
      ;;
  esac
}

# The container runs: what it lacks comes back, unless nothing has been missing since that start.
mrc_survival_mend() {
  if [ "$mrc_survival_whole" != "$mrc_survival_start" ]; then
    case $mrc_survival_said in
      failing*) ;; # which tells more
      *) mrc_survival_say restoring "container started $mrc_survival_start: bringing back $mrc_survival_shares" ;;
    esac
    mrc_survival_begin=$(mrc_survival_clock)
    mrc_survival_rc=0
    (
      set -eu
      mrc_survival_restore
    ) >"$MRC_D/said" 2>&1 &
    wait $! || mrc_survival_rc=$?
    if [ "$mrc_survival_rc" != 0 ]; then
      mrc_survival_say failing "not yet back after the start of $mrc_survival_start: $(grep -v '^| ' "$MRC_D/said" | tail -n 1)"
      return 0
    fi
    mrc_survival_took=$(($(mrc_survival_clock) - mrc_survival_begin + 50))
    mrc_survival_whole=$mrc_survival_start
    mrc_survival_say whole "container started $mrc_survival_start: $mrc_survival_shares in place after $((mrc_survival_took / 1000)).$((mrc_survival_took / 100 % 10)) s"
  fi
  mrc_survival_next=listen
}

# Until the container starts or ends, or Docker does. The reader ends with the first line, and ends the writer.
mrc_survival_listen() {
  rm -f "$MRC_D/events"
  mkfifo -m 0600 "$MRC_D/events"
  docker events --since "$mrc_survival_since" --filter type=container --filter "container=$mrc_survival_server" \
    --filter event=start --filter event=die --format '{{.Action}}' >"$MRC_D/events" 2>/dev/null &
  mrc_survival_heard=
  read -r mrc_survival_heard <"$MRC_D/events" || :
  kill $! 2>/dev/null || :
  wait $! 2>/dev/null || :
  # Docker has nothing to say when it ends: it gets the time for that.
  if [ -z "$mrc_survival_heard" ]; then sleep 1; fi
}

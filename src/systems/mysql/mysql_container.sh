# A server's container and what lies around it on its host.

# mrc_mysql_drop_helpers NAME: the containers that only a killed script leaves; also one that was
# made and never ran, which --rm does not take.
mrc_mysql_drop_helpers() {
  for mrc_mysql_helper in "$1.mrc-init" "$1.mrc-check" "$1.mrc-copy"; do
    if docker container inspect "$mrc_mysql_helper" >/dev/null 2>&1; then
      docker rm -f -v "$mrc_mysql_helper" >/dev/null
    fi
  done
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
  mrc_unwatch "$2" "$1"
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
  mrc_mysql_drop_helpers "$1"
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

# mrc_mysql_halt DEPLOYMENT NAME and mrc_mysql_resume DEPLOYMENT NAME ROOT_FILE ADDRESS: the server is down while
# its data is changed; its unit starts it and gives it back its address, also when the script is cut off between.
mrc_mysql_halt() {
  mrc_mysql_unit=mrc-$1.$2.service
  trap 'mrc_mysql_halted' EXIT
  trap 'exit 143' TERM HUP
  mrc_unwatch "$1" "$2"
  docker stop -t 120 "$2" >/dev/null
}
mrc_mysql_resume() {
  systemctl start "$mrc_mysql_unit"
  docker start "$2" >/dev/null
  mrc_mysql_wait "$2" "$3" 300
  mrc_wait 90 "the address of $2" mrc_mysql_addressed "$2" "$4"
}
mrc_mysql_halted() {
  systemctl start "$mrc_mysql_unit"
}
mrc_mysql_addressed() {
  mrc_mysql_has_address "$1" "$2" || { echo "its unit has not brought it back yet"; return 1; }
}

# mrc_mysql_renew DEPLOYMENT NAME DATA ROOT_FILE ADDRESS: the server makes itself another uuid as it starts.
mrc_mysql_renew() {
  mrc_mysql_halt "$1" "$2"
  rm -f "$3/auto.cnf"
  mrc_mysql_resume "$1" "$2" "$4" "$5"
}

# mrc_mysql_mark ROOT NAME DEPLOYMENT: the data directory is this deployment's from now on.
mrc_mysql_mark() {
  printf '{"mrc": 1, "deployment": "%s", "server": "%s"}\n' "$3" "$2" >"$MRC_D/mark"
  mrc_put "$MRC_D/mark" "$1/$2/.mrc" 0644
}

# mrc_mysql_role DATA LINE..: my.cnf in the data directory, which mysqld reads as it starts.
mrc_mysql_role() {
  mrc_mysql_data=$1
  shift
  {
    echo '# Written by mrc: the part that this server has in replication.'
    printf '%s\n' "$@"
  } >"$MRC_D/my.cnf"
  mrc_put "$MRC_D/my.cnf" "$mrc_mysql_data/my.cnf" 0644
}

# mrc_mysql_note DEPLOYMENT NAME: the record pins the image that its container was made from.
mrc_mysql_note() {
  mrc_mysql_made=$(docker inspect --type container -f '{"image": {{json .Config.Image}}, "id": {{json .Image}}}' "$2")
  mrc_record "$1" "mysql/$2/container" "$mrc_mysql_made"
}

# mrc_mysql_directory NAME: its data, on the host.
mrc_mysql_directory() {
  docker inspect --type container -f \
    '{{range .Mounts}}{{if eq .Destination "/var/lib/mysql"}}{{.Source}}{{end}}{{end}}' "$1"
}

# mrc_mysql_size DIRECTORY: kilobytes of its data, logs apart.
mrc_mysql_size() {
  { du -skc "$1"/*/ "$1"/ibdata* 2>/dev/null || :; } | tail -n 1 | cut -f 1
}

# mrc_mysql_has_address NAME ADDRESS: the container has it on an interface, as its kernel tells.
mrc_mysql_has_address() {
  mrc_mysql_pid=$(docker inspect --type container -f '{{.State.Pid}}' "$1") || return 1
  [ "$mrc_mysql_pid" -gt 0 ] && grep -q "|-- $2\$" "/proc/$mrc_mysql_pid/net/fib_trie" 2>/dev/null
}

# mrc_mysql_delete_data NAME ROOT: the data, then what mrc made around it when nothing else is in it.
mrc_mysql_delete_data() {
  mrc_mysql_drop_helpers "$1"
  rm -rf "${2:?}/${1:?}/data" "$2/$1/data.mrc-init" "$2/$1/data.mrc-copy" "$2/$1/data.mrc-old" \
    "$2/$1"/data.mrc-kept*
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

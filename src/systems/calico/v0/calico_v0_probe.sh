# shellcheck shell=sh disable=SC2154 # some variables are set by the script that uses these
# The probe of Calico v0.22 on one host: read-only, a fact a line, `end` last.

# mrc_calico_module NAME: the kernel has it, loaded, loadable or built in.
mrc_calico_module() {
  [ -d "/sys/module/$1" ] && return 0
  modprobe -n -q "$1" 2>/dev/null && return 0
  grep -qs "/$1\\.ko" "/lib/modules/$(uname -r)/modules.builtin"
}

# mrc_calico_listens PORT: something listens on that TCP port; /proc needs no tool.
mrc_calico_listens() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port="$(printf ':%04X' "$1")" \
      '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

mrc_calico_probe_kernel() {
  echo "kernel $(uname -n)"
  for mrc_calico_item in net/ipv4/ip_forward net/ipv4/conf/all/rp_filter \
    net/ipv4/conf/default/rp_filter; do
    if [ -r "/proc/sys/$mrc_calico_item" ]; then
      echo "sysctl $mrc_calico_item $(cat "/proc/sys/$mrc_calico_item")"
    fi
  done
  for mrc_calico_item in xt_set ipip; do
    if mrc_calico_module "$mrc_calico_item" ||
      { [ "$mrc_calico_item" = xt_set ] && grep -qsx set /proc/net/ip_tables_matches; }; then
      echo "module $mrc_calico_item yes"
    else
      echo "module $mrc_calico_item no"
    fi
  done
  if mrc_calico_listens 179; then echo "bgp taken"; else echo "bgp free"; fi
}

# mrc_calico_probe_binary WANTED_SHA: the version is asked only of a file that is not the wanted
# one, as its start is slow.
mrc_calico_probe_binary() {
  mrc_calico_path=$(PATH="$mrc_calico_path_all" command -v calicoctl || :)
  if [ -z "$mrc_calico_path" ]; then
    echo "calicoctl absent"
    return 0
  fi
  mrc_calico_sum=$(sha256sum "$mrc_calico_path")
  mrc_calico_sum=${mrc_calico_sum%% *}
  mrc_calico_version=-
  if [ "$mrc_calico_sum" != "$1" ]; then
    # Its own etcd endpoints would make even this fail while etcd is down.
    mrc_calico_version=$(timeout -s KILL 20 env -i PATH="$mrc_calico_path_all" \
      "$mrc_calico_path" version 2>&1 | head -n 1 | tr -cd '0-9A-Za-z.+-') || :
  fi
  echo "calicoctl $mrc_calico_path $mrc_calico_sum ${mrc_calico_version:--}"
}

# mrc_calico_probe_server NAME IP: its container, the interface in it, the route to it.
mrc_calico_probe_server() {
  if ! grep -qxF -e "$1" "$MRC_D/calico-names"; then
    echo "server $1 absent"
    return 0
  fi
  # It may end while it is looked at. Docker learns of that a moment later, and is asked anew: what
  # its namespace holds and whether it runs have to be of one moment.
  mrc_calico_tries=50
  while :; do
    mrc_calico_state=$(docker container inspect --format \
      '{{.Id}} {{.State.Running}} {{.State.Pid}}' "$1" 2>"$MRC_D/calico-err") || {
      grep -qi 'no such' "$MRC_D/calico-err" || mrc_die "$(cat "$MRC_D/calico-err")"
      echo "server $1 absent"
      return 0
    }
    mrc_calico_pid=${mrc_calico_state##* }
    [ "$mrc_calico_pid" != 0 ] || break
    nsenter -t "$mrc_calico_pid" -n ip -4 -o addr show >"$MRC_D/calico-addr" \
      2>"$MRC_D/calico-err" && break
    mrc_calico_tries=$((mrc_calico_tries - 1))
    [ "$mrc_calico_tries" -gt 0 ] || mrc_die "$(cat "$MRC_D/calico-err")"
    sleep 0.1
  done
  echo "server $1 $mrc_calico_state"
  [ "$mrc_calico_pid" = 0 ] ||
    awk -v name="$1" '$2 == "eth1" { print "eth1 " name " " $4 }' "$MRC_D/calico-addr"
  ip -4 -o route show "$2/32" | awk -v name="$1" \
    '{ for (i = 1; i < NF; ++i) if ($i == "dev") { print "route " name " " $(i + 1); exit } }'
}

mrc_calico_probe_docker() {
  if ! docker ps -a --no-trunc --format '{{.Names}}' >"$MRC_D/calico-names" 2>"$MRC_D/calico-err"; then
    echo "docker down $(tr '\n' ' ' <"$MRC_D/calico-err" | head -c 200)"
    return 0
  fi
  echo "docker up"
  for mrc_calico_item in calico-node calico-libnetwork; do
    if grep -qx "$mrc_calico_item" "$MRC_D/calico-names"; then
      printf 'container %s ' "$mrc_calico_item"
      docker container inspect --format '{"image":{{json .Config.Image}},"env":{{json .Config.Env}},"running":{{json .State.Running}},"restart":{{json .HostConfig.RestartPolicy.Name}}}' "$mrc_calico_item"
    else
      echo "container $mrc_calico_item absent"
    fi
  done
  for mrc_calico_item in "$1" "$2"; do
    [ -n "$mrc_calico_item" ] || continue
    if docker image inspect "$mrc_calico_item" >/dev/null 2>&1; then
      echo "image $mrc_calico_item present"
    else
      echo "image $mrc_calico_item absent"
    fi
  done
  shift 2
  while [ $# -gt 0 ]; do
    mrc_calico_probe_server "$1" "$2"
    shift 2
  done
}

# mrc_calico_probe WANTED_SHA READ_ETCD NODE_IMAGE LIBNETWORK_IMAGE [SERVER IP]..
mrc_calico_probe() {
  mrc_calico_probe_kernel
  mrc_calico_probe_binary "$1"
  mrc_calico_read=$2
  shift 2
  mrc_calico_probe_docker "$@"
  if [ "$mrc_calico_read" = yes ]; then
    if mrc_calico_answer=$(mrc_calico_tree 2>"$MRC_D/calico-err"); then
      echo "etcd json $mrc_calico_answer"
    else
      echo "etcd down $(tr '\n' ' ' <"$MRC_D/calico-err")"
    fi
  fi
  echo end
}

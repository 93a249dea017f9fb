# shellcheck shell=sh disable=SC2154 # some variables are set by the script that uses these
# The probe of Calico v3.32 on one host: read-only, a fact a line, `end` last.

# mrc_calico3_module NAME: the kernel has it, loaded, loadable or built in.
mrc_calico3_module() {
  [ -d "/sys/module/$1" ] && return 0
  modprobe -n -q "$1" 2>/dev/null && return 0
  grep -qs "/$1\\.ko" "/lib/modules/$(uname -r)/modules.builtin"
}

# mrc_calico3_listens PORT: something listens on that TCP port; /proc needs no tool.
mrc_calico3_listens() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port="$(printf ':%04X' "$1")" \
      '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

mrc_calico3_yes() {
  if "$@"; then echo yes; else echo no; fi
}

mrc_calico3_firewalld() {
  command -v systemctl >/dev/null 2>&1 && systemctl is-active -q firewalld 2>/dev/null
}

# mrc_calico3_iptables: of which kind the rules in the kernel are; Felix goes by it.
mrc_calico3_iptables() {
  mrc_calico3_kinds=
  for mrc_calico3_item in legacy nft; do
    if command -v "iptables-$mrc_calico3_item-save" >/dev/null 2>&1 &&
      "iptables-$mrc_calico3_item-save" 2>/dev/null | grep -q '^-A'; then
      mrc_calico3_kinds=$mrc_calico3_kinds$mrc_calico3_item
    fi
  done
  case $mrc_calico3_kinds in
    '') echo none ;;
    legacynft) echo both ;;
    *) echo "$mrc_calico3_kinds" ;;
  esac
}

mrc_calico3_probe_kernel() {
  echo "kernel $(uname -n)"
  echo "machine $(uname -m)"
  for mrc_calico3_item in net/ipv4/ip_forward net/ipv6/conf/all/forwarding \
    net/netfilter/nf_conntrack_max; do
    if [ -r "/proc/sys/$mrc_calico3_item" ]; then
      echo "sysctl $mrc_calico3_item $(cat "/proc/sys/$mrc_calico3_item")"
    fi
  done
  for mrc_calico3_item in xt_set ipip vxlan; do
    if mrc_calico3_module "$mrc_calico3_item" ||
      { [ "$mrc_calico3_item" = xt_set ] && grep -qsx set /proc/net/ip_tables_matches; }; then
      echo "module $mrc_calico3_item yes"
    else
      echo "module $mrc_calico3_item no"
    fi
  done
  if mrc_calico3_listens 179; then echo "bgp taken"; else echo "bgp free"; fi
  echo "firewalld $(mrc_calico3_yes mrc_calico3_firewalld)"
  echo "iptables $(mrc_calico3_iptables)"
  ip -4 -o route show table main | awk '$1 ~ /\// && $2 == "dev" && $3 !~ /^cali|^tunl|^vxlan/ {
    print "network " $3 " " $1 }'
}

# mrc_calico3_probe_file WHAT PATH COMMAND..: the version is asked only of a file that is not the one that
# mrc put there, as its start is slow.
mrc_calico3_probe_file() {
  mrc_calico3_what=$1
  if [ ! -x "$2" ]; then
    echo "file $1 absent"
    return 0
  fi
  mrc_calico3_is=$(mrc_calico3_sum "$2")
  shift 2
  mrc_calico3_says=-
  if ! grep -sF "\"calico3/file/$mrc_calico3_what\": " "/var/lib/mrc/$mrc_calico3_name.json" |
    grep -qF "$mrc_calico3_is"; then
    mrc_calico3_says=$(timeout -s KILL 20 env -i PATH="$mrc_calico3_path_all" "$@" 2>/dev/null |
      grep -o 'v[0-9][0-9A-Za-z.+-]*' | head -n 1) || :
  fi
  echo "file $mrc_calico3_what $mrc_calico3_is ${mrc_calico3_says:--}"
}

mrc_calico3_probe_files() {
  mrc_calico3_ctl_path=$(PATH="$mrc_calico3_path_all" command -v calicoctl || :)
  mrc_calico3_probe_file calicoctl "$mrc_calico3_ctl_path" "$mrc_calico3_ctl_path" version --client
  # One program under two names; one name alone is of no use.
  if [ -x "$mrc_calico3_cni/calico-ipam" ]; then
    mrc_calico3_probe_file cni "$mrc_calico3_cni/calico" "$mrc_calico3_cni/calico" -v
  else
    echo "file cni absent"
  fi
  if [ -e /var/lib/calico/nodename ]; then
    # In hexadecimal digits: a newline in it is part of the name.
    echo "nodename =$(od -An -v -tx1 /var/lib/calico/nodename | tr -d ' \n')"
  else
    echo "nodename absent"
  fi
}

# mrc_calico3_probe_server NAME IP: its container, the interface in it, the route to it.
mrc_calico3_probe_server() {
  if ! grep -qxF -e "$1" "$MRC_D/calico-names"; then
    echo "server $1 absent"
    return 0
  fi
  # It may end while it is looked at. Docker learns of that a moment later, and is asked anew: what
  # its namespace holds and whether it runs have to be of one moment.
  mrc_calico3_tries=50
  while :; do
    mrc_calico3_state=$(docker container inspect --format \
      '{{.Id}} {{.State.Running}} {{.State.Pid}}' "$1" 2>"$MRC_D/calico-err") || {
      grep -qi 'no such' "$MRC_D/calico-err" || mrc_die "$(cat "$MRC_D/calico-err")"
      echo "server $1 absent"
      return 0
    }
    mrc_calico3_pid=${mrc_calico3_state##* }
    [ "$mrc_calico3_pid" != 0 ] || break
    nsenter -t "$mrc_calico3_pid" -n ip -4 -o addr show >"$MRC_D/calico-addr" \
      2>"$MRC_D/calico-err" && break
    mrc_calico3_tries=$((mrc_calico3_tries - 1))
    [ "$mrc_calico3_tries" -gt 0 ] || mrc_die "$(cat "$MRC_D/calico-err")"
    sleep 0.1
  done
  echo "server $1 $mrc_calico3_state"
  [ "$mrc_calico3_pid" = 0 ] ||
    awk -v name="$1" '$2 == "eth0" { print "address " name " " $4 }' "$MRC_D/calico-addr"
  ip -4 -o route show "$2/32" | awk -v name="$1" \
    '{ for (i = 1; i < NF; ++i) if ($i == "dev") { print "route " name " " $(i + 1); exit } }'
}

mrc_calico3_probe_docker() {
  if ! docker ps -a --no-trunc --format '{{.Names}}' >"$MRC_D/calico-names" 2>"$MRC_D/calico-err"; then
    echo "docker down $(tr '\n' ' ' <"$MRC_D/calico-err" | head -c 200)"
    return 0
  fi
  echo "docker up"
  if grep -qx calico-node "$MRC_D/calico-names"; then
    printf 'container calico-node '
    docker container inspect --format '{"image":{{json .Config.Image}},"env":{{json .Config.Env}},"running":{{json .State.Running}},"restart":{{json .HostConfig.RestartPolicy.Name}}}' calico-node
  else
    echo "container calico-node absent"
  fi
  if docker image inspect "$1" >/dev/null 2>&1; then
    echo "image $1 present"
  else
    echo "image $1 absent"
  fi
  shift
  while [ $# -gt 0 ]; do
    mrc_calico3_probe_server "$1" "$2"
    shift 2
  done
}

# mrc_calico3_probe READ_ETCD NODE_IMAGE [SERVER IP]..
mrc_calico3_probe() {
  mrc_calico3_probe_kernel
  mrc_calico3_probe_files
  mrc_calico3_read=$1
  shift
  mrc_calico3_probe_docker "$@"
  if [ "$mrc_calico3_read" = yes ]; then
    if mrc_calico3_answer=$(mrc_calico3_tree 2>"$MRC_D/calico-err"); then
      echo "etcd json $mrc_calico3_answer"
    else
      echo "etcd down $(tr '\n' ' ' <"$MRC_D/calico-err")"
    fi
  fi
  echo end
}

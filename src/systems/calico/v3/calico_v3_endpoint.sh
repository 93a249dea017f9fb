# shellcheck shell=sh disable=SC2154 # some variables are set by the script that uses these
# One server's address: the endpoint in etcd, the interface in its container, the route to it. Calico's CNI
# program is called by hand, as a container runtime would. Needs calico_v3.sh.
# Set before use: "$mrc_calico3_mtu", empty for Calico's own choice.

mrc_calico3_inside=eth0

# mrc_calico3_link CONTAINER: the host's end of its interface. CNI takes eleven digits of the id.
mrc_calico3_link() {
  printf 'cali%.11s\n' "$1"
}

# mrc_calico3_conf NODE NETWORK: what the CNI program reads. ADD puts the endpoint into the profile of the
# network's name. Whether a node has told its name here does not matter to an endpoint that goes, maybe from
# another host.
mrc_calico3_conf() {
  printf '{"cniVersion": "0.3.1", "name": "%s", "type": "calico", "log_level": "info", "datastore_type": "etcdv3", "etcd_endpoints": "%s", "nodename": "%s", "nodename_file_optional": true, %s"ipam": {"type": "calico-ipam"}}\n' \
    "$2" "$mrc_calico3_endpoints" "$1" "${mrc_calico3_mtu:+\"mtu\": $mrc_calico3_mtu, }"
}

# mrc_calico3_cni_call SECONDS CONF VARIABLE=VALUE..: the CNI program; it has no deadline of its own while
# etcd is away. Its failure is told on stdout.
mrc_calico3_cni_call() {
  mrc_calico3_limit=$1
  mrc_calico3_conf_file=$2
  shift 2
  mrc_calico3_rc=0
  timeout -s KILL "$mrc_calico3_limit" env -i PATH="$mrc_calico3_path_all" HOME=/root \
    CNI_PATH="$mrc_calico3_cni" CNI_IFNAME="$mrc_calico3_inside" "$@" \
    "$mrc_calico3_cni/calico" <"$mrc_calico3_conf_file" >"$MRC_D/cni-out" 2>"$MRC_D/cni-err" ||
    mrc_calico3_rc=$?
  if [ "$mrc_calico3_rc" = 137 ]; then echo "no answer in $mrc_calico3_limit s" >"$MRC_D/cni-err"; fi
  return "$mrc_calico3_rc"
}

# mrc_calico3_cni_said: its reason, whole.
mrc_calico3_cni_said() {
  mrc_calico3_text=$(sed -n -e 's/^ *"msg": "\(.*\)",\{0,1\}$/\1/p' -e 's/^ *"details": "\(.*\)",\{0,1\}$/\1/p' \
    "$MRC_D/cni-out" | tr '\n' ' ')
  [ -n "$mrc_calico3_text" ] || mrc_calico3_text=$(tail -n 1 "$MRC_D/cni-err")
  printf '%s\n' "$mrc_calico3_text"
}

# mrc_calico3_detach NODE CONTAINER NETWORK: the endpoint and the address of that container go from etcd, on
# whatever node, whether or not they are there. It is given no network namespace: that of a number that
# another process has by now would lose its interface.
mrc_calico3_detach() {
  mrc_calico3_conf "$1" "$3" >"$MRC_D/cni-conf"
  mrc_calico3_cni_call 120 "$MRC_D/cni-conf" CNI_COMMAND=DEL CNI_CONTAINERID="$2" ||
    mrc_die "the CNI program does not take $2 off: $(mrc_calico3_cni_said)"
}

# mrc_calico3_in PID COMMAND..: in the network of that process, with the host's own programs.
mrc_calico3_in() {
  mrc_calico3_in_pid=$1
  shift
  nsenter -t "$mrc_calico3_in_pid" -n "$@"
}

# mrc_calico3_alone: from here to its end, this script is the only one of its kind on the host. The lock
# leaves nothing behind.
mrc_calico3_alone() {
  exec 9</
  flock 9
}

# mrc_calico3_attached PID ADDRESS LINK: the container's interface has the address and ends in that link.
mrc_calico3_attached() {
  mrc_calico3_in "$1" ip -4 -o addr show dev "$mrc_calico3_inside" >"$MRC_D/calico3-addr" 2>/dev/null || return 1
  grep -q " inet $2/32 " "$MRC_D/calico3-addr" || return 1
  mrc_calico3_index=$(mrc_calico3_in "$1" ip -o link show dev "$mrc_calico3_inside" |
    sed -n "s/^[0-9]*: $mrc_calico3_inside@if\\([0-9]*\\):.*/\\1/p")
  [ -n "$mrc_calico3_index" ] &&
    [ "$(cat "/sys/class/net/$3/ifindex" 2>/dev/null)" = "$mrc_calico3_index" ]
}

# mrc_calico3_rules CHAIN: the filter table of the iptables in which Felix has that chain, whichever he chose. Asked
# so, they take no lock, which would leave its file.
mrc_calico3_rules() {
  for mrc_calico3_save in iptables-save iptables-legacy-save iptables-nft-save; do
    if command -v "$mrc_calico3_save" >/dev/null 2>&1 &&
      "$mrc_calico3_save" 2>/dev/null | sed -n '/^\*filter/,/^COMMIT/p' >"$MRC_D/calico3-rules" &&
      grep -q "^:$1 " "$MRC_D/calico3-rules"; then
      return 0
    fi
  done
  echo "Felix has no chain $1"
  return 1
}

# mrc_calico3_policed LINK: what comes to that interface passes Felix's rules first, which end in a drop; nothing
# of somebody else's stands before them in FORWARD.
mrc_calico3_policed() {
  mrc_calico3_rules "cali-tw-$1" || return 1
  case $(grep '^-A FORWARD ' "$MRC_D/calico3-rules" | head -n 1) in
    *' -j cali-FORWARD') ;;
    *) echo "cali-FORWARD is not the first in FORWARD" && return 1 ;;
  esac
  grep "^-A cali-tw-$1 " "$MRC_D/calico3-rules" | tail -n 1 | grep -q -e ' -j DROP$' -e ' -j REJECT' &&
    return 0
  echo "the chain cali-tw-$1 does not end in a drop"
  return 1
}

# mrc_calico3_served ADDRESS LINK: the host sends what is for the address there, and Felix polices it. ADD
# does not wait for him.
mrc_calico3_served() {
  ip -4 -o route show "$1/32" | grep -q " dev $2 " || { echo "no route to $1" && return 1; }
  mrc_calico3_rules "cali-tw-$2"
}

# mrc_calico3_stands PID CONTAINER ADDRESS: of the endpoints just listed, one is this container's and has just
# that address, whatever its profiles; the interface is in the container, and the host has the route.
mrc_calico3_stands() {
  mrc_calico3_end=$(mrc_calico3_link "$2")
  grep -qF -e "$(mrc_calico3_me) $2 $mrc_calico3_inside $mrc_calico3_end $3 " "$MRC_D/weps" &&
    mrc_calico3_attached "$1" "$3" "$mrc_calico3_end" &&
    ip -4 -o route show "$3/32" | grep -q " dev $mrc_calico3_end "
}

# mrc_calico3_member CONTAINER: the profiles of its endpoint, joined by commas.
mrc_calico3_member() {
  awk -v id="$1" -v inside="$mrc_calico3_inside" '$2 == id && $3 == inside { print $6 }' "$MRC_D/weps"
}

# mrc_calico3_wep CONTAINER: the name of its endpoint on this host. '-' stands between the parts, so it is
# doubled in them.
mrc_calico3_wep() {
  printf '%s-cni-%s-%s\n' "$(mrc_calico3_me | sed 's/-/--/g')" "$1" "$mrc_calico3_inside"
}

# mrc_calico3_asks LINK COUNT: Felix's chain for what goes to that interface asks that many profiles.
mrc_calico3_asks() {
  mrc_calico3_rules "cali-tw-$1" || return 1
  mrc_calico3_asked=$(grep "^-A cali-tw-$1 " "$MRC_D/calico3-rules" | grep -c -e ' -j cali-pri-' || :)
  [ "$mrc_calico3_asked" = "$2" ] && return 0
  echo "its rules ask $mrc_calico3_asked profiles"
  return 1
}

# mrc_calico3_set_profiles CONTAINER PROFILE..: its endpoint has just these, and Felix goes by them. Its
# interface stays as it is.
mrc_calico3_set_profiles() {
  mrc_calico3_of=$1
  shift
  mrc_calico3_list=$(printf '"%s",' "$@")
  mrc_calico3_must 30 patch workloadendpoint "$(mrc_calico3_wep "$mrc_calico3_of")" --namespace=default \
    --patch="{\"spec\": {\"profiles\": [${mrc_calico3_list%,}]}}"
  mrc_wait 60 "Felix to let in the members of $*" mrc_calico3_asks \
    "$(mrc_calico3_link "$mrc_calico3_of")" $#
}

# mrc_calico3_profiles SERVER PROFILE..: the same for a server's container.
mrc_calico3_profiles() {
  mrc_calico3_id_now=$(docker container inspect --format '{{.Id}}' "$1")
  shift
  mrc_calico3_set_profiles "$mrc_calico3_id_now" "$@"
}

# mrc_calico3_owned SERVER: `NODE CONTAINER NETWORK ADDRESS` under which mrc attached it, as this host's record
# says. mrc notes an id before it attaches it, so a half-made one is owned too. An entry without a network
# is of a time when that was always the profile's name.
mrc_calico3_owned() {
  [ -e "/var/lib/mrc/$mrc_calico3_name.json" ] || return 0
  grep -F "\"calico3/endpoint/$1\": " "/var/lib/mrc/$mrc_calico3_name.json" |
    sed -n -e 's/.*"address": *"\([^"]*\)", *"container": *"\([^"]*\)", *"network": *"\([^"]*\)", *"node": *"\([^"]*\)".*/\4 \2 \3 \1/p' \
      -e 's/.*"address": *"\([^"]*\)", *"container": *"\([^"]*\)", *"node": *"\([^"]*\)", *"profile": *"\([^"]*\)".*/\3 \2 \4 \1/p'
}

# mrc_calico3_record_endpoint NETWORK: CNI takes it off again by the name that its network had when it was
# attached; the profile may have another one by then.
mrc_calico3_record_endpoint() {
  mrc_record "$mrc_calico3_name" "calico3/endpoint/$mrc_calico3_server" \
    "{\"address\": \"$mrc_calico3_address\", \"container\": \"$mrc_calico3_id_now\", \"network\": \"$1\", \"node\": \"$(mrc_calico3_me)\", \"profile\": \"$mrc_calico3_wanted\"}"
}

# mrc_calico3_handle ADDRESS: by whose handle Calico's IPAM has given it away; nothing: it is free.
mrc_calico3_handle() {
  mrc_calico3_must 30 ipam show "--ip=$1"
  if grep -q 'is not assigned' "$MRC_D/ctl-out"; then return 0; fi
  mrc_calico3_text=$(sed -n 's/^Handle ID: *//p' "$MRC_D/ctl-out")
  printf '%s\n' "${mrc_calico3_text:-unknown}"
}

# mrc_calico3_free ADDRESS SERVER: nothing of ours has the address any more; what is somebody else's ends the
# script. Ours are the lines `NODE CONTAINER NETWORK` in $MRC_D/owned.
mrc_calico3_free() {
  mrc_calico3_foreign=$(awk 'NR == FNR { ours[$2] = 1; next }
    { n = split($5, all, ","); for (i = 1; i <= n; ++i) if (all[i] == ip && !($2 in ours)) print $2, "on", $1 }' \
    ip="$1" "$MRC_D/owned" "$MRC_D/weps")
  [ -z "$mrc_calico3_foreign" ] || mrc_die \
    "the address $1 of $2 is held by an endpoint that mrc did not make: container $mrc_calico3_foreign"
  mrc_calico3_holder=$(mrc_calico3_handle "$1")
  case $mrc_calico3_holder in
    *-tunnel-addr-*)
      mrc_die "the address $1 of $2 is the end of ${mrc_calico3_holder#*-tunnel-addr-}'s tunnel: give the server another one"
      ;;
  esac
  if [ -n "$mrc_calico3_holder" ] && ! grep -qF -e " ${mrc_calico3_holder##*.} " "$MRC_D/owned"; then
    mrc_die "the address $1 of $2 is taken in Calico's IPAM by $mrc_calico3_holder; if nothing uses it: calicoctl ipam release --ip=$1"
  fi
  while read -r mrc_calico3_on mrc_calico3_id mrc_calico3_of _; do
    mrc_calico3_detach "$mrc_calico3_on" "$mrc_calico3_id" "$mrc_calico3_of"
    # What a half-made or dead one left on this host.
    mrc_calico3_end=$(mrc_calico3_link "$mrc_calico3_id")
    if [ -e "/sys/class/net/$mrc_calico3_end" ]; then ip link del "$mrc_calico3_end"; fi
  done <"$MRC_D/owned"
  # Given away under a handle of another profile.
  if [ -n "$(mrc_calico3_handle "$1")" ]; then mrc_calico3_must 30 ipam release "--ip=$1"; fi
}

# mrc_calico3_clear PID: an interface of the wanted name goes from the container. It may not be the host's own.
mrc_calico3_clear() {
  [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ] ||
    mrc_die "the container shares the host's network, and cannot be put on Calico"
  if mrc_calico3_in "$1" ip link show dev "$mrc_calico3_inside" >/dev/null 2>&1; then
    mrc_calico3_in "$1" ip link del "$mrc_calico3_inside"
  fi
  # What Docker gives a container on its bridge would win over Calico's, and ADD fails at it.
  [ -z "$(mrc_calico3_in "$1" ip -4 route show default)" ] ||
    mrc_die "the container has a network of Docker's; it must be made with --network none"
}

# mrc_calico3_endpoint SERVER ADDRESS PROFILE [NODE CONTAINER NETWORK]..: the server's container has the
# address and just that profile. Behind it: under what mrc attached this server elsewhere or before.
mrc_calico3_endpoint() {
  mrc_calico3_server=$1
  mrc_calico3_address=$2
  mrc_calico3_wanted=$3
  shift 3
  mrc_calico3_alone
  mrc_calico3_state=$(docker container inspect --format \
    '{{.Id}} {{.State.Running}} {{.State.Pid}}' "$mrc_calico3_server")
  mrc_calico3_pid=${mrc_calico3_state##* }
  mrc_calico3_id_now=${mrc_calico3_state%% *}
  [ "$mrc_calico3_pid" != 0 ] || mrc_die "the container $mrc_calico3_server does not run"
  {
    printf '%s %s %s \n' "$(mrc_calico3_me)" "$mrc_calico3_id_now" "$mrc_calico3_wanted"
    mrc_calico3_owned "$mrc_calico3_server"
    while [ $# -gt 0 ]; do
      printf '%s %s %s \n' "$1" "$2" "$3"
      shift 3
    done
  } >"$MRC_D/owned"
  mrc_calico3_weps
  if mrc_calico3_stands "$mrc_calico3_pid" "$mrc_calico3_id_now" "$mrc_calico3_address"; then
    # Its unit brings back what the container lost; into which profiles it goes, only mrc says.
    if [ -z "${mrc_calico3_restores:-}" ]; then
      mrc_calico3_holder=$(mrc_calico3_handle "$mrc_calico3_address")
      case $mrc_calico3_holder in
        *".$mrc_calico3_id_now") mrc_calico3_record_endpoint "${mrc_calico3_holder%.*}" ;;
        *) mrc_calico3_record_endpoint "$mrc_calico3_wanted" ;;
      esac
      if [ "$(mrc_calico3_member "$mrc_calico3_id_now")" != "$mrc_calico3_wanted" ]; then
        mrc_calico3_set_profiles "$mrc_calico3_id_now" "$mrc_calico3_wanted"
      fi
    fi
  else
    mrc_calico3_free "$mrc_calico3_address" "$mrc_calico3_server"
    mrc_calico3_record_endpoint "$mrc_calico3_wanted"
    mrc_calico3_clear "$mrc_calico3_pid"
    mrc_calico3_conf "$(mrc_calico3_me)" "$mrc_calico3_wanted" >"$MRC_D/cni-conf"
    mrc_calico3_cni_call 120 "$MRC_D/cni-conf" CNI_COMMAND=ADD CNI_CONTAINERID="$mrc_calico3_id_now" \
      CNI_NETNS="/proc/$mrc_calico3_pid/ns/net" CNI_ARGS="IP=$mrc_calico3_address" || {
      mrc_evidence "the CNI program" cat "$MRC_D/cni-err"
      mrc_die "the CNI program does not attach $mrc_calico3_server: $(mrc_calico3_cni_said)"
    }
    # An ADD that ends well says nothing about the interface.
    mrc_calico3_weps
    if ! mrc_calico3_stands "$mrc_calico3_pid" "$mrc_calico3_id_now" "$mrc_calico3_address" ||
      [ "$(mrc_calico3_member "$mrc_calico3_id_now")" != "$mrc_calico3_wanted" ]; then
      mrc_die "the CNI program ended well, but $mrc_calico3_server is not attached: $(grep -F -e "$mrc_calico3_id_now" "$MRC_D/weps")"
    fi
  fi
  mrc_calico3_end=$(mrc_calico3_link "$mrc_calico3_id_now")
  if mrc_wait 60 "Felix to serve $mrc_calico3_address" mrc_calico3_served "$mrc_calico3_address" \
    "$mrc_calico3_end"; then
    return 0
  fi
  mrc_evidence "Felix's log" tail -n 5 /var/log/calico/felix/current
  return 1
}

# mrc_calico3_ready SERVER: its container runs, etcd answers, and so does the node: what has to come back
# first when the host or its Docker has started anew.
mrc_calico3_ready() {
  mrc_calico3_state=$(docker container inspect --format '{{.State.Running}}' "$1" 2>&1) ||
    { echo "$mrc_calico3_state" && return 1; }
  [ "$mrc_calico3_state" = true ] || { echo "the container $1 does not run" && return 1; }
  mrc_calico3_conf "$(mrc_calico3_me)" "$2" >"$MRC_D/cni-conf"
  # The one question of Calico's that never hangs.
  timeout -s KILL 10 env -i PATH="$mrc_calico3_path_all" HOME=/root "$mrc_calico3_cni/calico" -t \
    <"$MRC_D/cni-conf" >"$MRC_D/cni-out" 2>"$MRC_D/cni-err" || {
    if [ $? = 137 ]; then echo "no answer in 10 s" >"$MRC_D/cni-err"; fi
    echo "etcd does not answer Calico: $(mrc_calico3_cni_said)"
    return 1
  }
  [ "$(docker container inspect --format '{{.State.Running}}' calico-node 2>&1)" = true ] ||
    { echo "calico-node does not run" && return 1; }
  [ -e /var/lib/calico/nodename ] || { echo "calico-node has not told its name yet" && return 1; }
}

# mrc_calico3_restore SERVER ADDRESS PROFILE SECONDS: what the container lost when it started anew.
mrc_calico3_restore() {
  mrc_wait "$4" "what $1 needs of Calico" mrc_calico3_ready "$1" "$3"
  mrc_calico3_restores=yes
  mrc_calico3_endpoint "$1" "$2" "$3"
}

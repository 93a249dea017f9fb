# shellcheck shell=sh disable=SC2013,SC2154 # names are words; some variables are set by the script that uses these
# Taking away what mrc made of Calico v0.22. Needs calico_v0.sh and calico_v0_endpoint.sh.
# "$mrc_calico_etcd_goes" is `yes` when etcd itself belongs to the deployment.

# mrc_calico_answers: etcd can be asked. When it cannot, this fails only where its keys go with it
# anyway: our own etcd, and no other deployment that could miss them. Else the script ends.
mrc_calico_answers() {
  if mrc_calico_etcd GET '/v2/keys/?quorum=true' >/dev/null 2>"$MRC_D/calico-why"; then return 0; fi
  if [ "$mrc_calico_etcd_goes" != yes ] || [ -n "$(mrc_calico_others)" ]; then
    mrc_die "etcd does not answer, and what Calico keeps there is to be removed: $(cat "$MRC_D/calico-why")"
  fi
  echo "etcd does not answer; Calico's keys go with it"
  return 1
}

# mrc_calico_endpoint_gone SERVER ADDRESS ID: the endpoint that mrc made, its interface, its address; also
# the one of a former address, which a run that was cut off had not taken away yet.
mrc_calico_endpoint_gone() {
  mrc_recorded "$mrc_calico_name" "calico/endpoint/$1" || return 0
  mrc_calico_alone
  mrc_calico_state=$(docker container inspect --format '{{.Id}} {{.State.Pid}}' "$1" 2>/dev/null ||
    echo "- 0")
  mrc_calico_pid=${mrc_calico_state##* }
  mrc_calico_now=${mrc_calico_state%% *}
  if mrc_calico_answers; then
    mrc_calico_holders "$2" "$3" "$mrc_calico_now"
    mrc_calico_foreign=
    while read -r mrc_calico_host mrc_calico_workload _; do
      if [ "$mrc_calico_workload" != "$3" ] && [ "$mrc_calico_workload" != "$mrc_calico_now" ]; then
        echo "$2 is held by a container that mrc did not attach, which stays: $mrc_calico_workload"
        mrc_calico_foreign=yes
        continue
      fi
      mrc_calicoctl_as 60 "$mrc_calico_host" container remove "$mrc_calico_workload" \
        </dev/null >"$MRC_D/calico-said" ||
        mrc_die "calicoctl container remove $mrc_calico_workload: $(tail -n 4 "$MRC_D/calico-said")"
    done <"$MRC_D/calico-holders"
    mrc_calico_holders "$2"
    # What a half-made `container add` left.
    mrc_calico_unleak "$mrc_calico_pid"
    if [ -z "$mrc_calico_foreign" ] && mrc_calico_taken "$2"; then
      mrc_calico_must 30 ipam release "$2"
    fi
  else
    : >"$MRC_D/calico-endpoints"
    mrc_calico_unleak "$mrc_calico_pid"
  fi
  mrc_forget "$mrc_calico_name" "calico/endpoint/$1"
}

# mrc_calico_profile_gone NAME: the profile that mrc made, unless some endpoint has it.
mrc_calico_profile_gone() {
  mrc_recorded "$mrc_calico_name" "calico/profile/$1" || return 0
  if mrc_calico_answers; then
    mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
    if awk -F '|' -v name="$1" '{ n = split($7, all, ",")
        for (i = 1; i <= n; ++i) if (all[i] == name) found = 1 } END { exit !found }' \
      "$MRC_D/calico-endpoints"; then
      echo "the profile $1 is used by other endpoints, and stays"
    else
      mrc_calico_must 30 profile remove "$1"
      mrc_calico_list "$MRC_D/calico-profiles" Name profile show
      if grep -qxF -e "$1" "$MRC_D/calico-profiles"; then
        mrc_die "the profile $1 is still there: $(cat "$MRC_D/calico-said")"
      fi
    fi
  fi
  mrc_forget "$mrc_calico_name" "calico/profile/$1"
}

# mrc_calico_within CIDR: some endpoint of those just listed has an address in it.
mrc_calico_within() {
  awk -F '|' -v cidr="$1" '
    function number(ip, part) {
      split(ip, part, ".")
      return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
    }
    BEGIN { split(cidr, pool, "/"); size = 2 ^ (32 - pool[2]) }
    { sub(/\/32$/, "", $5) }
    int(number($5) / size) == int(number(pool[1]) / size) { found = 1 }
    END { exit !found }' "$MRC_D/calico-endpoints"
}

# mrc_calico_pool_gone CIDR: the pool that mrc made, unless some endpoint's address is of it.
mrc_calico_pool_gone() {
  mrc_recorded "$mrc_calico_name" "calico/pool/$1" || return 0
  if mrc_calico_answers; then
    mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
    if mrc_calico_within "$1"; then
      echo "other endpoints have addresses of the pool $1, which stays"
    else
      mrc_calico_list "$MRC_D/calico-pools" 'IPv4 CIDR' pool show --ipv4
      if awk -F '|' -v cidr="$1" '$1 == cidr { found = 1 } END { exit !found }' \
        "$MRC_D/calico-pools"; then
        mrc_calico_must 60 pool remove "$1"
      fi
    fi
  fi
  mrc_forget "$mrc_calico_name" "calico/pool/$1"
}

# mrc_calico_cluster_gone: all of Calico's keys, when etcd held none before and no node is left.
mrc_calico_cluster_gone() {
  mrc_recorded "$mrc_calico_name" calico/cluster || return 0
  if mrc_calico_answers; then
    mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
    mrc_calico_list "$MRC_D/calico-nodes" Hostname node show
    if [ -s "$MRC_D/calico-nodes" ] || [ -s "$MRC_D/calico-endpoints" ]; then
      echo "other nodes use Calico's keys in etcd, which stay"
    else
      mrc_calico_answer=$(mrc_calico_etcd DELETE '/v2/keys/calico?recursive=true')
      case $mrc_calico_answer in
        *'"action":"delete"'* | *'"errorCode":100'*) ;;
        *) mrc_die "etcd does not delete Calico's keys: $mrc_calico_answer" ;;
      esac
    fi
  fi
  mrc_forget "$mrc_calico_name" calico/cluster
}

# mrc_calico_give OTHER KEY JSON: that deployment's record has it from now on.
mrc_calico_give() {
  grep -qs '"calico/' "/var/lib/mrc/$1.json" ||
    mrc_die "the deployment $1 has left this host meanwhile; plan again"
  mrc_record "$1" "$2" "$3"
}

# mrc_calico_dead_host IP SHARED [ADDRESS]..: etcd forgets the node with that address, and its endpoints.
# SHARED is `yes` when another deployment has that host too: then only these addresses go.
mrc_calico_dead_host() {
  mrc_calico_ip=$1
  mrc_calico_shared=$2
  shift 2
  mrc_calico_list "$MRC_D/calico-nodes" Hostname node show
  for mrc_calico_dead in $(awk -F '|' -v ip="$mrc_calico_ip" '$2 == ip { print $1 }' \
    "$MRC_D/calico-nodes"); do
    if [ "$mrc_calico_shared" != yes ]; then
      mrc_calico_must 60 node remove "--hostname=$mrc_calico_dead" --remove-endpoints
      continue
    fi
    for mrc_calico_address in "$@"; do
      mrc_calico_holders "$mrc_calico_address"
      for mrc_calico_workload in $(awk -v host="$mrc_calico_dead" '$1 == host { print $2 }' \
        "$MRC_D/calico-holders"); do
        mrc_calicoctl_as 60 "$mrc_calico_dead" container remove "$mrc_calico_workload" \
          >"$MRC_D/calico-said" ||
          mrc_die "calicoctl container remove $mrc_calico_workload: $(tail -n 4 "$MRC_D/calico-said")"
      done
    done
  done
}

# mrc_calico_hand_over OTHER: what mrc made on this host for this deployment serves another one too:
# that one's record takes it over, so that the last one removes it. Of what was there before, the notes of
# the one that started the node are the true ones.
mrc_calico_hand_over() {
  mrc_calico_had_node=
  if mrc_recorded "$mrc_calico_name" calico/node; then mrc_calico_had_node=yes; fi
  sed -n 's/^  "\(calico\/[^"]*\)": \(.*[^,]\),\{0,1\}$/\1 \2/p' \
    "/var/lib/mrc/$mrc_calico_name.json" |
    grep -Ev '^calico/(endpoint/|profile|pool|cluster)' >"$MRC_D/calico-mine" || :
  while read -r mrc_calico_key mrc_calico_value; do
    case $mrc_calico_key in
      calico/calicoctl | calico/node | calico/libnetwork)
        case $mrc_calico_value in
          *'"inherited"'*) ;;
          *) mrc_calico_value="${mrc_calico_value%\}}, \"inherited\": true}" ;;
        esac
        ;;
    esac
    if [ -n "$mrc_calico_had_node" ] || ! mrc_recorded "$1" "$mrc_calico_key"; then
      mrc_record "$1" "$mrc_calico_key" "$mrc_calico_value"
    fi
    mrc_forget "$mrc_calico_name" "$mrc_calico_key"
  done <"$MRC_D/calico-mine"
}

# mrc_calico_filters_gone SAVE RESTORE: Felix's chains, and the jumps to them, of one iptables.
mrc_calico_filters_gone() {
  if ! command -v "$1" >/dev/null 2>&1; then return 0; fi
  "$1" 2>/dev/null | awk '
    /^\*/ { table = $0; jumps = ""; flushes = ""; deletes = "" }
    /^:felix-/ {
      chain = substr($1, 2)
      flushes = flushes "-F " chain "\n"
      deletes = deletes "-X " chain "\n"
    }
    /^-A / && $2 !~ /^felix-/ && / -[jg] felix-/ { sub(/^-A/, "-D"); jumps = jumps $0 "\n" }
    /^COMMIT/ && (jumps != "" || flushes != "") {
      printf "%s\n%s%s%sCOMMIT\n", table, jumps, flushes, deletes
    }' >"$MRC_D/calico-rules"
  if [ -s "$MRC_D/calico-rules" ]; then "$2" --noflush <"$MRC_D/calico-rules"; fi
}

# mrc_calico_sets_gone IMAGE: Felix's ipsets; with the image's own program where the host has none.
mrc_calico_sets_gone() {
  if command -v ipset >/dev/null 2>&1; then
    set -- ipset
  elif docker image inspect "$1" >/dev/null 2>&1; then
    set -- docker run --rm --privileged --net=host --entrypoint ipset "$1"
  else
    return 0
  fi
  for mrc_calico_set in $("$@" list -n 2>/dev/null | grep '^felix-' || :); do
    "$@" destroy "$mrc_calico_set"
  done
}

# mrc_calico_kernel_gone IMAGE: what neither `node stop` nor `node remove` takes out of the kernel.
mrc_calico_kernel_gone() {
  for mrc_calico_variant in iptables ip6tables iptables-legacy ip6tables-legacy iptables-nft \
    ip6tables-nft; do
    mrc_calico_filters_gone "$mrc_calico_variant-save" "$mrc_calico_variant-restore"
  done
  mrc_calico_sets_gone "$1"
  ip -4 route flush proto 12 # 12: BIRD
  ip -6 route flush proto 12 2>/dev/null || :
  for mrc_calico_link in $(ip -o link show type veth |
    sed -n 's/^[0-9]*: \(cali[0-9a-f]\{11\}\)[@:].*/\1/p'); do
    ip link del "$mrc_calico_link"
  done
  if [ -d /sys/class/net/tunl0 ] && [ -n "${mrc_calico_ipip:-}" ]; then
    ip addr flush dev tunl0
    ip link set tunl0 down
    modprobe -r ipip 2>/dev/null || echo "the kernel keeps its tunl0"
  fi
}

# mrc_calico_node_gone IMAGE: the node that mrc started, its configuration, its traces.
mrc_calico_node_gone() {
  mrc_calico_heir=$(mrc_calico_others | head -n 1)
  if [ -n "$mrc_calico_heir" ]; then
    echo "Calico on this host now belongs to $mrc_calico_heir"
    mrc_calico_hand_over "$mrc_calico_heir"
    return 0
  fi
  if mrc_recorded "$mrc_calico_name" calico/node; then
    if mrc_calico_answers; then
      mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
      mrc_calico_rest=$(awk -F '|' -v host="$(uname -n)" '$1 == host { print $5, $3 }' \
        "$MRC_D/calico-endpoints")
      [ -z "$mrc_calico_rest" ] || mrc_die \
        "containers that mrc did not attach use Calico on this host; detach them first: $mrc_calico_rest"
      # SIGTERM lets Felix and BIRD end in peace; the containers would come back at the next boot.
      mrc_calico_must 60 node stop
    fi
    docker rm -f calico-node calico-libnetwork >/dev/null 2>"$MRC_D/calico-said" ||
      grep -qi 'no such container' "$MRC_D/calico-said" || mrc_die "$(cat "$MRC_D/calico-said")"
    if mrc_calico_answers >/dev/null; then mrc_calico_must 60 node remove; fi
    mrc_calico_kernel_gone "$1"
    rm -f /run/docker/plugins/calico.sock
    mrc_forget "$mrc_calico_name" calico/libnetwork
    mrc_forget "$mrc_calico_name" calico/node
  fi
}

# mrc_calico_image_gone IMAGE: the image, when mrc brought it.
mrc_calico_image_gone() {
  mrc_recorded "$mrc_calico_name" "calico/image/$1" || return 0
  if docker image inspect "$1" >/dev/null 2>&1; then
    docker image rm "$1" >/dev/null 2>"$MRC_D/calico-said" ||
      echo "the image $1 stays: $(cat "$MRC_D/calico-said")"
  fi
  mrc_forget "$mrc_calico_name" "calico/image/$1"
}

# mrc_calico_sysctl_gone [KEY VALUE]..: what was noted before Calico changed it.
mrc_calico_sysctl_gone() {
  if mrc_recorded "$mrc_calico_name" calico/sysctl_file; then
    rm -f /etc/sysctl.d/99-zz-mrc-calico.conf
    mrc_forget "$mrc_calico_name" calico/sysctl_file
  fi
  mrc_recorded "$mrc_calico_name" calico/sysctl || return 0
  while [ $# -gt 0 ]; do
    if [ -e "/proc/sys/$1" ] && [ "$(cat "/proc/sys/$1")" != "$2" ]; then
      echo "$2" >"/proc/sys/$1"
    fi
    shift 2
  done
  mrc_forget "$mrc_calico_name" calico/sysctl
}

# mrc_calico_paths_gone [PATH]..: folders that were not there before.
mrc_calico_paths_gone() {
  mrc_recorded "$mrc_calico_name" calico/paths || return 0
  for mrc_calico_path in "$@"; do
    case $mrc_calico_path in
      /var/log/calico | /var/run/calico) rm -rf "$mrc_calico_path" ;;
      *) rmdir "$mrc_calico_path" 2>/dev/null || : ;; # others may use it by now
    esac
  done
  mrc_forget "$mrc_calico_name" calico/paths
}

# mrc_calico_binary_gone SHA256: calicoctl, when it is still the one that mrc put.
mrc_calico_binary_gone() {
  mrc_recorded "$mrc_calico_name" calico/calicoctl || return 0
  mrc_calico_heir=$(mrc_calico_others | head -n 1)
  if [ -n "$mrc_calico_heir" ]; then
    echo "calicoctl on this host now belongs to $mrc_calico_heir"
    mrc_calico_hand_over "$mrc_calico_heir"
    return 0
  fi
  mrc_calico_file=/usr/local/bin/calicoctl
  if [ -e "$mrc_calico_file" ]; then
    mrc_calico_is=$(sha256sum "$mrc_calico_file")
    if [ "${mrc_calico_is%% *}" = "$1" ]; then
      rm -f "$mrc_calico_file"
    else
      echo "$mrc_calico_file is not the one that mrc put there any more, and stays"
    fi
  fi
  mrc_forget "$mrc_calico_name" calico/calicoctl
}

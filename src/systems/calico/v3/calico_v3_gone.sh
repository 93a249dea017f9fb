# shellcheck shell=sh disable=SC2013,SC2154 # names are words; some variables are set by the script that uses these
# Taking away what mrc made of Calico v3.32. Needs calico_v3.sh and calico_v3_endpoint.sh.
# "$mrc_calico3_etcd_goes" is `yes` when etcd itself belongs to the deployment.

# mrc_calico3_others: other deployments that use Calico on this host, a name a line.
mrc_calico3_others() {
  for mrc_calico3_other in /var/lib/mrc/*.json; do
    [ -e "$mrc_calico3_other" ] || continue
    [ "$mrc_calico3_other" != "/var/lib/mrc/$mrc_calico3_name.json" ] || continue
    if grep -q '"calico3/' "$mrc_calico3_other"; then basename "$mrc_calico3_other" .json; fi
  done
}

# mrc_calico3_answers: etcd can be asked. When it cannot, this fails only where its keys go with it
# anyway: our own etcd, and no other deployment that could miss them. Else the script ends.
mrc_calico3_answers() {
  if mrc_calico3_etcd /v3/kv/range "{$mrc_calico3_range, \"count_only\": true}" \
    >/dev/null 2>"$MRC_D/calico3-why"; then
    return 0
  fi
  if [ "$mrc_calico3_etcd_goes" != yes ] || [ -n "$(mrc_calico3_others)" ]; then
    mrc_die "etcd does not answer, and what Calico keeps there is to be removed: $(cat "$MRC_D/calico3-why")"
  fi
  echo "etcd does not answer; Calico's keys go with it"
  return 1
}

# mrc_calico3_endpoint_gone SERVER ADDRESS NODE CONTAINER NETWORK: the endpoint that mrc made, its interface,
# its address; also that of the container that has the server's name now.
mrc_calico3_endpoint_gone() {
  mrc_recorded "$mrc_calico3_name" "calico3/endpoint/$1" || return 0
  mrc_calico3_alone
  mrc_calico3_id_now=$(docker container inspect --format '{{.Id}}' "$1" 2>/dev/null) || mrc_calico3_id_now=
  printf '%s %s %s \n' "$3" "$4" "$5" >"$MRC_D/owned"
  if [ -n "$mrc_calico3_id_now" ] && [ "$mrc_calico3_id_now" != "$4" ]; then
    printf '%s %s %s \n' "$3" "$mrc_calico3_id_now" "$5" >>"$MRC_D/owned"
  fi
  if mrc_calico3_answers; then
    mrc_calico3_weps
    while read -r mrc_calico3_on mrc_calico3_id mrc_calico3_of _; do
      mrc_calico3_detach "$mrc_calico3_on" "$mrc_calico3_id" "$mrc_calico3_of"
    done <"$MRC_D/owned"
    mrc_calico3_holder=$(mrc_calico3_handle "$2")
    if [ -z "$mrc_calico3_holder" ]; then
      :
    elif grep -qF -e " ${mrc_calico3_holder##*.} " "$MRC_D/owned"; then
      mrc_calico3_must 30 ipam release "--ip=$2"
    else
      echo "$2 is held by $mrc_calico3_holder, which mrc did not attach, and stays"
    fi
  fi
  while read -r _ mrc_calico3_id _; do
    mrc_calico3_end=$(mrc_calico3_link "$mrc_calico3_id")
    if [ -e "/sys/class/net/$mrc_calico3_end" ]; then ip link del "$mrc_calico3_end"; fi
  done <"$MRC_D/owned"
  mrc_forget "$mrc_calico3_name" "calico3/endpoint/$1"
}

# mrc_calico3_profile_gone NAME: the profile that mrc made, unless some endpoint has it.
mrc_calico3_profile_gone() {
  mrc_recorded "$mrc_calico3_name" "calico3/profile/$1" || return 0
  if mrc_calico3_answers; then
    mrc_calico3_weps
    if awk -v name="$1" '{ n = split($6, all, ","); for (i = 1; i <= n; ++i) if (all[i] == name) found = 1 }
      END { exit !found }' "$MRC_D/weps"; then
      echo "the profile $1 is used by other endpoints, and stays"
    else
      mrc_calico3_must 30 delete profile "$1" --skip-not-exists
    fi
  fi
  mrc_forget "$mrc_calico3_name" "calico3/profile/$1"
}

# mrc_calico3_within CIDR: some endpoint of those just listed has an address in it.
mrc_calico3_within() {
  awk -v cidr="$1" '
    function number(ip, part) {
      split(ip, part, ".")
      return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
    }
    BEGIN { split(cidr, pool, "/"); size = 2 ^ (32 - pool[2]) }
    {
      n = split($5, all, ",")
      for (i = 1; i <= n; ++i) {
        if (all[i] ~ /^[0-9.]+$/ && int(number(all[i]) / size) == int(number(pool[1]) / size)) found = 1
      }
    }
    END { exit !found }' "$MRC_D/weps"
}

# mrc_calico3_pool_gone NAME CIDR: the pool that mrc made, unless some endpoint's address is of it.
mrc_calico3_pool_gone() {
  mrc_recorded "$mrc_calico3_name" "calico3/pool/$1" || return 0
  if mrc_calico3_answers; then
    mrc_calico3_weps
    if mrc_calico3_within "$2"; then
      echo "other endpoints have addresses of the pool $1, which stays"
    else
      mrc_calico3_must 60 delete ippool "$1" --skip-not-exists
    fi
  fi
  mrc_forget "$mrc_calico3_name" "calico3/pool/$1"
}

# mrc_calico3_cluster_gone: all of Calico's keys, when etcd held none before and no node is left.
mrc_calico3_cluster_gone() {
  mrc_recorded "$mrc_calico3_name" calico3/cluster || return 0
  if mrc_calico3_answers && ! mrc_calico3_is_empty; then
    mrc_calico3_weps
    mrc_calico3_nodes
    if [ -s "$MRC_D/nodes" ] || [ -s "$MRC_D/weps" ]; then
      echo "other nodes use Calico's keys in etcd, which stay"
    else
      mrc_calico3_etcd /v3/kv/deleterange "{$mrc_calico3_range}" >/dev/null
    fi
  fi
  mrc_forget "$mrc_calico3_name" calico3/cluster
}

# mrc_calico3_give OTHER KEY JSON: that deployment's record has it from now on.
mrc_calico3_give() {
  grep -qs '"calico3/' "/var/lib/mrc/$1.json" ||
    mrc_die "the deployment $1 has left this host meanwhile; plan again"
  mrc_record "$1" "$2" "$3"
}

# mrc_calico3_dead_host IP SHARED [ADDRESS]..: etcd forgets the node with that address, and its endpoints.
# SHARED is `yes` when another deployment has that host too: then only these addresses go.
mrc_calico3_dead_host() {
  mrc_calico3_ip=$1
  mrc_calico3_shared=$2
  shift 2
  mrc_calico3_nodes
  for mrc_calico3_dead in $(awk -v ip="$mrc_calico3_ip" '$2 == ip { print $1 }' "$MRC_D/nodes"); do
    if [ "$mrc_calico3_shared" != yes ]; then
      mrc_calico3_must 60 delete node "$mrc_calico3_dead" --skip-not-exists
      continue
    fi
    mrc_calico3_weps
    for mrc_calico3_address in "$@"; do
      awk -v node="$mrc_calico3_dead" -v ip="$mrc_calico3_address" \
        '$1 == node { n = split($5, all, ","); for (i = 1; i <= n; ++i) if (all[i] == ip) print $2, $6 }' \
        "$MRC_D/weps" >"$MRC_D/dead"
      while read -r mrc_calico3_id mrc_calico3_of; do
        mrc_calico3_detach "$mrc_calico3_dead" "$mrc_calico3_id" "${mrc_calico3_of%%,*}"
      done <"$MRC_D/dead"
    done
  done
}

# mrc_calico3_hand_over OTHER: what mrc made on this host for this deployment serves another one too:
# that one's record takes it over, so that the last one removes it. Of what was there before, the notes of
# the one that started the node are the true ones.
mrc_calico3_hand_over() {
  mrc_calico3_had_node=
  if mrc_recorded "$mrc_calico3_name" calico3/node; then mrc_calico3_had_node=yes; fi
  sed -n 's/^  "\(calico3\/[^"]*\)": \(.*[^,]\),\{0,1\}$/\1 \2/p' \
    "/var/lib/mrc/$mrc_calico3_name.json" |
    grep -Ev '^calico3/(endpoint/|profile|pool|cluster)' >"$MRC_D/calico3-mine" || :
  while read -r mrc_calico3_key mrc_calico3_value; do
    case $mrc_calico3_key in
      calico3/file/* | calico3/node)
        case $mrc_calico3_value in
          *'"inherited"'*) ;;
          *) mrc_calico3_value="${mrc_calico3_value%\}}, \"inherited\": true}" ;;
        esac
        ;;
    esac
    if [ -n "$mrc_calico3_had_node" ] || ! mrc_recorded "$1" "$mrc_calico3_key"; then
      mrc_record "$1" "$mrc_calico3_key" "$mrc_calico3_value"
    fi
    mrc_forget "$mrc_calico3_name" "$mrc_calico3_key"
  done <"$MRC_D/calico3-mine"
}

# mrc_calico3_filters_gone SAVE RESTORE: Felix's chains of one iptables, the jumps to them, and the rules of
# his own that he puts into others' chains.
mrc_calico3_filters_gone() {
  if ! command -v "$1" >/dev/null 2>&1; then return 0; fi
  "$1" 2>/dev/null | awk '
    /^\*/ { table = $0; jumps = ""; flushes = ""; deletes = "" }
    /^:cali-/ {
      chain = substr($1, 2)
      flushes = flushes "-F " chain "\n"
      deletes = deletes "-X " chain "\n"
    }
    /^-A / && $2 !~ /^cali-/ &&
      (/ -[jg] cali-/ || /--comment "?cali:/ || /--comment "Policy explicitly accepted packet\."/) {
      sub(/^-A/, "-D")
      jumps = jumps $0 "\n"
    }
    /^COMMIT/ && (jumps != "" || flushes != "") {
      printf "%s\n%s%s%sCOMMIT\n", table, jumps, flushes, deletes
    }' >"$MRC_D/calico3-rules"
  if [ -s "$MRC_D/calico3-rules" ]; then "$2" --noflush <"$MRC_D/calico3-rules"; fi
}

# mrc_calico3_sets_gone IMAGE: Felix's ipsets; with the image's own program where the host has none.
mrc_calico3_sets_gone() {
  if command -v ipset >/dev/null 2>&1; then
    set -- ipset
  elif docker image inspect "$1" >/dev/null 2>&1; then
    set -- docker run --rm --privileged --net=host --entrypoint ipset "$1"
  else
    return 0
  fi
  for mrc_calico3_set in $("$@" list -n 2>/dev/null | grep -E '^cali[46]' || :); do
    "$@" destroy "$mrc_calico3_set"
  done
}

# mrc_calico3_kernel_gone IMAGE: what a node leaves in the kernel when it is removed.
mrc_calico3_kernel_gone() {
  for mrc_calico3_variant in iptables ip6tables iptables-legacy ip6tables-legacy iptables-nft \
    ip6tables-nft; do
    mrc_calico3_filters_gone "$mrc_calico3_variant-save" "$mrc_calico3_variant-restore"
  done
  mrc_calico3_sets_gone "$1"
  ip -4 route flush proto 12 # 12: BIRD
  ip -4 route flush proto 80 # 80: Felix, for VXLAN
  ip -6 route flush proto 12 2>/dev/null || :
  for mrc_calico3_end in $(ip -o link show type veth |
    sed -n 's/^[0-9]*: \(cali[0-9a-f]\{11\}\)[@:].*/\1/p'); do
    ip link del "$mrc_calico3_end"
  done
  if [ -d /sys/class/net/vxlan.calico ]; then ip link del vxlan.calico; fi
  if [ -d /sys/class/net/tunl0 ] && [ -n "${mrc_calico3_ipip:-}" ]; then
    ip addr flush dev tunl0
    ip link set tunl0 down
    modprobe -r ipip 2>/dev/null || echo "the kernel keeps its tunl0"
  fi
}

# mrc_calico3_node_gone IMAGE: the node that mrc started, its configuration, its traces.
mrc_calico3_node_gone() {
  mrc_calico3_heir=$(mrc_calico3_others | head -n 1)
  if [ -n "$mrc_calico3_heir" ]; then
    echo "Calico on this host now belongs to $mrc_calico3_heir"
    mrc_calico3_hand_over "$mrc_calico3_heir"
    return 0
  fi
  mrc_recorded "$mrc_calico3_name" calico3/node || return 0
  if mrc_calico3_answers; then
    mrc_calico3_weps
    mrc_calico3_rest=$(awk -v node="$(mrc_calico3_me)" '$1 == node { print $5, $2 }' "$MRC_D/weps")
    [ -z "$mrc_calico3_rest" ] || mrc_die \
      "containers that mrc did not attach use Calico on this host; take them off first: $mrc_calico3_rest"
  fi
  docker rm -f calico-node >/dev/null 2>"$MRC_D/calico3-why" ||
    grep -qi 'no such container' "$MRC_D/calico3-why" || mrc_die "$(cat "$MRC_D/calico3-why")"
  if mrc_calico3_answers >/dev/null; then
    mrc_calico3_must 60 delete node "$(mrc_calico3_me)" --skip-not-exists
  fi
  mrc_calico3_kernel_gone "$1"
  mrc_forget "$mrc_calico3_name" calico3/node
}

# mrc_calico3_image_gone IMAGE: the image, when mrc brought it.
mrc_calico3_image_gone() {
  mrc_recorded "$mrc_calico3_name" "calico3/image/$1" || return 0
  if docker image inspect "$1" >/dev/null 2>&1; then
    docker image rm "$1" >/dev/null 2>"$MRC_D/calico3-why" ||
      echo "the image $1 stays: $(cat "$MRC_D/calico3-why")"
  fi
  mrc_forget "$mrc_calico3_name" "calico3/image/$1"
}

# mrc_calico3_sysctl_gone [KEY VALUE]..: what was noted before Calico changed it.
mrc_calico3_sysctl_gone() {
  mrc_recorded "$mrc_calico3_name" calico3/sysctl || return 0
  while [ $# -gt 0 ]; do
    if [ -e "/proc/sys/$1" ] && [ "$(cat "/proc/sys/$1")" != "$2" ]; then
      echo "$2" >"/proc/sys/$1"
    fi
    shift 2
  done
  mrc_forget "$mrc_calico3_name" calico3/sysctl
}

# mrc_calico3_paths_gone [PATH]..: folders that were not there before, the inner ones first.
mrc_calico3_paths_gone() {
  mrc_recorded "$mrc_calico3_name" calico3/paths || return 0
  for mrc_calico3_path in "$@"; do
    case $mrc_calico3_path in
      /var/*/calico) rm -rf "$mrc_calico3_path" ;;
      *) rmdir "$mrc_calico3_path" 2>/dev/null || : ;; # others may use it by now
    esac
  done
  mrc_forget "$mrc_calico3_name" calico3/paths
}

# mrc_calico3_file_gone WHAT PATH SHA256: the program, when it is still the one that mrc put.
mrc_calico3_file_gone() {
  mrc_recorded "$mrc_calico3_name" "calico3/file/$1" || return 0
  mrc_calico3_heir=$(mrc_calico3_others | head -n 1)
  if [ -n "$mrc_calico3_heir" ]; then
    echo "$2 on this host now belongs to $mrc_calico3_heir"
    mrc_calico3_hand_over "$mrc_calico3_heir"
    return 0
  fi
  if [ -e "$2" ]; then
    if [ "$(mrc_calico3_sum "$2")" = "$3" ]; then
      # The link beside it is of the same making.
      if [ "$1" = cni ] && [ "$(readlink "$2-ipam")" = calico ]; then rm -f "$2-ipam"; fi
      rm -f "$2"
    else
      echo "$2 is not the one that mrc put there any more, and stays"
    fi
  fi
  mrc_forget "$mrc_calico3_name" "calico3/file/$1"
}

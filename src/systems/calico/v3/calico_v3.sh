# shellcheck shell=sh disable=SC2013,SC2154 # names are words; some variables are set by the script that uses these
# Running calicoctl v3.32 and keeping its cluster-wide things and its node on one host.
# Set by each script before use: "$mrc_calico3_name" (deployment), "$mrc_calico3_endpoints".

mrc_calico3_path_all=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
mrc_calico3_cni=/opt/cni/bin

# mrc_calico3_me: the name of this host's Node resource. Calico takes lowercase ones only.
mrc_calico3_me() {
  uname -n | tr '[:upper:]' '[:lower:]'
}

# mrc_calico3_ctl SECONDS ARG..: calicoctl; what it says is in $MRC_D/ctl-out and $MRC_D/ctl-err. It has no
# deadline of its own while etcd is away. Where etcd is, it reads in a file of ours: the host's own
# /etc/calico/calicoctl.cfg would silently win over the environment.
mrc_calico3_ctl() {
  mrc_calico3_limit=$1
  shift
  if [ ! -e "$MRC_D/calicoctl.cfg" ]; then
    printf 'apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:\nspec:\n  datastoreType: etcdv3\n  etcdEndpoints: "%s"\n' \
      "$mrc_calico3_endpoints" >"$MRC_D/calicoctl.cfg"
  fi
  mrc_calico3_rc=0
  timeout -s KILL "$mrc_calico3_limit" env -i PATH="$mrc_calico3_path_all" HOME=/root \
    calicoctl "$@" </dev/null >"$MRC_D/ctl-out" 2>"$MRC_D/ctl-err" || mrc_calico3_rc=$?
  if [ "$mrc_calico3_rc" = 137 ]; then
    echo "calicoctl $1 gave no answer in $mrc_calico3_limit s" >>"$MRC_D/ctl-err"
  fi
  return "$mrc_calico3_rc"
}

# mrc_calico3_data SECONDS COMMAND ARG..: the same for what is kept in etcd. Which version the cluster has
# was looked at before: a node of another version must not lock us out.
mrc_calico3_data() {
  mrc_calico3_limit=$1
  shift
  mrc_calico3_ctl "$mrc_calico3_limit" "$@" --config="$MRC_D/calicoctl.cfg" --allow-version-mismatch
}

# mrc_calico3_said: the last words of calicoctl, most of whose errors go to stderr. Its JSON ends without a
# newline.
mrc_calico3_said() {
  { cat "$MRC_D/ctl-out" && echo && cat "$MRC_D/ctl-err"; } | grep -v '^ *$' | tail -n 1
}

# mrc_calico3_must SECONDS COMMAND ARG..: its failure ends the script with its words.
mrc_calico3_must() {
  if mrc_calico3_data "$@"; then return 0; fi
  shift
  mrc_evidence "calicoctl $1" cat "$MRC_D/ctl-out" "$MRC_D/ctl-err"
  mrc_die "calicoctl $*: $(mrc_calico3_said)"
}

# mrc_calico3_has KIND NAME: there is such a resource.
mrc_calico3_has() {
  if mrc_calico3_data 30 get "$1" "$2"; then return 0; fi
  grep -q 'resource does not exist' "$MRC_D/ctl-err" ||
    mrc_die "calicoctl get $1 $2: $(mrc_calico3_said)"
  return 1
}

# mrc_calico3_weps: $MRC_D/weps gets a line for each endpoint, `NODE CONTAINER INSIDE LINK ADDRESSES
# PROFILES`, the last two joined by commas, - for nothing. Read from JSON, as the tables leave cells empty.
mrc_calico3_weps() {
  mrc_calico3_must 30 get workloadendpoints -n default -o json
  mrc_calico3_wep_lines <"$MRC_D/ctl-out" >"$MRC_D/weps"
}

# mrc_calico3_wep_lines: the same of the list on stdin, indented by two blanks a level.
mrc_calico3_wep_lines() {
  awk '
    function value(text) {
      sub(/^[^:]*: *"/, "", text)
      sub(/",*[ ]*$/, "", text)
      return text
    }
    function or_dash(text) { return text == "" ? "-" : text }
    /^    \{/ { node = container = inside = link = addresses = profiles = list = "" }
    /^ *\]/ { list = "" }
    list != "" {
      item = $0
      gsub(/^ *"|",* *$/, "", item)
      sub(/\/32$/, "", item)
      if (list == "ipNetworks") addresses = addresses (addresses == "" ? "" : ",") item
      if (list == "profiles") profiles = profiles (profiles == "" ? "" : ",") item
    }
    /^ *"(ipNetworks|profiles|ports|ipNATs)": \[ *$/ { list = $1; gsub(/[":]/, "", list) }
    /^        "node": "/ { node = value($0) }
    /^        "containerID": "/ { container = value($0) }
    /^        "endpoint": "/ { inside = value($0) }
    /^        "interfaceName": "/ { link = value($0) }
    /^    \}/ {
      print or_dash(node), or_dash(container), or_dash(inside), or_dash(link), or_dash(addresses),
        or_dash(profiles)
    }'
}

# mrc_calico3_nodes: $MRC_D/nodes gets a line for each node, `NAME ADDRESS`, - for none.
mrc_calico3_nodes() {
  mrc_calico3_must 30 get nodes -o wide
  awk 'NR > 1 && NF > 0 { sub(/\/.*/, "", $3); print $1, ($3 == "" ? "-" : $3) }' \
    "$MRC_D/ctl-out" >"$MRC_D/nodes"
}

# mrc_calico3_note KEY LINES: entries that the record lacks, each `"KEY": JSON`, the first one's key being
# KEY; all at once, so that a record which was lost is either noted again or still seen as lost.
mrc_calico3_note() {
  mrc_record_write "$mrc_calico3_name" "\"$1\": " "$2"
}

# mrc_calico3_note_paths: folders that are made from now on, by Calico or by mrc.
mrc_calico3_note_paths() {
  if mrc_recorded "$mrc_calico3_name" calico3/paths; then return 0; fi
  mrc_calico3_absent=
  for mrc_calico3_key in /var/log/calico /var/run/calico /var/lib/calico /run/bird /opt/cni/bin /opt/cni; do
    if [ ! -e "$mrc_calico3_key" ]; then
      mrc_calico3_absent="$mrc_calico3_absent${mrc_calico3_absent:+, }\"$mrc_calico3_key\""
    fi
  done
  mrc_record "$mrc_calico3_name" calico3/paths "[$mrc_calico3_absent]"
}

# mrc_calico3_sum FILE: its SHA-256; nothing when it is not there.
mrc_calico3_sum() {
  [ -e "$1" ] || return 0
  sha256sum <"$1" | cut -d ' ' -f 1
}

# mrc_calico3_put WHAT DEST SHA256 VERSION GZIP_FILE: DEST becomes that program; ours from now on.
mrc_calico3_put() {
  mrc_calico3_is=$(mrc_calico3_sum "$2")
  if [ "$mrc_calico3_is" = "$3" ]; then return 0; fi
  [ -z "$mrc_calico3_is" ] || mrc_recorded "$mrc_calico3_name" "calico3/file/$1" ||
    mrc_die "$2 is not of mrc's making and differs from the wanted one"
  gzip -dc "$5" >"$MRC_D/calico3-unpacked"
  [ "$(mrc_calico3_sum "$MRC_D/calico3-unpacked")" = "$3" ] ||
    mrc_die "what came for $2 is not what was sent"
  mrc_record "$mrc_calico3_name" "calico3/file/$1" "{\"sha256\": \"$3\", \"version\": \"$4\"}"
  mrc_put "$MRC_D/calico3-unpacked" "$2" 0755
  rm -f "$MRC_D/calico3-unpacked"
}

# mrc_calico3_put_cni SHA256 VERSION GZIP_FILE: the CNI program, under both names that it goes by.
mrc_calico3_put_cni() {
  mrc_calico3_note_paths
  mkdir -p "$mrc_calico3_cni"
  mrc_calico3_put cni "$mrc_calico3_cni/calico" "$@"
  if [ "$(readlink "$mrc_calico3_cni/calico-ipam")" != calico ]; then
    ln -sfn calico "$mrc_calico3_cni/calico-ipam.mrc-new"
    mv -fT "$mrc_calico3_cni/calico-ipam.mrc-new" "$mrc_calico3_cni/calico-ipam"
  fi
}

# mrc_calico3_image IMAGE [ARCHIVE]: present; recorded when mrc brought it.
mrc_calico3_image() {
  if docker image inspect "$1" >/dev/null 2>&1; then return 0; fi
  mrc_record "$mrc_calico3_name" "calico3/image/$1" '"absent before"'
  if [ -n "${2:-}" ]; then
    docker load -q -i "$2" >/dev/null 2>"$MRC_D/calico3-why" || :
    docker image inspect "$1" >/dev/null 2>&1 && return 0
    mrc_forget "$mrc_calico3_name" "calico3/image/$1"
    mrc_die "the archive did not bring the image $1: $(cat "$MRC_D/calico3-why")"
  fi
  if ! docker pull -q "$1" >/dev/null 2>"$MRC_D/calico3-why"; then
    # Whoever brings it now owns it.
    mrc_forget "$mrc_calico3_name" "calico3/image/$1"
    mrc_mend "see that this host reaches the registry, or name calico.node_archive, or bring the image: docker save $1 | ssh HOST docker load"
    mrc_die "docker pull $1: $(cat "$MRC_D/calico3-why")"
  fi
}

# mrc_calico3_prepare: notes what Calico is going to change on this host.
mrc_calico3_prepare() {
  if ! mrc_recorded "$mrc_calico3_name" calico3/sysctl; then
    mrc_calico3_old=
    for mrc_calico3_key in net/ipv4/ip_forward net/ipv6/conf/all/forwarding \
      net/netfilter/nf_conntrack_max; do
      [ -r "/proc/sys/$mrc_calico3_key" ] || continue
      mrc_calico3_old="$mrc_calico3_old${mrc_calico3_old:+, }\"$mrc_calico3_key\": \"$(cat "/proc/sys/$mrc_calico3_key")\""
    done
    mrc_record "$mrc_calico3_name" calico3/sysctl "{$mrc_calico3_old}"
  fi
  mrc_calico3_note_paths
  if [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]; then echo 1 >/proc/sys/net/ipv4/ip_forward; fi
}

# mrc_calico3_pool NAME CIDR FILE: the pool as the resource in FILE has it. Whether etcd held anything of
# Calico before is noted first.
mrc_calico3_pool() {
  if ! mrc_recorded "$mrc_calico3_name" calico3/cluster && mrc_calico3_is_empty; then
    mrc_record "$mrc_calico3_name" calico3/cluster '"etcd had no calico keys"'
  fi
  if ! mrc_calico3_has ippool "$1"; then
    mrc_record "$mrc_calico3_name" "calico3/pool/$1" "{\"cidr\": \"$2\"}"
  fi
  mrc_calico3_must 60 apply -f "$3"
}

# mrc_calico3_pool_swap OLD NAME CIDR FILE: the pools OLD (words) of ours go, and one that overlaps them
# comes. In between nothing is announced, so a cut link does not end it there.
mrc_calico3_pool_swap() (
  trap '' HUP TERM
  for mrc_calico3_old in $1; do
    mrc_calico3_must 60 delete ippool "$mrc_calico3_old" --skip-not-exists
    mrc_forget "$mrc_calico3_name" "calico3/pool/$mrc_calico3_old"
  done
  shift
  mrc_calico3_pool "$@"
)

# mrc_calico3_profile NAME FILE: the profile as the resource in FILE has it.
mrc_calico3_profile() {
  if ! mrc_calico3_has profile "$1"; then
    mrc_record "$mrc_calico3_name" "calico3/profile/$1" '"made"'
  fi
  mrc_calico3_must 60 apply -f "$2"
}

# mrc_calico3_container KEY=VALUE..: calico-node runs, restarts always, has these in its environment (or, as
# image=.., this image).
mrc_calico3_container() {
  docker container inspect --format \
    'running={{.State.Running}}{{println}}restart={{.HostConfig.RestartPolicy.Name}}{{println}}image={{.Config.Image}}{{range .Config.Env}}{{println}}{{.}}{{end}}' \
    calico-node >"$MRC_D/calico3-container" 2>&1 || { cat "$MRC_D/calico3-container" && return 1; }
  for mrc_calico3_fact in running=true restart=always "$@"; do
    if ! grep -qxF -e "$mrc_calico3_fact" "$MRC_D/calico3-container"; then
      echo "not $mrc_calico3_fact"
      return 1
    fi
  done
}

# mrc_calico3_node_is IP IMAGE: as calicoctl would make it now; it gives the variables in no order.
mrc_calico3_node_is() {
  mrc_calico3_container "image=$2" "NODENAME=$(mrc_calico3_me)" "IP=$1" \
    "ETCD_ENDPOINTS=$mrc_calico3_endpoints" NO_DEFAULT_POOLS=true CALICO_MANAGE_CNI=false \
    CALICO_NETWORKING_BACKEND=bird
}

# mrc_calico3_registered IP: the node has told its name on this host, and stands in etcd with this address.
# The file is read as it is: a newline at its end would be part of the name.
mrc_calico3_registered() {
  mrc_calico3_is=$(cat /var/lib/calico/nodename 2>/dev/null && echo .) || mrc_calico3_is=
  if [ "$mrc_calico3_is" != "$(mrc_calico3_me)." ]; then
    echo "/var/lib/calico/nodename is '${mrc_calico3_is%.}'"
    return 1
  fi
  mrc_calico3_data 15 get node "$(mrc_calico3_me)" -o json || { mrc_calico3_said && return 1; }
  grep -q "\"ipv4Address\": \"$1[/\"]" "$MRC_D/ctl-out" && return 0
  echo "etcd has the node without the address $1"
  return 1
}

mrc_calico3_node_up() {
  mrc_calico3_node_is "$@" && mrc_calico3_registered "$1"
}

# mrc_calico3_renamed IP: the names that this host had before go from etcd, with their endpoints, as a node
# refuses to start beside one of the same address. A name is known as this host's former one by the node's
# container or by the record; an endpoint there that no record here has is somebody else's.
mrc_calico3_renamed() {
  mrc_calico3_nodes
  for mrc_calico3_old in $(awk -v me="$(mrc_calico3_me)" -v ip="$1" '$1 != me && $2 == ip { print $1 }' \
    "$MRC_D/nodes"); do
    docker container inspect --format '{{range .Config.Env}}{{println .}}{{end}}' calico-node 2>/dev/null |
      grep -qxF -e "NODENAME=$mrc_calico3_old" ||
      grep -qsF -e "\"node\": \"$mrc_calico3_old\"" -e "\"node\":\"$mrc_calico3_old\"" \
        "/var/lib/mrc/$mrc_calico3_name.json" ||
      mrc_die "etcd has the address $1 for the node $mrc_calico3_old; if that host is gone: calicoctl delete node $mrc_calico3_old"
    mrc_calico3_weps
    for mrc_calico3_container in $(awk -v node="$mrc_calico3_old" '$1 == node { print $2 }' "$MRC_D/weps"); do
      grep -qsF -e "$mrc_calico3_container" /var/lib/mrc/*.json || mrc_die \
        "the container $mrc_calico3_container hangs on the former name $mrc_calico3_old of this host, and mrc did not attach it; take it off first"
    done
    mrc_calico3_must 60 delete node "$mrc_calico3_old" --skip-not-exists
  done
}

# mrc_calico3_node IP IMAGE: the node runs. Left alone when it is as wanted, as `node run` always makes it
# anew and BGP flaps. How `node run` ends does not matter where it could start the container: it looks at the
# log for ten seconds only.
mrc_calico3_node() {
  if mrc_calico3_node_up "$@" >/dev/null; then return 0; fi
  mrc_record "$mrc_calico3_name" calico3/node "{\"image\": \"$2\"}"
  mrc_calico3_renamed "$1"
  mrc_calico3_ctl 300 node run --config="$MRC_D/calicoctl.cfg" --node-image="$2" \
    --name="$(mrc_calico3_me)" --ip="$1" --no-default-ippools ||
    grep -q 'calico/node has terminated, check logs' "$MRC_D/ctl-err" || {
    mrc_evidence "calicoctl node run" cat "$MRC_D/ctl-out" "$MRC_D/ctl-err"
    mrc_die "calicoctl node run: $(mrc_calico3_said)"
  }
  if mrc_wait 120 "the Calico node" mrc_calico3_node_up "$@"; then return 0; fi
  mrc_evidence "docker logs calico-node" docker logs --tail 10 calico-node
  return 1
}

# mrc_calico3_bgp: `ADDRESS INFO` of each peer, as BIRD tells; fails with its words when it does not. The
# status of calicoctl says nothing about either.
mrc_calico3_bgp() {
  mrc_calico3_ctl 20 node status || :
  if ! grep -q '^IPv4 BGP status' "$MRC_D/ctl-out" || grep -q 'Error querying BIRD' "$MRC_D/ctl-out"; then
    mrc_calico3_said
    return 1
  fi
  awk -F '|' '/^IPv6 BGP/ { exit } /^\|/ {
    for (i = 2; i < NF; ++i) gsub(/^ +| +$/, "", $i)
    if ($2 != "PEER ADDRESS") print $2, $4, $6
  }' "$MRC_D/ctl-out"
}

# mrc_calico3_peers [IP]..: BIRD answers here and each of these peers is Established.
mrc_calico3_peers() {
  mrc_calico3_bgp >"$MRC_D/peers" || { cat "$MRC_D/peers" && return 1; }
  for mrc_calico3_peer in "$@"; do
    if ! awk -v ip="$mrc_calico3_peer" '$1 == ip && $2 == "up" && $3 == "Established" { up = 1 }
      END { exit !up }' "$MRC_D/peers"; then
      echo "peer $mrc_calico3_peer: $(awk -v ip="$mrc_calico3_peer" \
        '$1 == ip { $1 = ""; print substr($0, 2); found = 1 } END { if (!found) print "unknown" }' \
        "$MRC_D/peers")"
      return 1
    fi
  done
}

# mrc_calico3_await_peers SECONDS [IP]..
mrc_calico3_await_peers() {
  mrc_calico3_limit_of_peers=$1
  shift
  if mrc_wait "$mrc_calico3_limit_of_peers" "the BGP peers" mrc_calico3_peers "$@"; then return 0; fi
  mrc_evidence "calicoctl node status" cat "$MRC_D/ctl-out" "$MRC_D/ctl-err"
  return 1
}

# mrc_calico3_routed [ADDRESS VIA]..: this host sends what is for each address to that next hop, or into
# VXLAN's tunnel.
mrc_calico3_routed() {
  mrc_calico3_missing=
  while [ $# -gt 0 ]; do
    case $(ip -4 -o route get "$1" 2>/dev/null) in
      "$1 via $2 "* | "$1 "*" dev vxlan.calico "*) ;;
      *) mrc_calico3_missing="$mrc_calico3_missing${mrc_calico3_missing:+; }$1 not via $2" ;;
    esac
    shift 2
  done
  [ -z "$mrc_calico3_missing" ] || { echo "$mrc_calico3_missing" && return 1; }
}

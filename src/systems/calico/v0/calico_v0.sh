# shellcheck shell=sh disable=SC2013,SC2154 # names are words; some variables are set by the script that uses these
# Running calicoctl v0.22 and keeping its cluster-wide things and its node on one host.
# Set by each script before use: "$mrc_calico_name" (deployment), "$mrc_calico_endpoints".

mrc_calico_path_all=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin

# mrc_calicoctl SECONDS ARG..: calicoctl's answer, both streams merged, as its errors go to stdout.
# The identity is always the kernel's host name, whatever HOSTNAME a login exports; nothing else of
# the environment reaches it. `node` must not be run by this: see mrc_calico_node_run.
mrc_calicoctl() {
  mrc_calicoctl_limit=$1
  shift
  mrc_calicoctl_as "$mrc_calicoctl_limit" "$(uname -n)" "$@"
}

# mrc_calicoctl_as SECONDS HOST ARG..: the same in another host's name, as for its stale endpoints.
mrc_calicoctl_as() {
  mrc_calicoctl_limit=$1
  mrc_calicoctl_host=$2
  shift 2
  mrc_calicoctl_rc=0
  timeout -s KILL "$mrc_calicoctl_limit" env -i PATH="$mrc_calico_path_all" HOME=/root \
    HOSTNAME="$mrc_calicoctl_host" ETCD_ENDPOINTS="$mrc_calico_endpoints" \
    calicoctl "$@" 2>&1 || mrc_calicoctl_rc=$?
  if [ "$mrc_calicoctl_rc" = 137 ]; then
    echo "calicoctl $1 gave no answer in $mrc_calicoctl_limit s"
  fi
  return "$mrc_calicoctl_rc"
}

# mrc_calico_must SECONDS ARG..: the same into $MRC_D/calico-said; its failure ends the script with
# its words.
mrc_calico_must() {
  mrc_calico_must_limit=$1
  shift
  if mrc_calicoctl "$mrc_calico_must_limit" "$@" >"$MRC_D/calico-said"; then return 0; fi
  mrc_evidence "calicoctl $1" cat "$MRC_D/calico-said"
  mrc_die "calicoctl $*: $(grep -v '^ *$' "$MRC_D/calico-said" | tail -n 1)"
}

# mrc_calico_rows HEADER: the rows of the tables on stdin as cells joined by '|', the header left
# out; fails unless a table with that first header cell is there. A row whose first cell is blank
# continues the one above and inherits its blank cells.
mrc_calico_rows() {
  awk -F '|' -v header="$1" '
    /^\+/ { next }
    /^\|/ {
      for (i = 2; i < NF; ++i) { cell = $i; gsub(/^ +| +$/, "", cell); cells[i] = cell }
      if (cells[2] == header) { seen = 1; split("", above); next }
      if (!seen) next
      goes_on = cells[2] == ""
      line = ""
      for (i = 2; i < NF; ++i) {
        if (goes_on && cells[i] == "") cells[i] = above[i]
        above[i] = cells[i]
        line = line (i > 2 ? "|" : "") cells[i]
      }
      print line
      next
    }
    END { exit !seen }'
}

# mrc_calico_list FILE HEADER ARG..: the table that `calicoctl ARG..` prints, as rows in FILE.
mrc_calico_list() {
  mrc_calico_list_to=$1
  mrc_calico_list_header=$2
  shift 2
  mrc_calico_must 30 "$@"
  mrc_calico_rows "$mrc_calico_list_header" <"$MRC_D/calico-said" >"$mrc_calico_list_to" ||
    mrc_die "calicoctl $* gave no table: $(tail -n 4 "$MRC_D/calico-said")"
}

# mrc_calico_note KEY LINES: entries that the record lacks, each `"KEY": JSON`, the first one's key being
# KEY; all at once, so that a record which was lost is either noted again or still seen as lost.
mrc_calico_note() {
  mrc_record_write "$mrc_calico_name" "\"$1\": " "$2"
}

# mrc_calico_put SHA256 FILE: calicoctl becomes that file; ours from now on.
mrc_calico_put() {
  mrc_calico_to=/usr/local/bin/calicoctl
  if [ -e "$mrc_calico_to" ]; then
    mrc_calico_is=$(sha256sum "$mrc_calico_to")
    if [ "${mrc_calico_is%% *}" = "$1" ]; then return 0; fi
    mrc_recorded "$mrc_calico_name" calico/calicoctl ||
      mrc_die "$mrc_calico_to is not of mrc's making and differs from the wanted one"
  fi
  mrc_record "$mrc_calico_name" calico/calicoctl "{\"sha256\": \"$1\"}"
  mrc_put "$2" "$mrc_calico_to" 0755
}

# mrc_calico_image IMAGE: present; recorded when mrc brought it.
mrc_calico_image() {
  if docker image inspect "$1" >/dev/null 2>&1; then return 0; fi
  mrc_record "$mrc_calico_name" "calico/image/$1" '"absent before"'
  if ! docker pull -q "$1" >/dev/null 2>"$MRC_D/calico-why"; then
    # Whoever brings it now owns it.
    mrc_forget "$mrc_calico_name" "calico/image/$1"
    mrc_mend "see that this host reaches the registry, or bring the image: docker save $1 | ssh HOST docker load"
    mrc_die "docker pull $1: $(cat "$MRC_D/calico-why")"
  fi
}

# mrc_calico_prepare: notes what Calico is going to change on this host, then what it needs before.
# Felix dies silently, again and again, while all/rp_filter is 2.
mrc_calico_prepare() {
  if ! mrc_recorded "$mrc_calico_name" calico/sysctl; then
    mrc_calico_old=
    for mrc_calico_key in net/ipv4/ip_forward net/ipv4/conf/all/rp_filter \
      net/ipv4/conf/default/rp_filter net/ipv6/conf/all/forwarding \
      net/netfilter/nf_conntrack_max; do
      [ -r "/proc/sys/$mrc_calico_key" ] || continue
      mrc_calico_old="$mrc_calico_old${mrc_calico_old:+, }\"$mrc_calico_key\": \"$(cat "/proc/sys/$mrc_calico_key")\""
    done
    mrc_record "$mrc_calico_name" calico/sysctl "{$mrc_calico_old}"
  fi
  if ! mrc_recorded "$mrc_calico_name" calico/paths; then
    mrc_calico_absent=
    for mrc_calico_key in /var/log/calico /var/run/calico /run/netns /run/docker/plugins; do
      if [ ! -e "$mrc_calico_key" ]; then
        mrc_calico_absent="$mrc_calico_absent${mrc_calico_absent:+, }\"$mrc_calico_key\""
      fi
    done
    mrc_record "$mrc_calico_name" calico/paths "[$mrc_calico_absent]"
  fi
  if [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]; then echo 1 >/proc/sys/net/ipv4/ip_forward; fi
  if [ "$(cat /proc/sys/net/ipv4/conf/all/rp_filter)" = 2 ]; then
    echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter
    # What set 2 sets it again at the next start of the host.
    if [ -d /etc/sysctl.d ]; then
      mrc_calico_key=/etc/sysctl.d/99-zz-mrc-calico.conf
      mrc_record "$mrc_calico_name" calico/sysctl_file "\"$mrc_calico_key\""
      printf '# by mrc: Calico v0.22 does not run with 2\nnet.ipv4.conf.all.rp_filter = 1\n' \
        >"$MRC_D/calico-sysctl"
      mrc_put "$MRC_D/calico-sysctl" "$mrc_calico_key" 0644
    fi
  fi
}

# mrc_calico_pool CIDR OPTIONS [FLAG..]: the pool with exactly these options; OPTIONS is the
# sorted comma list that `pool show` would print, FLAG.. what `pool add` takes for it. Whether etcd
# held anything of Calico before is noted first.
mrc_calico_pool() {
  mrc_calico_cidr=$1
  mrc_calico_want=$2
  shift 2
  if ! mrc_recorded "$mrc_calico_name" calico/cluster; then
    mrc_calico_answer=$(mrc_calico_etcd GET '/v2/keys/calico?quorum=true')
    case $mrc_calico_answer in
      *'"errorCode":100'*)
        mrc_record "$mrc_calico_name" calico/cluster '"etcd had no calico keys"'
        ;;
    esac
  fi
  mrc_calico_list "$MRC_D/calico-pools" 'IPv4 CIDR' pool show --ipv4
  mrc_calico_now=$(awk -F '|' -v cidr="$mrc_calico_cidr" \
    '$1 == cidr { gsub(/ /, "", $2); print "is " $2 }' "$MRC_D/calico-pools")
  if [ -z "$mrc_calico_now" ]; then
    mrc_record "$mrc_calico_name" "calico/pool/$mrc_calico_cidr" '"made"'
  fi
  # Always all flags: an `add` without one takes it away. It also enables a disabled pool, which
  # `pool show` cannot tell from an enabled one.
  mrc_calico_must 30 pool add "$mrc_calico_cidr" "$@"
  mrc_calico_list "$MRC_D/calico-pools" 'IPv4 CIDR' pool show --ipv4
  mrc_calico_now=$(awk -F '|' -v cidr="$mrc_calico_cidr" \
    '$1 == cidr { gsub(/ /, "", $2); print $2 "." }' "$MRC_D/calico-pools")
  mrc_calico_now=$(printf '%s' "${mrc_calico_now%.}" | tr ',' '\n' | sort | tr '\n' ',')
  [ "${mrc_calico_now%,}" = "$mrc_calico_want" ] ||
    mrc_die "the pool $mrc_calico_cidr has options '$mrc_calico_now', not '$mrc_calico_want'"
}

# mrc_calico_pool_swap OLD CIDR OPTIONS [FLAG..]: the pools OLD (words) of ours go, and one that overlaps
# them comes. In between nothing is announced, so a cut link does not end it there.
mrc_calico_pool_swap() (
  trap '' HUP TERM
  mrc_calico_list "$MRC_D/calico-pools" 'IPv4 CIDR' pool show --ipv4
  for mrc_calico_old in $1; do
    if cut -d '|' -f 1 "$MRC_D/calico-pools" | grep -qxF -e "$mrc_calico_old"; then
      mrc_calico_must 60 pool remove "$mrc_calico_old"
    fi
    mrc_forget "$mrc_calico_name" "calico/pool/$mrc_calico_old"
  done
  shift
  mrc_calico_pool "$@"
)

# mrc_calico_profile NAME RULES_FILE: the profile with its own tag and exactly these rules. The
# rules are replaced in one write: removing and adding would drop traffic meanwhile.
mrc_calico_profile() {
  mrc_calico_list "$MRC_D/calico-profiles" Name profile show
  if ! grep -qxF -e "$1" "$MRC_D/calico-profiles"; then
    mrc_record "$mrc_calico_name" "calico/profile/$1" '"made"'
    mrc_calico_must 30 profile add "$1"
  fi
  mrc_calico_must 30 profile "$1" tag show
  mrc_calico_tags=$(cat "$MRC_D/calico-said")
  printf '%s\n' "$mrc_calico_tags" | grep -qxF -e "$1" ||
    mrc_calico_must 30 profile "$1" tag add "$1"
  for mrc_calico_tag in $mrc_calico_tags; do
    [ "$mrc_calico_tag" = "$1" ] || mrc_calico_must 30 profile "$1" tag remove "$mrc_calico_tag"
  done
  mrc_calicoctl 30 profile "$1" rule update <"$2" >"$MRC_D/calico-said" ||
    mrc_die "calicoctl profile $1 rule update: $(tail -n 4 "$MRC_D/calico-said")"
}

# mrc_calico_container NAME KEY=VALUE..: that container runs, restarts always, has these in its
# environment (or, as image=.., this image).
mrc_calico_container() {
  docker container inspect --format \
    'running={{.State.Running}}{{println}}restart={{.HostConfig.RestartPolicy.Name}}{{println}}image={{.Config.Image}}{{range .Config.Env}}{{println}}{{.}}{{end}}' \
    "$1" >"$MRC_D/calico-container" 2>&1 || return 1
  shift
  for mrc_calico_fact in running=true restart=always "$@"; do
    if ! grep -qxF -e "$mrc_calico_fact" "$MRC_D/calico-container"; then
      echo "not $mrc_calico_fact"
      return 1
    fi
  done
}

# mrc_calico_registered IP: this host's name stands in etcd with this address.
mrc_calico_registered() {
  mrc_calico_list "$MRC_D/calico-nodes" Hostname node show
  awk -F '|' -v host="$(uname -n)" -v ip="$1" '$1 == host && $2 == ip { found = 1 }
    END { exit !found }' "$MRC_D/calico-nodes"
}

# mrc_calico_renamed IP: the names that this host had before go from etcd, with their endpoints, as a
# node refuses to start beside one of the same address. A name is known as this host's former one by the
# node's container or by the record; an endpoint there that no record here has is somebody else's.
mrc_calico_renamed() {
  mrc_calico_list "$MRC_D/calico-nodes" Hostname node show
  for mrc_calico_old in $(awk -F '|' -v host="$(uname -n)" -v ip="$1" \
    '$1 != host && $2 == ip { print $1 }' "$MRC_D/calico-nodes"); do
    docker container inspect --format '{{range .Config.Env}}{{println .}}{{end}}' calico-node 2>/dev/null |
      grep -qxF -e "HOSTNAME=$mrc_calico_old" ||
      grep -qsF -e "\"host\": \"$mrc_calico_old\"" -e "\"host\":\"$mrc_calico_old\"" \
        "/var/lib/mrc/$mrc_calico_name.json" ||
      mrc_die "etcd has the address $1 for the node $mrc_calico_old; if that host is gone: calicoctl node remove --hostname=$mrc_calico_old"
    mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
    for mrc_calico_workload in $(awk -F '|' -v host="$mrc_calico_old" '$1 == host { print $3 }' \
      "$MRC_D/calico-endpoints"); do
      grep -qsF -e "$mrc_calico_workload" /var/lib/mrc/*.json || mrc_die \
        "the container $mrc_calico_workload hangs on the former name $mrc_calico_old of this host, and mrc did not attach it: calicoctl container remove $mrc_calico_workload"
    done
    mrc_calico_must 60 node remove "--hostname=$mrc_calico_old" --remove-endpoints
  done
}

# mrc_calico_node IP IMAGE LIBNETWORK_IMAGE: the node runs; no libnetwork when that is empty. Left
# alone when it is as wanted, as each start makes Felix and BIRD start anew.
mrc_calico_node() {
  if [ -z "$3" ]; then mrc_calico_libnetwork_gone; fi
  if mrc_calico_node_is "$@" >/dev/null && mrc_calico_registered "$1"; then return 0; fi
  mrc_record "$mrc_calico_name" calico/node "{\"image\": \"$2\"}"
  if [ -n "$3" ]; then mrc_record "$mrc_calico_name" calico/libnetwork "{\"image\": \"$3\"}"; fi
  mrc_calico_renamed "$1"
  mrc_calico_node_run "$@"
  mrc_calico_node_is "$@" >"$MRC_D/calico-why" ||
    mrc_die "calicoctl node ended, but the container is $(tail -n 1 "$MRC_D/calico-why")"
}

# mrc_calico_others: other deployments that use Calico on this host, a name a line.
mrc_calico_others() {
  for mrc_calico_other in /var/lib/mrc/*.json; do
    [ -e "$mrc_calico_other" ] || continue
    [ "$mrc_calico_other" != "/var/lib/mrc/$mrc_calico_name.json" ] || continue
    if grep -q '"calico/' "$mrc_calico_other"; then basename "$mrc_calico_other" .json; fi
  done
}

# mrc_calico_libnetwork_gone: the one that mrc started, unless other deployments use Calico here or Docker
# has networks of it.
mrc_calico_libnetwork_gone() {
  mrc_recorded "$mrc_calico_name" calico/libnetwork || return 0
  if grep -s '"calico/libnetwork": ' "/var/lib/mrc/$mrc_calico_name.json" | grep -q '"inherited"'; then
    return 0
  fi
  [ -z "$(mrc_calico_others)" ] || return 0
  if docker container inspect calico-libnetwork >/dev/null 2>&1; then
    mrc_calico_networks=$(docker network ls --quiet --filter driver=calico)
    if [ -n "$mrc_calico_networks" ]; then
      mrc_mend "remove them: docker network rm; or let the file say calico.libnetwork: true"
      mrc_die "networks of Docker need calico-libnetwork: $(echo "$mrc_calico_networks" | tr '\n' ' ')"
    fi
    docker rm -f calico-libnetwork >/dev/null
  fi
  rm -f /run/docker/plugins/calico.sock
  mrc_forget "$mrc_calico_name" calico/libnetwork
}

mrc_calico_node_is() {
  mrc_calico_container calico-node "image=$2" "HOSTNAME=$(uname -n)" "IP=$1" \
    "ETCD_ENDPOINTS=$mrc_calico_endpoints" || return 1
  if [ -n "$3" ]; then
    mrc_calico_container calico-libnetwork "image=$3" "HOSTNAME=$(uname -n)" \
      "ETCD_ENDPOINTS=$mrc_calico_endpoints" || return 1
  fi
}

# mrc_calico_node_run IP IMAGE LIBNETWORK_IMAGE: `calicoctl node` in a session of its own. A
# SIGTERM while it waits makes it stop the node, and it waits for ever when the node's start message
# came before it listened. So it is never sent SIGTERM: a cut link leaves it running, and when it
# still waits half a minute after the message, or at the deadline, SIGKILL ends it, which it cannot
# catch, and the node goes on.
mrc_calico_node_run() {
  mrc_calico_log=$MRC_D/calico-node
  docker container inspect --format '{{.Id}}' calico-node >"$mrc_calico_log.old" 2>/dev/null || :
  set -- --ip="$1" --node-image="$2" ${3:+--libnetwork "--libnetwork-image=$3"}
  # shellcheck disable=SC2016 # the inner shell's own variables
  setsid sh -c '
    log=$1
    shift
    echo $$ >"$log.pid"
    rc=0
    "$@" >"$log.out" 2>&1 || rc=$?
    echo "$rc" >"$log.new" && mv "$log.new" "$log.rc"' mrc "$mrc_calico_log" \
    env -i PATH="$mrc_calico_path_all" HOME=/root HOSTNAME="$(uname -n)" \
    ETCD_ENDPOINTS="$mrc_calico_endpoints" calicoctl node "$@" </dev/null >/dev/null 2>&1 &
  mrc_calico_rc=0
  mrc_wait 300 "calicoctl node" mrc_calico_node_done >/dev/null 2>"$MRC_D/calico-why" ||
    mrc_calico_rc=$?
  if [ ! -e "$mrc_calico_log.rc" ] && [ -e "$mrc_calico_log.pid" ]; then
    kill -s KILL -- "-$(cat "$mrc_calico_log.pid")" 2>/dev/null || :
  fi
  if [ "$mrc_calico_rc" != 0 ]; then
    mrc_die "$(cat "$MRC_D/calico-why" "$mrc_calico_log.out")
calico-node says: $(docker logs --tail 8 calico-node 2>&1)"
  fi
  if [ -e "$mrc_calico_log.rc" ] && [ "$(cat "$mrc_calico_log.rc")" != 0 ]; then
    mrc_evidence "calicoctl node" cat "$mrc_calico_log.out"
    mrc_die "calicoctl node $*: $(grep -v '^ *$' "$mrc_calico_log.out" | tail -n 1)"
  fi
}

# Done: calicoctl ended, or the new node has told its start 30 s ago and calicoctl has not noticed.
mrc_calico_node_done() {
  if [ -e "$mrc_calico_log.rc" ]; then return 0; fi
  docker container inspect --format '{{.Id}}' calico-node >"$mrc_calico_log.now" 2>/dev/null || :
  if [ "$(cat "$mrc_calico_log.old")" != "$(cat "$mrc_calico_log.now")" ] &&
    docker logs calico-node 2>&1 | grep -q 'Calico node started successfully'; then
    if [ ! -e "$mrc_calico_log.seen" ]; then date +%s >"$mrc_calico_log.seen"; fi
    if [ "$(($(date +%s) - $(cat "$mrc_calico_log.seen")))" -ge 30 ]; then return 0; fi
    echo "the node is up"
  else
    echo "the node starts"
  fi
  return 1
}

# mrc_calico_peers [IP]..: BIRD answers here and each of these peers is Established. calicoctl's
# own return code says nothing about either.
mrc_calico_peers() {
  mrc_calicoctl 20 status >"$MRC_D/calico-status" || :
  if ! mrc_calico_rows 'Peer address' <"$MRC_D/calico-status" >"$MRC_D/calico-peers"; then
    # Without any peer there may be no table, only BIRD's word.
    if [ $# -gt 0 ] || ! grep -q '^IPv4 BGP status' "$MRC_D/calico-status" ||
      grep -q "Couldn't connect to bird" "$MRC_D/calico-status"; then
      grep -v '^$' "$MRC_D/calico-status" | tail -n 1
      return 1
    fi
  fi
  for mrc_calico_peer in "$@"; do
    if ! awk -F '|' -v ip="$mrc_calico_peer" '$1 == ip && $5 ~ /^Established/ { up = 1 }
      END { exit !up }' "$MRC_D/calico-peers"; then
      echo "peer $mrc_calico_peer: $(awk -F '|' -v ip="$mrc_calico_peer" \
        '$1 == ip { print $3, $5; found = 1 } END { if (!found) print "unknown" }' \
        "$MRC_D/calico-peers")"
      return 1
    fi
  done
}

# mrc_calico_await_peers SECONDS [IP]..
mrc_calico_await_peers() {
  mrc_calico_limit=$1
  shift
  if mrc_wait "$mrc_calico_limit" "the BGP peers" mrc_calico_peers "$@"; then return 0; fi
  mrc_evidence "calicoctl status" cat "$MRC_D/calico-status"
  return 1
}

# mrc_calico_routed [ADDRESS VIA]..: this host sends what is for each address to that next hop.
mrc_calico_routed() {
  mrc_calico_missing=
  while [ $# -gt 0 ]; do
    case $(ip -4 -o route get "$1" 2>/dev/null) in
      "$1 via $2 "*) ;;
      *) mrc_calico_missing="$mrc_calico_missing${mrc_calico_missing:+; }$1 not via $2" ;;
    esac
    shift 2
  done
  [ -z "$mrc_calico_missing" ] || { echo "$mrc_calico_missing" && return 1; }
}

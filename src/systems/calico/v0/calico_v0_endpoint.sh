# shellcheck shell=sh disable=SC2154 # some variables are set by the script that uses these
# One server's address: the endpoint in etcd, the interface in its container, the route to it.
# Needs calico_v0.sh.

# mrc_calico_owned SERVER: the container ids under which mrc attached it, as this host's record
# says. mrc notes an id before it attaches it, so a half-made one is owned too.
mrc_calico_owned() {
  [ -e "/var/lib/mrc/$mrc_calico_name.json" ] || return 0
  grep -F "\"calico/endpoint/$1\": " "/var/lib/mrc/$mrc_calico_name.json" |
    sed -n 's/.*"container": *"\([0-9a-f]*\)".*/\1/p'
}

# mrc_calico_holders ADDRESS [ID]..: "HOST WORKLOAD ENDPOINT" of each endpoint that has it, or is of one of
# these containers.
mrc_calico_holders() {
  mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
  awk -F '|' -v ip="$1/32" -v ids=" $* " '$5 == ip || index(ids, " " $3 " ") { print $1, $3, $4 }' \
    "$MRC_D/calico-endpoints" | sort -u >"$MRC_D/calico-holders"
}

# mrc_calico_in PID COMMAND..: in the network of that process, with the host's own programs.
mrc_calico_in() {
  mrc_calico_in_pid=$1
  shift
  nsenter -t "$mrc_calico_in_pid" -n "$@"
}

# mrc_calico_host_end PID LINK: the name of the host's end of that container's veth; nothing when
# the other end is elsewhere.
mrc_calico_host_end() {
  mrc_calico_index=$(mrc_calico_in "$1" ip -o link show |
    sed -n "s/^[0-9]*: $2@if\\([0-9]*\\):.*/\\1/p")
  [ -n "$mrc_calico_index" ] || return 0
  ip -o link show | sed -n "s/^$mrc_calico_index: \\([^:@ ]*\\)[:@].*/\\1/p"
}

# mrc_calico_unleak PID: removes what a crashed `container add` left: eth1 or tmp* in the container
# whose other end is one of Calico's, and pairs that were never moved there. An eth1 that Docker
# made is not touched. PID 0: no container runs.
mrc_calico_unleak() {
  if [ "$1" != 0 ]; then
    for mrc_calico_link in $(mrc_calico_in "$1" ip -o link show |
      sed -n 's/^[0-9]*: \(eth1\|tmp[0-9a-f]*\)@.*/\1/p'); do
      case $(mrc_calico_host_end "$1" "$mrc_calico_link") in
        cali*) mrc_calico_in "$1" ip link del "$mrc_calico_link" ;;
      esac
    done
  fi
  for mrc_calico_link in $(ip -o link show type veth |
    sed -n 's/^[0-9]*: tmp\([0-9a-f]\{11\}\)@cali.*/\1/p'); do
    # calico_endpoints is of just now: this pair belongs to no endpoint.
    awk -F '|' -v id="$mrc_calico_link" 'index($4, id) == 1 { found = 1 } END { exit !found }' \
      "$MRC_D/calico-endpoints" || ip link del "tmp$mrc_calico_link"
  done
}

# mrc_calico_taken ADDRESS: Calico's IPAM has given it to somebody. Only the text of `ipam info`
# tells: "No attributes defined" is its word for "taken".
mrc_calico_taken() {
  mrc_calico_must 30 ipam info "$1"
  if grep -q 'is not currently assigned' "$MRC_D/calico-said"; then return 1; fi
  grep -q 'No attributes defined' "$MRC_D/calico-said" ||
    mrc_die "calicoctl ipam info $1: $(cat "$MRC_D/calico-said")"
}

# mrc_calico_free ADDRESS SERVER OWN_ID..: no endpoint of ours holds the address any more, nor a former one
# of the server; somebody else's holding it ends the script. What has the wanted container (first OWN_ID) is
# kept.
mrc_calico_free() {
  mrc_calico_address=$1
  mrc_calico_server=$2
  mrc_calico_keep=$3
  shift 2
  mrc_calico_holders "$mrc_calico_address" "$@"
  while read -r mrc_calico_host mrc_calico_workload _; do
    if [ "$mrc_calico_workload" = "$mrc_calico_keep" ] &&
      [ "$mrc_calico_host" = "$(uname -n)" ]; then
      continue
    fi
    mrc_calico_ours=
    for mrc_calico_id in "$@"; do
      if [ "$mrc_calico_id" = "$mrc_calico_workload" ]; then mrc_calico_ours=yes; fi
    done
    [ -n "$mrc_calico_ours" ] || mrc_die \
      "the address $mrc_calico_address of $mrc_calico_server is held by an endpoint that mrc did not make: container $mrc_calico_workload on $mrc_calico_host"
    # By its full id it is found in etcd, whether or not the container is still there.
    mrc_calicoctl_as 60 "$mrc_calico_host" container remove "$mrc_calico_workload" \
      </dev/null >"$MRC_D/calico-said" ||
      mrc_die "calicoctl container remove $mrc_calico_workload: $(tail -n 4 "$MRC_D/calico-said")"
  done <"$MRC_D/calico-holders"
}

# mrc_calico_lists ENDPOINT ADDRESS: as the list of endpoints just made says.
mrc_calico_lists() {
  awk -F '|' -v id="$1" -v ip="$2/32" '$4 == id && $5 == ip { found = 1 } END { exit !found }' \
    "$MRC_D/calico-endpoints"
}

# mrc_calico_alone: from here to its end, this script is the only one of its kind on the host. What
# another one is just making would look like something leaked. The lock leaves nothing behind.
mrc_calico_alone() {
  exec 9</
  flock 9
}

# mrc_calico_attached PID ADDRESS: the container's eth1 has the address and ends in one of Calico's.
mrc_calico_attached() {
  mrc_calico_in "$1" ip -4 -o addr show >"$MRC_D/calico-addr" || return 1
  grep -q "^[0-9]*: eth1 .* inet $2/32 " "$MRC_D/calico-addr" ||
    grep -q "^[0-9]*: eth1 *inet $2/32 " "$MRC_D/calico-addr" || return 1
  case $(mrc_calico_host_end "$1" eth1) in
    cali*) return 0 ;;
  esac
  return 1
}

# mrc_calico_allow_ipv6 PID: Docker turns IPv6 off in its containers; where the host has it,
# calicoctl then fails on its last route, half-way.
mrc_calico_allow_ipv6() {
  mrc_calico_file=/proc/sys/net/ipv6/conf/all/disable_ipv6
  [ -e "$mrc_calico_file" ] || return 0
  [ "$(cat /proc/sys/net/ipv6/conf/default/disable_ipv6)" = 0 ] || return 0
  # /proc/sys/net shows the network of the process that opens it.
  # shellcheck disable=SC2016 # the inner shell's own variables
  mrc_calico_in "$1" sh -c 'if [ "$(cat "$1")" != 0 ]; then echo 0 >"$1"; fi' mrc "$mrc_calico_file"
}

# mrc_calico_disown ADDRESS: where another host owns the address's block, this one does not count it among
# its own. A `container add` that is killed before it has made the block leaves it so, and BIRD then tells the
# peers of the whole block and of no address in it.
mrc_calico_disown() {
  mrc_calico_block=$(echo "$1" | awk -F . '{ print $1 "." $2 "." $3 "." $4 - $4 % 64 "-26" }')
  mrc_calico_answer=$(mrc_calico_etcd GET \
    "/v2/keys/calico/ipam/v2/assignment/ipv4/block/$mrc_calico_block?quorum=true")
  mrc_calico_owner=$(printf '%s\n' "$mrc_calico_answer" |
    sed -n 's/.*\\"affinity\\": *\\"host:\([^"\\]*\)\\".*/\1/p')
  if [ -z "$mrc_calico_owner" ] || [ "$mrc_calico_owner" = "$(uname -n)" ]; then return 0; fi
  mrc_calico_answer=$(mrc_calico_etcd DELETE \
    "/v2/keys/calico/ipam/v2/host/$(uname -n)/ipv4/block/$mrc_calico_block")
  case $mrc_calico_answer in
    *'"action":"delete"'* | *'"errorCode":100'*) ;;
    *) mrc_die "etcd does not take the block $mrc_calico_block from this host: $mrc_calico_answer" ;;
  esac
}

# mrc_calico_endpoint SERVER ADDRESS PROFILE [ID]..: the server's container has the address and just
# that profile. ID..: containers under which mrc attached this server elsewhere or before.
mrc_calico_endpoint() {
  mrc_calico_server=$1
  mrc_calico_address=$2
  mrc_calico_wanted=$3
  shift 3
  mrc_calico_alone
  mrc_calico_state=$(docker container inspect --format \
    '{{.Id}} {{.State.Running}} {{.State.Pid}}' "$mrc_calico_server")
  mrc_calico_pid=${mrc_calico_state##* }
  mrc_calico_container_id=${mrc_calico_state%% *}
  [ "$mrc_calico_pid" != 0 ] || mrc_die "the container $mrc_calico_server does not run"
  # shellcheck disable=SC2046 # ids are words
  set -- "$mrc_calico_container_id" "$@" $(mrc_calico_owned "$mrc_calico_server")
  mrc_calico_was_ours=
  if mrc_recorded "$mrc_calico_name" "calico/endpoint/$mrc_calico_server"; then
    mrc_calico_was_ours=yes
  fi
  mrc_calico_free "$mrc_calico_address" "$mrc_calico_server" "$@"
  # A record that was lost is noted again by mrc alone, which tells by its entries what it lacks.
  if [ -z "${mrc_calico_restores:-}" ] || [ -n "$mrc_calico_was_ours" ]; then
    mrc_record "$mrc_calico_name" "calico/endpoint/$mrc_calico_server" \
      "{\"address\": \"$mrc_calico_address\", \"container\": \"$mrc_calico_container_id\", \"host\": \"$(uname -n)\", \"profile\": \"$mrc_calico_wanted\"}"
  fi

  # An endpoint of this container: with the address and its interface it stays, else it goes.
  mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
  mrc_calico_endpoint_id=$(awk -F '|' -v id="$mrc_calico_container_id" -v host="$(uname -n)" \
    '$3 == id && $1 == host { print $4; exit }' "$MRC_D/calico-endpoints")
  if [ -n "$mrc_calico_endpoint_id" ] &&
    ! { mrc_calico_lists "$mrc_calico_endpoint_id" "$mrc_calico_address" &&
      mrc_calico_attached "$mrc_calico_pid" "$mrc_calico_address"; }; then
    mrc_calico_must 60 container remove "$mrc_calico_container_id"
    mrc_calico_endpoint_id=
  fi
  if [ -z "$mrc_calico_endpoint_id" ]; then
    mrc_calico_list "$MRC_D/calico-endpoints" Hostname endpoint show --detailed
    mrc_calico_unleak "$mrc_calico_pid"
    if mrc_calico_taken "$mrc_calico_address"; then
      [ -n "$mrc_calico_was_ours" ] || mrc_die \
        "the address $mrc_calico_address of $mrc_calico_server is taken in Calico's IPAM, though no endpoint has it; if nothing uses it: calicoctl ipam release $mrc_calico_address"
      mrc_calico_must 30 ipam release "$mrc_calico_address"
    fi
    mrc_calico_allow_ipv6 "$mrc_calico_pid"
    mrc_calico_must 60 container add "$mrc_calico_container_id" "$mrc_calico_address"
  fi
  # While it has no profile yet, a run that is cut off here comes here again.
  mrc_calico_disown "$mrc_calico_address"
  mrc_calico_must 30 container "$mrc_calico_container_id" profile set "$mrc_calico_wanted"
  if ! mrc_calico_served "$mrc_calico_address" >/dev/null; then
    mrc_calico_route "$mrc_calico_address" "$(mrc_calico_host_end "$mrc_calico_pid" eth1)"
  fi
  mrc_calico_rc=0
  mrc_wait 60 "Felix to serve $mrc_calico_address" mrc_calico_served "$mrc_calico_address" \
    2>"$MRC_D/calico-why" || mrc_calico_rc=$?
  if [ "$mrc_calico_rc" != 0 ]; then
    mrc_die "$(cat "$MRC_D/calico-why")
Felix's log: $(tail -n 3 /var/log/calico/felix/current 2>&1)"
  fi
}

# mrc_calico_restore SERVER ADDRESS PROFILE: what the container lost when it ended. With its interface and the
# route to it, nothing is missing and etcd is not asked; without, etcd must answer soon.
mrc_calico_restore() {
  mrc_calico_pid=$(docker container inspect --format '{{.State.Pid}}' "$1")
  [ "$mrc_calico_pid" != 0 ] || mrc_die "the container $1 does not run"
  if mrc_calico_attached "$mrc_calico_pid" "$2" && mrc_calico_served "$2" >/dev/null; then return 0; fi
  mrc_wait 10 etcd mrc_calico_etcd_answers
  mrc_calico_restores=yes
  mrc_calico_endpoint "$@"
}

# mrc_calico_etcd_answers: by its quorum; an error is no answer, but for keys that are not there.
mrc_calico_etcd_answers() {
  mrc_calico_answer=$(mrc_calico_etcd GET '/v2/keys/calico?quorum=true' 2>&1) || {
    echo "$mrc_calico_answer"
    return 1
  }
  case $mrc_calico_answer in
    *'"errorCode":100'*) ;;
    *'"errorCode"'*) echo "$mrc_calico_answer" && return 1 ;;
  esac
}

# Felix has seen the endpoint: it routes the address to one of Calico's interfaces.
mrc_calico_served() {
  ip -4 -o route show "$1/32" | grep -q ' dev cali' && return 0
  echo "no route to $1 yet"
  return 1
}

# mrc_calico_chain LINK: the rules of Felix's chain for what goes to that interface; nothing when there is
# none.
mrc_calico_chain() {
  for mrc_calico_save in iptables-save iptables-legacy-save; do
    if command -v "$mrc_calico_save" >/dev/null 2>&1; then
      "$mrc_calico_save" -t filter 2>/dev/null | grep -e "^-A felix-to-${1#cali} " || :
    fi
  done
}

# mrc_calico_route ADDRESS LINK: a route that somebody deleted comes back, as Felix makes it only once.
# That he has seen the endpoint, his chain for it tells; else there is nothing to do but wait for him.
mrc_calico_route() {
  if [ -n "$2" ] && [ -n "$(mrc_calico_chain "$2")" ]; then ip -4 route replace "$1/32" dev "$2"; fi
}

# mrc_calico_profiles SERVER ADDRESS PROFILE..: the server's endpoint has these profiles, and Felix goes by
# them.
mrc_calico_profiles() {
  mrc_calico_address=$2
  mrc_calico_container_id=$(docker container inspect --format '{{.Id}}' "$1")
  shift 2
  mrc_calico_must 30 container "$mrc_calico_container_id" profile set "$@"
  mrc_wait 60 "Felix to let in the members of $*" mrc_calico_policed "$mrc_calico_address" $#
}

# mrc_calico_policed ADDRESS COUNT: Felix's chain for the address asks that many profiles.
mrc_calico_policed() {
  mrc_calico_link=$(ip -4 -o route show "$1/32" | sed -n 's/.* dev \(cali[0-9a-f]*\).*/\1/p')
  mrc_calico_asked=$(mrc_calico_chain "$mrc_calico_link" | grep -c -e ' -j felix-p-' || :)
  [ "$mrc_calico_asked" = "$2" ] && return 0
  echo "its rules ask $mrc_calico_asked profiles"
  return 1
}

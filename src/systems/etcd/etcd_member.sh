# The members of a running cluster: asked and changed through members that stay. Uses etcd_probe.sh
# and etcd_unit.sh.

# mrc_etcd_endpoints URL..: as etcdctl takes them.
mrc_etcd_endpoints() {
  mrc_etcd_urls=
  for mrc_etcd_url in "$@"; do mrc_etcd_urls=${mrc_etcd_urls:+$mrc_etcd_urls,}$mrc_etcd_url; done
  printf '%s\n' "$mrc_etcd_urls"
}

# mrc_etcd_steady URL..: a cluster must be whole before its members change, and after.
mrc_etcd_steady() {
  mrc_wait 60 "all members" mrc_etcd_all_healthy "$@"
}

# mrc_etcd_members URL..: lines `ID, started|unstarted, NAME, PEER_URLS, CLIENT_URLS, LEARNER`.
mrc_etcd_members() {
  mrc_etcd_ctl --endpoints="$(mrc_etcd_endpoints "$@")" member list
}

# A change is tried until etcd takes it, and looked for each time, as an answer may be lost when the
# change was made: etcd refuses for 5 s after a member came, until it has seen all of them that long.

# mrc_etcd_is_unstarted PEER_URL LIST: it has no client URLs yet.
mrc_etcd_is_unstarted() {
  case $2 in *", $1, , "* | *", $1, ") return 0 ;; *) return 1 ;; esac
}

# mrc_etcd_try_add NAME PEER_URL URL..
mrc_etcd_try_add() {
  mrc_etcd_name=$1
  mrc_etcd_peer=$2
  shift 2
  mrc_etcd_list=$(mrc_etcd_members "$@") || return 1
  case $mrc_etcd_list in *", $mrc_etcd_peer,"*) return 0 ;; esac
  mrc_etcd_ctl --endpoints="$(mrc_etcd_endpoints "$@")" \
    member add "$mrc_etcd_name" --peer-urls="$mrc_etcd_peer"
}

# mrc_etcd_try_remove ID URL..
mrc_etcd_try_remove() {
  mrc_etcd_id=$1
  shift
  mrc_etcd_list=$(mrc_etcd_members "$@") || return 1
  if ! printf '%s\n' "$mrc_etcd_list" | grep -q "^$mrc_etcd_id, "; then return 0; fi
  mrc_etcd_ctl --endpoints="$(mrc_etcd_endpoints "$@")" member remove "$mrc_etcd_id"
}

# mrc_etcd_member_remove ID URL..
mrc_etcd_member_remove() {
  mrc_etcd_id=$1
  shift
  mrc_etcd_steady "$@"
  mrc_wait 60 "etcd to remove the member" mrc_etcd_try_remove "$mrc_etcd_id" "$@"
  mrc_etcd_steady "$@"
}

# mrc_etcd_member_add NAME PEER_URL URL..: one that was added and never started is there already.
mrc_etcd_member_add() {
  mrc_etcd_name=$1
  mrc_etcd_peer=$2
  shift 2
  mrc_etcd_steady "$@"
  mrc_wait 60 "etcd to add the member" mrc_etcd_try_add "$mrc_etcd_name" "$mrc_etcd_peer" "$@"
}

# mrc_etcd_member_renew NAME PEER_URL URL..: the same where nobody could tell beforehand what the
# cluster knows. A started member of this address has lost its data, else nobody would ask: it goes.
mrc_etcd_member_renew() {
  mrc_etcd_new=$1
  mrc_etcd_peer=$2
  shift 2
  mrc_etcd_steady "$@"
  mrc_etcd_list=$(mrc_etcd_members "$@")
  mrc_etcd_line=$(printf '%s\n' "$mrc_etcd_list" | grep -F ", $mrc_etcd_peer," || :)
  if [ -n "$mrc_etcd_line" ] && ! mrc_etcd_is_unstarted "$mrc_etcd_peer" "$mrc_etcd_line"; then
    mrc_etcd_member_remove "${mrc_etcd_line%%,*}" "$@"
  fi
  mrc_etcd_member_add "$mrc_etcd_new" "$mrc_etcd_peer" "$@"
}

# mrc_etcd_member_update ID PEER_URL URL..
mrc_etcd_member_update() {
  mrc_etcd_id=$1
  mrc_etcd_peer=$2
  shift 2
  mrc_etcd_steady "$@"
  mrc_wait 60 "etcd to take the address" mrc_etcd_ctl --endpoints="$(mrc_etcd_endpoints "$@")" \
    member update "$mrc_etcd_id" --peer-urls="$mrc_etcd_peer"
}

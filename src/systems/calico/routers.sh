# shellcheck shell=sh
# The ways to the other hosts, as this one's kernel has them. Read-only.

# mrc_calico_routers [IP]..: `router IP VIA` for each that is not on a network of this host's. One process
# for all of them; an `ip` that takes no list says nothing, and then nothing is known.
mrc_calico_routers() {
  [ $# -gt 0 ] || return 0
  printf 'route get %s\n' "$@" | ip -4 -o -force -batch - 2>/dev/null |
    awk '$2 == "via" { print "router " $1 " " $3 }'
}

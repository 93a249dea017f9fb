# shellcheck shell=sh
# The ways to the other hosts, as this one's kernel has them. Read-only.

# mrc_calico_routers [IP]..: `router IP VIA` for each that is not on a network of this host's. Only those are asked
# about, one by one: most hosts have all others on their own network.
mrc_calico_routers() {
  [ $# -gt 0 ] || return 0
  ip -4 -o addr show | awk -v others="$*" '
    function number(ip, part) { split(ip, part, "."); return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4] }
    $3 == "inet" {
      split($4, own, "/")
      size[++n] = 2 ^ (32 - (own[2] == "" ? 32 : own[2]))
      net[n] = int(number(own[1]) / size[n])
    }
    END {
      count = split(others, other, " ")
      for (i = 1; i <= count; i++) {
        near = 0
        for (k = 1; k <= n; k++) if (int(number(other[i]) / size[k]) == net[k]) near = 1
        if (!near) print other[i]
      }
    }' | while read -r mrc_calico_other; do
    ip -4 -o route get "$mrc_calico_other" 2>/dev/null | awk '$2 == "via" { print "router " $1 " " $3 }'
  done
}

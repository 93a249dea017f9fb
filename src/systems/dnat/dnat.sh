# DNAT rules of exposed servers. Each carries a comment, mrc:DEPLOYMENT:SERVER, by which alone it is
# known to be ours.

mrc_dnat_probe() {
  if ! command -v iptables-save >/dev/null 2>&1; then
    echo 'iptables absent'
    echo end
    return 0
  fi
  printf 'iptables %s\n' "$(iptables --version)"
  mrc_dnat_addresses=$(ip -o -4 addr show)
  printf '%s\n' "$mrc_dnat_addresses" | while read -r _ mrc_dnat_dev _ mrc_dnat_addr _; do
    if [ -n "$mrc_dnat_addr" ]; then
      printf 'address %s %s\n' "${mrc_dnat_dev%%@*}" "$mrc_dnat_addr"
    fi
  done
  mrc_dnat_rules=$(iptables-save -t nat)
  printf '%s\n' "$mrc_dnat_rules" | sed -n 's/^-A /rule -A /p'
  # Rules of the other kind of iptables are in force too. Asking for them would load its tables, so
  # only when they are there.
  if grep -qx nat /proc/net/ip_tables_names 2>/dev/null &&
    command -v iptables-legacy-save >/dev/null 2>&1; then
    case $(iptables --version) in
      *nf_tables*)
        mrc_dnat_rules=$(iptables-legacy-save -t nat)
        printf '%s\n' "$mrc_dnat_rules" | sed -n 's/^-A /legacy -A /p'
        ;;
    esac
  fi
  echo end
}

# mrc_dnat_set MARK [RULE..]: the rules with this mark become exactly these (-I ..), all at once; strangers'
# (-D ..) go with them.
mrc_dnat_set() {
  mrc_dnat_mark=$1
  shift
  iptables-save -t nat >"$MRC_D/dnat.before"
  {
    echo '*nat'
    # The comment is in quotes when it holds more than letters and digits.
    grep -F -e "--comment $mrc_dnat_mark " -e "--comment \"$mrc_dnat_mark\" " "$MRC_D/dnat.before" |
      sed -n 's/^-A /-D /p'
    for mrc_dnat_rule in "$@"; do
      case $mrc_dnat_rule in
        -D*) grep -qxF -e "-A${mrc_dnat_rule#-D}" "$MRC_D/dnat.before" || continue ;;
      esac
      printf '%s\n' "$mrc_dnat_rule"
    done
    echo COMMIT
  } >"$MRC_D/dnat.change"
  if iptables-restore --help 2>&1 | grep -q -- --wait; then
    iptables-restore --wait 10 --noflush <"$MRC_D/dnat.change"
  else
    iptables-restore --noflush <"$MRC_D/dnat.change"
  fi
}

# mrc_dnat_remove MARK: as above, and nothing at all is touched when there is no such rule.
mrc_dnat_remove() {
  if iptables-save -t nat | grep -qF -e "--comment $1 " -e "--comment \"$1\" "; then
    mrc_dnat_set "$1"
  fi
}

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

# mrc_dnat_alone: from here to its end, this script is the only one of its kind on the host: what is read is
# still so when the change that follows from it is made. The lock leaves nothing behind.
mrc_dnat_alone() {
  exec 9</run
  flock 9
}

# mrc_dnat_set MARK [RULE..]: the rules with this mark become exactly these (-I ..), all at once; strangers'
# (-D ..) go with them.
mrc_dnat_set() {
  mrc_dnat_alone
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
  mrc_dnat_wait=
  if iptables-restore --help 2>&1 | grep -q -- --wait; then mrc_dnat_wait='--wait 10'; fi
  # shellcheck disable=SC2086 # two words or none
  if ! iptables-restore $mrc_dnat_wait --noflush <"$MRC_D/dnat.change" 2>"$MRC_D/dnat.err"; then
    mrc_evidence "the rules that were to be set" cat "$MRC_D/dnat.change"
    mrc_die "iptables refuses the rules of $mrc_dnat_mark: $(tail -n 1 "$MRC_D/dnat.err")"
  fi
}

# mrc_dnat_remove MARK: as above, and nothing at all is touched when there is no such rule.
mrc_dnat_remove() {
  if iptables-save -t nat | grep -qF -e "--comment $1 " -e "--comment \"$1\" "; then
    mrc_dnat_set "$1"
  fi
}

# mrc_dnat_restore_writer ROLE_FILE MARK HOST_IP RULE..: as the next one, where the server starts as the master; where
# it starts as a slave, there are no such rules.
mrc_dnat_restore_writer() {
  [ -e "$1" ] || mrc_die "there is no $1"
  if grep -qx 'read_only=ON' "$1"; then
    mrc_dnat_remove "$2"
  else
    shift
    mrc_dnat_restore "$@"
  fi
}

# mrc_dnat_restore MARK HOST_IP RULE..: as mrc_dnat_set, and nothing is touched where the rules stand. In a RULE,
# @ is the interface that carries HOST_IP.
mrc_dnat_restore() {
  mrc_dnat_mark=$1
  mrc_dnat_dev=$(ip -o -4 addr show | awk -v ip="$2" '{ split($4, a, "/"); if (a[1] == ip) { sub(/@.*/, "", $2); print $2; exit } }')
  [ -n "$mrc_dnat_dev" ] || mrc_die "no interface carries $2 yet"
  shift 2
  for mrc_dnat_rule in "$@"; do
    shift
    set -- "$@" "$(printf '%s\n' "$mrc_dnat_rule" | sed "s/ -i @ / -i $mrc_dnat_dev /")"
  done
  printf '%s\n' "$@" | sed 's/^-I \([A-Z]*\) 1 /-A \1 /' | sort >"$MRC_D/dnat.wanted"
  iptables-save -t nat >"$MRC_D/dnat.before"
  { grep -F -e "--comment $mrc_dnat_mark " -e "--comment \"$mrc_dnat_mark\" " "$MRC_D/dnat.before" || :; } |
    sort >"$MRC_D/dnat.stands"
  if cmp -s "$MRC_D/dnat.wanted" "$MRC_D/dnat.stands"; then return 0; fi
  mrc_dnat_set "$mrc_dnat_mark" "$@"
}

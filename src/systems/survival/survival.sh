# The unit that brings one server back on its host: its files, how it comes and goes. It runs survival_keep.sh.

# mrc_survival_sum FILE: its cksum, CRC:SIZE, or - when it is not there.
mrc_survival_sum() {
  if [ -e "$1" ]; then cksum <"$1" | sed 's/^\([0-9]*\)[^0-9]*\([0-9]*\).*/\1:\2/'; else echo -; fi
}

mrc_survival_property() {
  systemctl show -p "$1" "$2" | sed "s/^$1=//"
}

# mrc_survival_probe DEPLOYMENT: its units on this host. Read-only.
mrc_survival_probe() {
  if ! command -v systemctl >/dev/null 2>&1 || [ ! -d /run/systemd/system ]; then
    echo 'systemd no'
    echo end
    return 0
  fi
  echo 'systemd yes'
  for mrc_survival_file in /etc/systemd/system/mrc-"$1".*.service; do
    [ -e "$mrc_survival_file" ] || continue
    mrc_survival_unit=${mrc_survival_file##*/}
    mrc_survival_server=${mrc_survival_unit#mrc-"$1".}
    mrc_survival_server=${mrc_survival_server%.service}
    mrc_survival_owner=$(sed -n '1s/^# Written by mrc for \([a-z0-9-]*\):.*/\1/p' "$mrc_survival_file")
    printf 'unit %s %s %s %s %s %s\n' "$mrc_survival_server" "${mrc_survival_owner:--}" \
      "$(mrc_survival_sum "$mrc_survival_file")" "$(mrc_survival_sum "/var/lib/mrc/$1.d/$mrc_survival_server.sh")" \
      "$(mrc_survival_property UnitFileState "$mrc_survival_unit")" \
      "$(mrc_survival_property ActiveState "$mrc_survival_unit")"
    if [ -e "/run/${mrc_survival_unit%.service}/state" ]; then
      printf 'state %s %s\n' "$mrc_survival_server" "$(head -n 1 "/run/${mrc_survival_unit%.service}/state")"
    fi
  done
  echo end
}

# mrc_survival_keep DEPLOYMENT SERVER FUNCTIONS BODY UNIT: the unit with this file and a script of these two parts
# is enabled and runs, and has found or made the server whole. It is stopped while a file of it changes: what
# runs is what stands there.
mrc_survival_keep() {
  cat "$3" "$4" >"$MRC_D/survival-script"
  set -- "$1" "$2" "$MRC_D/survival-script" "$5"
  mrc_survival_unit=mrc-$1.$2.service
  mrc_survival_file=/etc/systemd/system/$mrc_survival_unit
  if ! cmp -s "$3" "/var/lib/mrc/$1.d/$2.sh" || ! cmp -s "$4" "$mrc_survival_file"; then
    mrc_unwatch "$1" "$2"
    mkdir -p "/var/lib/mrc/$1.d"
    mrc_put "$3" "/var/lib/mrc/$1.d/$2.sh" 0600
    mrc_put "$4" "$mrc_survival_file" 0644
  fi
  systemctl daemon-reload
  systemctl enable --quiet "$mrc_survival_unit"
  systemctl reset-failed "$mrc_survival_unit" 2>/dev/null || :
  systemctl start "$mrc_survival_unit"
  if mrc_wait 90 "the unit to find $2 whole" mrc_survival_is_whole "/run/mrc-$1.$2/state" 2>"$MRC_D/survival-why"; then return 0; fi
  mrc_evidence "journalctl -u $mrc_survival_unit" journalctl -u "$mrc_survival_unit" -n 10 --no-pager -o cat
  mrc_die "the unit $mrc_survival_unit does not find $2 whole: $(sed 's/.*: //' "$MRC_D/survival-why")"
}

mrc_survival_is_whole() {
  if [ ! -e "$1" ]; then
    echo 'it does not run yet'
    return 1
  fi
  read -r mrc_survival_state mrc_survival_text <"$1" || :
  [ "$mrc_survival_state" != whole ] || return 0
  echo "$mrc_survival_text"
  return 1
}

# mrc_survival_gone DEPLOYMENT SERVER
mrc_survival_gone() {
  mrc_survival_unit=mrc-$1.$2.service
  mrc_unwatch "$1" "$2"
  rm -f "/etc/systemd/system/multi-user.target.wants/$mrc_survival_unit" "/etc/systemd/system/$mrc_survival_unit"
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl reset-failed "$mrc_survival_unit" 2>/dev/null || :
  fi
  rm -f "/var/lib/mrc/$1.d/$2.sh"
  rmdir "/var/lib/mrc/$1.d" 2>/dev/null || :
  mrc_forget "$1" "survival/$2"
}

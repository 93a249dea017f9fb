# etcd's configuration, unit and data, and how they come back to what they were. Uses etcd_probe.sh.

mrc_etcd_is_copying() {
  grep -q '"etcd/config": .*"was": "copying"' "/var/lib/mrc/$1.json"
}

# mrc_etcd_configure DEPLOYMENT FILE
mrc_etcd_configure() {
  mrc_etcd_path=$(mrc_etcd_config_path)
  if [ -z "$mrc_etcd_path" ]; then
    mrc_die "the unit etcd.service reads no environment file; give it one by systemctl edit etcd:" \
      "[Service] EnvironmentFile=-/etc/default/etcd"
  fi
  # Until the copy is whole the file is not touched, and the record says so: whoever is killed in
  # between leaves a copy that is made anew, or taken away.
  if ! mrc_recorded "$1" etcd/config || mrc_etcd_is_copying "$1"; then
    mrc_etcd_was=absent
    if [ -e "$mrc_etcd_path" ]; then
      mrc_record "$1" etcd/config "{\"path\": \"$mrc_etcd_path\", \"was\": \"copying\"}"
      mkdir -p "/var/lib/mrc/$1.d"
      cp -p "$mrc_etcd_path" "/var/lib/mrc/$1.d/etcd-config"
      sync "/var/lib/mrc/$1.d/etcd-config" 2>/dev/null || sync
      mrc_etcd_was="file"
    fi
    mrc_record "$1" etcd/config "{\"path\": \"$mrc_etcd_path\", \"was\": \"$mrc_etcd_was\"}"
  fi
  mrc_put "$2" "$mrc_etcd_path" 0644
}

# mrc_etcd_restore_config DEPLOYMENT PATH file|absent|copying
mrc_etcd_restore_config() {
  mrc_etcd_copy=/var/lib/mrc/$1.d/etcd-config
  if [ "$3" = absent ]; then
    rm -f "$2"
  elif [ "$3" = copying ]; then
    rm -f "$mrc_etcd_copy"
  elif [ -e "$mrc_etcd_copy" ]; then
    cp -p "$mrc_etcd_copy" "$2.mrc-new"
    mv -f "$2.mrc-new" "$2"
    rm -f "$mrc_etcd_copy"
  fi
  rmdir "/var/lib/mrc/$1.d" 2>/dev/null || :
  mrc_forget "$1" etcd/config
}

# The first of the path's folders that is not there yet.
mrc_etcd_first_absent() {
  mrc_etcd_p=$1
  while [ ! -e "$(dirname "$mrc_etcd_p")" ]; do mrc_etcd_p=$(dirname "$mrc_etcd_p"); done
  printf '%s\n' "$mrc_etcd_p"
}

# mrc_etcd_make_data DEPLOYMENT PATH. An empty folder that was there is used, and is there afterwards.
mrc_etcd_make_data() {
  if ! mrc_recorded "$1" etcd/data; then
    mrc_etcd_top=
    if [ ! -e "$2" ]; then mrc_etcd_top=$(mrc_etcd_first_absent "$2"); fi
    mrc_record "$1" etcd/data "{\"path\": \"$2\", \"top\": \"$mrc_etcd_top\"}"
  fi
  if grep -q '"etcd/data": .*"top": ""' "/var/lib/mrc/$1.json"; then return 0; fi
  (umask 022 && mkdir -p "$(dirname "$2")")
  (umask 077 && mkdir -p "$2")
  mrc_etcd_user=$(systemctl show -p User etcd.service | sed 's/^User=//')
  if [ -n "$mrc_etcd_user" ]; then chown "$mrc_etcd_user:" "$2"; fi
}

# mrc_etcd_enable DEPLOYMENT: at boot from now on; what it was goes into the record.
mrc_etcd_enable() {
  systemctl unmask --runtime --quiet etcd.service
  if ! mrc_recorded "$1" etcd/unit; then
    mrc_etcd_was=$(systemctl is-enabled etcd.service 2>/dev/null || :)
    mrc_record "$1" etcd/unit "{\"enabled\": \"$mrc_etcd_was\"}"
  fi
  systemctl enable --quiet etcd.service
}

# mrc_etcd_start DEPLOYMENT DATA_DIR: returns at once, as the unit is up only when enough members
# have found one another.
mrc_etcd_start() {
  mrc_etcd_enable "$1"
  mrc_etcd_make_data "$1" "$2"
  systemctl reset-failed etcd.service 2>/dev/null || :
  systemctl start --no-block etcd.service
}

mrc_etcd_restart() {
  systemctl stop etcd.service
  systemctl start --no-block etcd.service
}

# Healthy, or in a state that no waiting mends.
mrc_etcd_settled() {
  mrc_etcd_health "$1" || systemctl is-failed --quiet etcd.service
}

# mrc_etcd_wait URL SECONDS: until this host's member takes part in the cluster.
mrc_etcd_wait() {
  if mrc_wait "$2" "etcd's quorum" mrc_etcd_settled "$1" 2>"$MRC_D/etcd-why" &&
    mrc_etcd_health "$1" >"$MRC_D/etcd-why"; then
    return 0
  fi
  mrc_etcd_is=$(systemctl is-active etcd.service || :)
  mrc_evidence "journalctl -u etcd" journalctl -u etcd.service -n 10 --no-pager -o cat
  mrc_mend "a majority of the members must run and reach one another's peer ports: etcdctl member list, journalctl -u etcd"
  mrc_die "the unit etcd.service is $mrc_etcd_is: $(tail -n 1 "$MRC_D/etcd-why")"
}

mrc_etcd_all_healthy() {
  for mrc_etcd_url in "$@"; do mrc_etcd_health "$mrc_etcd_url" || return 1; done
}

# mrc_etcd_stop DEPLOYMENT ENABLED_BEFORE
mrc_etcd_stop() {
  if [ "$(systemctl show -p LoadState etcd.service)" = LoadState=loaded ]; then
    systemctl stop etcd.service
    case $2 in
      enabled) systemctl enable --quiet etcd.service ;;
      disabled | '' | not-found) systemctl disable --quiet etcd.service ;;
    esac
    systemctl reset-failed etcd.service 2>/dev/null || :
  fi
  mrc_forget "$1" etcd/unit
}

# mrc_etcd_remove_data DEPLOYMENT PATH TOP: up to the folder TOP, which mrc made, what is empty goes
# too; without TOP the folder itself was there before and stays.
mrc_etcd_remove_data() {
  case $2 in
    /*/../* | */..) mrc_die "will not remove $2" ;;
    /?*/?*) ;;
    *) mrc_die "will not remove $2" ;;
  esac
  if [ -z "$3" ]; then
    if [ -d "$2" ]; then find "$2" -mindepth 1 -delete; fi
  else
    rm -rf -- "$2"
  fi
  mrc_etcd_p=$2
  while [ -n "$3" ] && [ "$mrc_etcd_p" != "$3" ] && [ "${#mrc_etcd_p}" -gt "${#3}" ]; do
    mrc_etcd_p=$(dirname "$mrc_etcd_p")
    rmdir "$mrc_etcd_p" 2>/dev/null || break
  done
  mrc_forget "$1" etcd/data
}

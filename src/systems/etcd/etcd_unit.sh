# etcd's configuration, unit and data, and how they come back to what they were. Uses etcd_probe.sh.

mrc_etcd_is_copying() {
  grep -q '"etcd/config": .*"was": "copying"' "/var/lib/mrc/$1.json"
}

# mrc_etcd_keep_config DEPLOYMENT: what the file was before mrc goes into the record, with a copy.
mrc_etcd_keep_config() {
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
}

# mrc_etcd_configure DEPLOYMENT FILE
mrc_etcd_configure() {
  mrc_etcd_keep_config "$1"
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
  if [ -d "$2" ] && grep -q '"etcd/data": .*"top": ""' "/var/lib/mrc/$1.json"; then return 0; fi
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

# mrc_etcd_formed DEPLOYMENT URL: from now on no member here may begin a cluster of its own.
mrc_etcd_formed() {
  mrc_etcd_id=$(mrc_etcd_ctl --endpoints="$2" member list -w json |
    sed -n 's/.*"cluster_id":\([0-9]*\).*/\1/p')
  [ -n "$mrc_etcd_id" ] || mrc_die "etcd does not tell its cluster's id"
  mrc_record "$1" etcd/cluster "{\"id\": \"$mrc_etcd_id\"}"
}

# mrc_etcd_rerecord DEPLOYMENT DATA_DIR URL: the record was lost, the member stands. What was here
# before mrc is known only as far as the copy of the configuration tells; packages stay.
mrc_etcd_rerecord() {
  if ! mrc_recorded "$1" etcd/config; then
    mrc_etcd_was=absent
    if [ -e "/var/lib/mrc/$1.d/etcd-config" ]; then mrc_etcd_was="file"; fi
    mrc_record "$1" etcd/config \
      "{\"path\": \"$(mrc_etcd_config_path)\", \"was\": \"$mrc_etcd_was\"}"
  fi
  if ! mrc_recorded "$1" etcd/data; then
    mrc_record "$1" etcd/data "{\"path\": \"$2\", \"top\": \"$2\"}"
  fi
  if ! mrc_recorded "$1" etcd/unit; then mrc_record "$1" etcd/unit '{"enabled": "disabled"}'; fi
  if mrc_etcd_health "$3" >/dev/null; then mrc_etcd_formed "$1" "$3"; fi
}

# mrc_etcd_adopt DEPLOYMENT URL: data and packages stay whose they are.
mrc_etcd_adopt() {
  mrc_etcd_keep_config "$1"
  if ! mrc_recorded "$1" etcd/unit; then
    mrc_etcd_was=$(systemctl is-enabled etcd.service 2>/dev/null || :)
    mrc_record "$1" etcd/unit "{\"enabled\": \"$mrc_etcd_was\", \"active\": \"yes\"}"
  fi
  if mrc_etcd_health "$2" >/dev/null; then mrc_etcd_formed "$1" "$2"; fi
}

# mrc_etcd_enabled_as BEFORE
mrc_etcd_enabled_as() {
  case $1 in
    enabled) systemctl enable --quiet etcd.service ;;
    disabled | '' | not-found) systemctl disable --quiet etcd.service ;;
  esac
}

# mrc_etcd_give_back DEPLOYMENT ENABLED_BEFORE: the adopted unit runs as it did, by its own file.
mrc_etcd_give_back() {
  mrc_etcd_enabled_as "$2"
  mrc_etcd_restart
  mrc_forget "$1" etcd/cluster
  mrc_forget "$1" etcd/unit
}

# mrc_etcd_stop DEPLOYMENT ENABLED_BEFORE
mrc_etcd_stop() {
  if [ "$(systemctl show -p LoadState etcd.service)" = LoadState=loaded ]; then
    systemctl stop etcd.service
    mrc_etcd_enabled_as "$2"
    systemctl reset-failed etcd.service 2>/dev/null || :
  fi
  mrc_forget "$1" etcd/unit
}

# mrc_etcd_own_folder PATH: deep enough, and without ways out, to be emptied.
mrc_etcd_own_folder() {
  case $1 in
    /*/../* | */..) mrc_die "will not remove $1" ;;
    /?*/?*) ;;
    *) mrc_die "will not remove $1" ;;
  esac
}

# mrc_etcd_reset DATA_DIR: what a member left that is none any more; its log would bar it for ever.
mrc_etcd_reset() {
  mrc_etcd_own_folder "$1"
  if [ "$(systemctl show -p LoadState etcd.service)" = LoadState=loaded ]; then
    systemctl stop etcd.service
  fi
  if [ -d "$1" ]; then find "$1" -mindepth 1 -delete; fi
}

# mrc_etcd_remove_data DEPLOYMENT PATH TOP: up to the folder TOP, which mrc made, what is empty goes
# too; without TOP the folder itself was there before and stays.
mrc_etcd_remove_data() {
  mrc_etcd_own_folder "$2"
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
  mrc_forget "$1" etcd/cluster
  mrc_forget "$1" etcd/data
}

# mrc_etcd_hand_over FROM TO [DEPLOYMENT..]: what FROM made passes to TO, which uses it too, as do
# the others. Until the end FROM has it as well, so that nothing is nobody's.
mrc_etcd_hand_over() {
  mrc_etcd_from=/var/lib/mrc/$1
  mrc_etcd_to=/var/lib/mrc/$2
  for mrc_etcd_file in etcd-config etcd-packages-before; do
    if [ -e "$mrc_etcd_from.d/$mrc_etcd_file" ]; then
      mkdir -p "$mrc_etcd_to.d"
      cp -p "$mrc_etcd_from.d/$mrc_etcd_file" "$mrc_etcd_to.d/$mrc_etcd_file.mrc-new"
      mv -f "$mrc_etcd_to.d/$mrc_etcd_file.mrc-new" "$mrc_etcd_to.d/$mrc_etcd_file"
    fi
  done
  for mrc_etcd_key in etcd/package etcd/config etcd/data etcd/unit etcd/cluster; do
    mrc_etcd_value=$(sed -n "s#^  \"$mrc_etcd_key\": \(.*[^,]\),\{0,1\}\$#\1#p" \
      "$mrc_etcd_from.json")
    if [ -n "$mrc_etcd_value" ]; then mrc_record "$2" "$mrc_etcd_key" "$mrc_etcd_value"; fi
  done
  mrc_forget "$2" etcd/uses
  mrc_etcd_path=$(mrc_etcd_config_path)
  if [ -n "$mrc_etcd_path" ] && [ -e "$mrc_etcd_path" ]; then
    sed "1s/^# Written by mrc for $1:/# Written by mrc for $2:/" "$mrc_etcd_path" >"$MRC_D/config"
    mrc_put "$MRC_D/config" "$mrc_etcd_path" 0644
  fi
  mrc_etcd_name=$2
  mrc_etcd_gone=$1
  shift 2
  for mrc_etcd_user in "$@"; do mrc_record "$mrc_etcd_user" etcd/uses "\"$mrc_etcd_name\""; done
  mrc_forget_under "$mrc_etcd_gone" etcd/
  rm -f "$mrc_etcd_from.d/etcd-config" "$mrc_etcd_from.d/etcd-packages-before"
  rmdir "$mrc_etcd_from.d" 2>/dev/null || :
}

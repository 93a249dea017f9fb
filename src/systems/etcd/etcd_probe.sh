# etcd on one host. Read-only.

mrc_etcd_manager() {
  for mrc_etcd_m in apt-get dnf yum zypper; do
    if command -v "$mrc_etcd_m" >/dev/null 2>&1; then
      echo "${mrc_etcd_m%-get}"
      return 0
    fi
  done
  echo none
}

# The file from which the unit takes its environment: of several the last one wins. Older systemd
# prints the property's name without its s.
mrc_etcd_config_path() {
  systemctl show -p EnvironmentFiles etcd.service |
    sed -n -e 's/ (ignore_errors=.*//' -e 's/^EnvironmentFiles\{0,1\}=\(..*\)/\1/p' | tail -n 1
}

mrc_etcd_ctl() {
  ETCDCTL_API=3 etcdctl --dial-timeout=1s --command-timeout=3s "$@"
}

# mrc_etcd_health URL: or the reason why not.
mrc_etcd_health() {
  if mrc_etcd_out=$(mrc_etcd_ctl --endpoints="$1" endpoint health 2>&1); then return 0; fi
  mrc_etcd_why=$(printf '%s\n' "$mrc_etcd_out" | sed -n 's/.* is unhealthy: //p' | tail -n 1 |
    sed 's/rpc error: code = [A-Za-z]* desc = //')   # which is there at times
  printf '%s: %s\n' "$1" "${mrc_etcd_why:-$(printf '%s\n' "$mrc_etcd_out" | tail -n 1)}"
  return 1
}

mrc_etcd_probe_programs() {
  mrc_etcd_m=$(mrc_etcd_manager)
  echo "manager $mrc_etcd_m"
  if command -v etcd >/dev/null 2>&1; then
    echo "etcd $(etcd --version 2>/dev/null | sed -n 's/^etcd Version: *//p')"
  elif [ "$mrc_etcd_m" = apt ]; then
    # What would be installed; from the host's own lists, nothing is fetched.
    mrc_etcd_lists=$(apt-cache policy etcd-server etcd 2>/dev/null || :)
    echo "candidate $(printf '%s\n' "$mrc_etcd_lists" | sed -n 's/^  Candidate: //p' | head -n 1)"
  fi
  if command -v etcdctl >/dev/null 2>&1; then
    echo "etcdctl $(ETCDCTL_API=3 etcdctl version 2>/dev/null | sed -n 's/^etcdctl version: *//p')"
  fi
}

mrc_etcd_probe_config() {
  mrc_etcd_path=$(mrc_etcd_config_path)
  [ -n "$mrc_etcd_path" ] || return 0
  echo "config-path $mrc_etcd_path"
  if [ -e "$mrc_etcd_path" ]; then
    mrc_etcd_text=$(cat "$mrc_etcd_path")
    printf '%s\n' "$mrc_etcd_text" |
      sed -n '1s/^# Written by mrc for \([a-z0-9-]*\):.*/config-mark \1/p'
    printf '%s\n' "$mrc_etcd_text" | sed -n '/^[[:space:]]*[^#[:space:]]/s/^/config /p'
  fi
}

# mrc_etcd_probe_cluster URL
mrc_etcd_probe_cluster() {
  if mrc_etcd_out=$(mrc_etcd_ctl --endpoints="$1" member list -w json 2>"$MRC_D/etcd.err"); then
    printf 'members %s\n' "$mrc_etcd_out"
  else
    printf 'members-error %s\n' "$(tail -n 1 "$MRC_D/etcd.err")"
  fi
  if mrc_etcd_out=$(mrc_etcd_health "$1"); then
    echo 'health ok'
  else
    printf 'health %s\n' "$mrc_etcd_out"
  fi
}

# mrc_etcd_probe_data DIR: `begun` is what a member leaves that never took part: no log.
mrc_etcd_probe_data() {
  if [ -z "$(ls -A "$1" 2>/dev/null)" ]; then
    echo 'data absent'
  elif [ -z "$(ls -A "$1/member/wal" 2>/dev/null)" ]; then
    echo 'data begun'
  else
    echo 'data present'
  fi
}

# mrc_etcd_probe IP CLIENT_PORT PEER_PORT DATA_DIR
mrc_etcd_probe() {
  if ! command -v systemctl >/dev/null 2>&1 || [ ! -d /run/systemd/system ]; then
    echo 'systemd no'
    echo end
    return 0
  fi
  echo 'systemd yes'
  mrc_etcd_probe_programs
  mrc_etcd_unit=$(systemctl show etcd.service -p LoadState -p ActiveState -p UnitFileState \
    -p ExecStart)
  printf '%s\n' "$mrc_etcd_unit" | sed 's/^/unit /'
  mrc_etcd_probe_config
  mrc_etcd_probe_data "$4"
  case $mrc_etcd_unit in
    *ActiveState=active*) mrc_etcd_probe_cluster "http://$1:$2" ;;
    *ActiveState=activating*) ;;
    *)
      if command -v ss >/dev/null 2>&1; then
        mrc_etcd_out=$(ss -ltnp)
        printf '%s\n' "$mrc_etcd_out" |
          sed -n -e "s/^LISTEN.*:$2 .*/listen &/p" -e "s/^LISTEN.*:$3 .*/listen &/p"
      fi
      ;;
  esac
  echo end
}

# mrc_etcd_probe_former DEPLOYMENT IP CLIENT_PORT PEER_PORT DATA_DIR: a host that shall have no
# member is asked only when it had one.
mrc_etcd_probe_former() {
  if ! grep -q '^  "etcd/' "/var/lib/mrc/$1.json" 2>/dev/null; then
    echo 'systemd unasked'
    echo end
    return 0
  fi
  shift
  mrc_etcd_probe "$@"
}

# mrc_etcd_get URL: the body, by whatever program the host has for it.
mrc_etcd_get() {
  if command -v curl >/dev/null 2>&1; then
    curl -sS -m 5 "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -T 5 -O - "$1"
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())' "$1"
  elif command -v etcdctl >/dev/null 2>&1; then
    mrc_etcd_ctl --endpoints="${1%/health}" endpoint health >/dev/null && echo '"health":"true"'
  elif command -v bash >/dev/null 2>&1; then
    mrc_etcd_host=${1#http://}
    mrc_etcd_host=${mrc_etcd_host%%/*}
    # shellcheck disable=SC2016
    timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET /health HTTP/1.0\r\n\r\n" >&3 && cat <&3' \
      bash "${mrc_etcd_host%:*}" "${mrc_etcd_host##*:}"
  else
    echo 'no curl, wget, python3, etcdctl or bash to ask with' >&2
    return 1
  fi
}

# mrc_etcd_probe_endpoints URL..: of a cluster that is not ours.
mrc_etcd_probe_endpoints() {
  for mrc_etcd_url in "$@"; do
    if mrc_etcd_out=$(mrc_etcd_get "$mrc_etcd_url/health" 2>&1); then
      case $mrc_etcd_out in
        *'"health"'*true*)
          echo "endpoint $mrc_etcd_url ok"
          continue
          ;;
      esac
    fi
    mrc_etcd_out=$(printf '%s\n' "$mrc_etcd_out" | sed '/^[[:space:]]*$/d' | tail -n 1)
    printf 'endpoint %s %s\n' "$mrc_etcd_url" "${mrc_etcd_out:-no answer}"
  done
  echo end
}

# shellcheck shell=sh disable=SC2154 # some variables are set by the script that uses these
# Reading etcd's v2 keys over HTTP, with what every host has: curl, or bash, or wget.
# "$mrc_calico_endpoints" is the comma list of endpoints, as ETCD_ENDPOINTS takes it.

# mrc_calico_http METHOD URL: the answer's body, whatever its HTTP status; fails when there is none.
mrc_calico_http() {
  if command -v curl >/dev/null 2>&1; then
    curl -sS -g --noproxy '*' --max-time 5 -X "$1" "$2"
    return
  fi
  case $2 in
    http://*)
      if command -v bash >/dev/null 2>&1; then
        mrc_calico_rest=${2#http://}
        mrc_calico_hostport=${mrc_calico_rest%%/*}
        # HTTP/1.0: no chunks, and the end of the connection is the end of the answer.
        # shellcheck disable=SC2016 # bash's own variables
        timeout -s KILL 5 bash -c '
          exec 4<>"/dev/tcp/$2/$3" || exit 1
          printf "%s %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n" "$1" "$4" "$2" "$3" >&4
          cat <&4' mrc "$1" "${mrc_calico_hostport%:*}" "${mrc_calico_hostport##*:}" \
          "/${mrc_calico_rest#*/}" >"$MRC_D/calico-http" || return 1
        tr -d '\r' <"$MRC_D/calico-http" | sed '1,/^$/d'
        return
      fi
      ;;
  esac
  if command -v wget >/dev/null 2>&1; then
    wget -q -T 5 -t 1 --no-proxy --method="$1" --content-on-error -O - "$2" ||
      [ "$?" = 8 ] # 8: an HTTP error status, the body is there
    return
  fi
  echo "there is no curl, bash or wget to ask etcd with" >&2
  return 1
}

# mrc_calico_etcd METHOD PATH: the JSON answer of the first endpoint that gives one, on one line.
# Its failure's stderr tells how each endpoint failed.
mrc_calico_etcd() {
  mrc_calico_left=$mrc_calico_endpoints
  mrc_calico_why=
  while [ -n "$mrc_calico_left" ]; do
    mrc_calico_one=${mrc_calico_left%%,*}
    case $mrc_calico_left in
      *,*) mrc_calico_left=${mrc_calico_left#*,} ;;
      *) mrc_calico_left= ;;
    esac
    if mrc_calico_http "$1" "$mrc_calico_one$2" >"$MRC_D/calico-etcd" 2>"$MRC_D/calico-etcd-err"; then
      case $(head -c 1 "$MRC_D/calico-etcd") in
        '{')
          tr -d '\n' <"$MRC_D/calico-etcd"
          echo
          return 0
          ;;
      esac
      mrc_calico_why="$mrc_calico_why; $mrc_calico_one: $(head -c 120 "$MRC_D/calico-etcd" | tr '\n' ' ')"
    else
      mrc_calico_why="$mrc_calico_why; $mrc_calico_one: $(tr '\n' ' ' <"$MRC_D/calico-etcd-err" | tail -c 160)"
    fi
  done
  printf '%s\n' "${mrc_calico_why#; }" >&2
  return 1
}

# mrc_calico_tree: all that Calico keeps in etcd, agreed by its quorum.
mrc_calico_tree() {
  mrc_calico_etcd GET '/v2/keys/calico?recursive=true&quorum=true'
}

# shellcheck shell=sh disable=SC2154 # some variables are set by the script that uses these
# Reading etcd's v3 keys by its JSON gateway, with what every host has: curl, or bash, or wget.
# "$mrc_calico3_endpoints" is the comma list of endpoints, as ETCD_ENDPOINTS takes it.

# mrc_calico3_http URL BODY: the answer to that POST, whatever its HTTP status; fails when there is none.
mrc_calico3_http() {
  if command -v curl >/dev/null 2>&1; then
    curl -sS -g --noproxy '*' --max-time 5 -X POST -d "$2" "$1"
    return
  fi
  case $1 in
    http://*)
      if command -v bash >/dev/null 2>&1; then
        mrc_calico3_rest=${1#http://}
        mrc_calico3_hostport=${mrc_calico3_rest%%/*}
        # HTTP/1.0: no chunks, and the end of the connection is the end of the answer.
        # shellcheck disable=SC2016 # bash's own variables
        timeout -s KILL 5 bash -c '
          exec 4<>"/dev/tcp/$1/$2" || exit 1
          printf "POST %s HTTP/1.0\r\nHost: %s:%s\r\nContent-Length: %s\r\n\r\n%s" \
            "$3" "$1" "$2" "${#4}" "$4" >&4
          cat <&4' mrc "${mrc_calico3_hostport%:*}" "${mrc_calico3_hostport##*:}" \
          "/${mrc_calico3_rest#*/}" "$2" >"$MRC_D/calico3-http" || return 1
        tr -d '\r' <"$MRC_D/calico3-http" | sed '1,/^$/d'
        return
      fi
      ;;
  esac
  if command -v wget >/dev/null 2>&1; then
    wget -q -T 5 -t 1 --no-proxy --post-data="$2" --content-on-error -O - "$1" ||
      [ "$?" = 8 ] # 8: an HTTP error status, the body is there
    return
  fi
  echo "there is no curl, bash or wget to ask etcd with" >&2
  return 1
}

# mrc_calico3_etcd PATH BODY: the JSON answer of the first endpoint that gives one that is no error, on
# one line. Its failure's stderr tells how each endpoint failed.
mrc_calico3_etcd() {
  mrc_calico3_left=$mrc_calico3_endpoints
  mrc_calico3_why=
  while [ -n "$mrc_calico3_left" ]; do
    mrc_calico3_one=${mrc_calico3_left%%,*}
    case $mrc_calico3_left in
      *,*) mrc_calico3_left=${mrc_calico3_left#*,} ;;
      *) mrc_calico3_left= ;;
    esac
    if mrc_calico3_http "$mrc_calico3_one$1" "$2" >"$MRC_D/calico3-etcd" 2>"$MRC_D/calico3-etcd-err"; then
      case $(head -c 10 "$MRC_D/calico3-etcd" | tr -d ' \n') in
        '{"header"'*)
          tr -d '\n' <"$MRC_D/calico3-etcd"
          echo
          return 0
          ;;
      esac
      mrc_calico3_why="$mrc_calico3_why; $mrc_calico3_one: $(head -c 120 "$MRC_D/calico3-etcd" | tr '\n' ' ')"
    else
      mrc_calico3_why="$mrc_calico3_why; $mrc_calico3_one: $(tr '\n' ' ' <"$MRC_D/calico3-etcd-err" | tail -c 160)"
    fi
  done
  printf '%s\n' "${mrc_calico3_why#; }" >&2
  return 1
}

# From "/calico/" to "/calico0", which is behind the last that begins so.
mrc_calico3_range='"key": "L2NhbGljby8=", "range_end": "L2NhbGljbzA="'

# mrc_calico3_tree: all that Calico keeps in etcd, agreed by its quorum.
mrc_calico3_tree() {
  mrc_calico3_etcd /v3/kv/range "{$mrc_calico3_range}"
}

# mrc_calico3_is_empty: there is no key of Calico's; fails also when etcd does not answer, with its words.
mrc_calico3_is_empty() {
  mrc_calico3_answer=$(mrc_calico3_etcd /v3/kv/range "{$mrc_calico3_range, \"count_only\": true}") || return 1
  case $mrc_calico3_answer in *'"count"'*) return 1 ;; esac
}

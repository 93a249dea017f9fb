# Docker's engine and images.

# mrc_docker_image_id IMAGE: prints its id, or nothing when it is not there; fails when Docker does.
mrc_docker_image_id() {
  if mrc_docker_id=$(docker image inspect --format '{{.Id}}' "$1" 2>"$MRC_D/docker.err"); then
    printf '%s\n' "$mrc_docker_id"
  elif ! grep -qi 'no such' "$MRC_D/docker.err"; then
    cat "$MRC_D/docker.err" >&2
    return 1
  fi
}

# mrc_docker_probe [IMAGE]
mrc_docker_probe() {
  if ! command -v docker >/dev/null 2>&1; then
    echo 'engine absent'
  elif mrc_docker_said=$(docker version --format '{{json .Server}}' 2>"$MRC_D/docker.err"); then
    echo 'engine up'
    printf 'server %s\n' "$mrc_docker_said"
    if [ -n "${1:-}" ]; then
      mrc_docker_found=$(mrc_docker_image_id "$1")
      printf 'image %s %s\n' "$1" "${mrc_docker_found:-absent}"
      if [ -n "$mrc_docker_found" ]; then
        docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$mrc_docker_found" |
          sed -n 's/^./digest &/p'
      fi
    fi
  else
    echo 'engine down'
    printf 'reason %s\n' "$(tr '\n' ' ' <"$MRC_D/docker.err")"
  fi
  echo end
}

# mrc_docker_pull DEPLOYMENT IMAGE [DIGEST]: the image that other hosts have under this digest already
# comes under its digest, and gets the name: the name may stand for a newer one by now.
mrc_docker_pull() {
  mrc_docker_have=$(mrc_docker_image_id "$2")
  if [ -z "$mrc_docker_have" ]; then
    mrc_record "$1" "docker/image/$2" '{"id": ""}'
    # The status of the left side of a pipe is lost in sh, so it goes through a file.
    {
      mrc_docker_rc=0
      docker pull "${3:-$2}" 2>"$MRC_D/pull.err" || mrc_docker_rc=$?
      echo "$mrc_docker_rc" >"$MRC_D/pull.rc"
    } | while read -r mrc_docker_line; do mrc_note "$mrc_docker_line"; done
    if [ "$(cat "$MRC_D/pull.rc")" != 0 ]; then
      mrc_forget "$1" "docker/image/$2"
      mrc_mend "see that this host reaches the registry, or bring the image: docker save $2 | ssh HOST docker load"
      mrc_die "docker pull ${3:-$2}: $(cat "$MRC_D/pull.err")"
    fi
    if [ -n "${3:-}" ]; then docker tag "$3" "$2"; fi
  fi
  if mrc_recorded "$1" "docker/image/$2"; then
    mrc_docker_have=$(mrc_docker_image_id "$2")
    mrc_record "$1" "docker/image/$2" "{\"id\": \"$mrc_docker_have\"}"
  fi
}

# mrc_docker_remove_image DEPLOYMENT IMAGE ID: as long as it is the one pulled and nobody uses it.
mrc_docker_remove_image() {
  mrc_docker_have=$(mrc_docker_image_id "$2")
  if [ -z "$mrc_docker_have" ]; then
    mrc_note "$2 is gone already"
  elif [ -n "$3" ] && [ "$mrc_docker_have" != "$3" ]; then
    mrc_note "$2 is another image than the one pulled; it stays"
  elif [ -n "$(docker ps -aq --filter "ancestor=$2")" ]; then
    mrc_note "$2 is used by another container; it stays"
  else
    docker image rm "$2" >/dev/null
  fi
  mrc_forget "$1" "docker/image/$2"
}

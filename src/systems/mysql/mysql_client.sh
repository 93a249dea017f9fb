# shellcheck shell=sh
# What `mrc mysql` does before it opens a client.

# mrc_mysql_open NAME PASSWORD_FILE: prints the name of an option file in the container, whose first reader takes it
# away; if none comes, the host does within a minute.
mrc_mysql_open() {
  mrc_mysql_file=$(mrc_mysql_option "$2" | docker exec -i "$1" sh -c '
    umask 077
    f=$(mktemp) || exit 1
    { echo "[client]" && cat; } >"$f"
    echo "$f"')
  # shellcheck disable=SC2016 # the other shell's
  setsid sh -c 'sleep 60; docker exec "$1" rm -f "$2"' sh "$1" "$mrc_mysql_file" </dev/null >/dev/null 2>&1 3>&- &
  printf '%s\n' "$mrc_mysql_file"
}

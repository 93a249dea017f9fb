# The host as such. Read-only.

# Milliseconds where date has them; else seconds, said so by the unit.
mrc_hosts_clock() {
  mrc_hosts_now=$(date +%s%3N)
  case $mrc_hosts_now in
    *[!0-9]*) printf 's %s\n' "$(date +%s)" ;;
    *) printf 'ms %s\n' "$mrc_hosts_now" ;;
  esac
}

mrc_hosts_probe() {
  printf 'clock %s\n' "$(mrc_hosts_clock)"
  printf 'hostname %s\n' "$(cat /proc/sys/kernel/hostname)"
  printf 'uid %s\n' "$(id -u)"
  # A kernel and a network namespace in it: two logins with the same pair are on one host.
  printf 'boot %s\n' "$(cat /proc/sys/kernel/random/boot_id)"
  printf 'netns %s\n' "$(readlink /proc/self/ns/net)"
  if [ -r /etc/os-release ]; then
    sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/os \1/p' /etc/os-release
  fi
  mrc_hosts_addresses=$(ip -o -4 addr show)
  printf '%s\n' "$mrc_hosts_addresses" | while read -r _ mrc_hosts_dev _ mrc_hosts_addr _; do
    if [ -n "$mrc_hosts_addr" ]; then
      printf 'address %s %s\n' "${mrc_hosts_dev%%@*}" "$mrc_hosts_addr"
    fi
  done
  echo end
}

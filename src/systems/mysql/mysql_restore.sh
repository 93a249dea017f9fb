# What a started slave's unit does, without a password.

# mrc_mysql_restore NAME ADDRESS MASTER_ADDRESS: a connection that the slave made before it had its address is
# dead since, and still says Yes for ten seconds. It is ended, so that the slave makes a new one at once; where
# the host cannot do that, the ten seconds pass.
mrc_mysql_restore() {
  mrc_mysql_pid=$(docker container inspect --format '{{.State.Pid}}' "$1")
  [ "$mrc_mysql_pid" != 0 ] || mrc_die "the container $1 does not run"
  nsenter -t "$mrc_mysql_pid" -n ss -K -tn state connected dst "$3" dport = :3306 and not src "$2" \
    >/dev/null 2>&1 || :
}

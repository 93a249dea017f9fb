# shellcheck shell=sh disable=SC2154 # some variables are set by the functions of mysql.sh and dialect.sh
# Another password of root, where servers have the one before: see mrc_mysql_former; and from where root may come.

# mrc_mysql_takes NAME ROOT_FILE: the server lets root in with this password itself.
mrc_mysql_takes() (
  mrc_mysql_wanted=
  echo 'SELECT 1' | mrc_mysql "$1" root "$2" -N >/dev/null
)

# mrc_mysql_refuses NAME ROOT_FILE: it certainly does not.
mrc_mysql_refuses() {
  ! mrc_mysql_takes "$1" "$2" 2>"$MRC_D/takes.err" && grep -q '^ERROR 1045' "$MRC_D/takes.err"
}

# mrc_mysql_root_hosts_sql ROOT_HOST: from where root may come. This script's own way in is the last, so that whatever
# ends it before the next one begins anew.
mrc_mysql_root_hosts_sql() {
  printf "SELECT Host FROM mysql.user WHERE User = 'root' AND Host IN ('localhost', '%s') ORDER BY Host = 'localhost'\n" "$1"
}

# mrc_mysql_root_password_sql ROOT_FILE <HOSTS: root's password for each of them. A slave that lacks one does not stop
# at its statement.
mrc_mysql_root_password_sql() {
  while IFS= read -r mrc_mysql_root_host; do
    mrc_mysql_root_sets_sql "$mrc_say_root_password" "$mrc_mysql_root_host" "$1"
  done
}

# mrc_mysql_root_sets_sql STATEMENT HOST ROOT_FILE
mrc_mysql_root_sets_sql() {
  printf "%s 'root'@'%s' " "$1" "$2"
  mrc_mysql_identified "$3"
  printf ';\n'
}

# mrc_mysql_root_password NAME ROOT_FILE ROOT_HOST: on the master; slaves get it by replication, and its plugin. Asked
# first: each statement is a transaction for all slaves, even one that changes nothing.
mrc_mysql_root_password() {
  mrc_mysql_meet "$1" "$2"
  mrc_mysql_old=$(mrc_mysql_native "$1" "$2" root localhost "$3")
  if [ "$mrc_mysql_old" = 0 ] && mrc_mysql_takes "$1" "$2" 2>/dev/null; then return 0; fi
  mrc_mysql_root_hosts_sql "$3" | mrc_mysql "$1" root "$2" -N >"$MRC_D/roots"
  mrc_mysql_root_password_sql "$2" <"$MRC_D/roots" | mrc_mysql "$1" root "$2"
  mrc_mysql_takes "$1" "$2"
}

# mrc_mysql_root_comes NAME ROOT_FILE: the slave has got it, by replication and by nothing else.
mrc_mysql_root_comes() {
  mrc_wait 120 "the new password of root in $1" mrc_mysql_root_settled "$1" "$2" || :
  if mrc_mysql_takes "$1" "$2" 2>/dev/null; then return 0; fi
  mrc_evidence "its replication" mrc_mysql_threads "$1" "$2"
  mrc_mend "see why $1 does not get it, as by its option replicate_ignore_db; what a slave is to have is written on its master"
  mrc_die "$1 has not got the new password of root from its master; it still has the one before"
}

# It has come, or a thread has stopped, without which it never will.
mrc_mysql_root_settled() {
  if mrc_mysql_takes "$1" "$2" 2>"$MRC_D/takes.err"; then return 0; fi
  grep -q '^ERROR 1045' "$MRC_D/takes.err" || { cat "$MRC_D/takes.err"; return 1; }
  mrc_mysql_io=Connecting mrc_mysql_applier=Yes
  if ! mrc_mysql_threads "$1" "$2" >"$MRC_D/why"; then
    case "$mrc_mysql_io $mrc_mysql_applier" in *No* | ' ') return 0 ;; esac
  fi
  echo "it still has the one before"
  return 1
}

# Root's accounts for other hosts than the server's own, a line each, and whether it may grant there what it has.
mrc_mysql_outside_sql() {
  echo "SELECT Host, Grant_priv FROM mysql.user WHERE User = 'root' AND Host NOT IN ('localhost', '127.0.0.1', '::1') ORDER BY Host;"
}

# mrc_mysql_outside NAME ROOT_FILE ROOT_HOST: what of them is not as the file has it, a host each. `%` is told when it
# is wanted and not there, or half-made.
mrc_mysql_outside() {
  mrc_mysql_outside_sql | mrc_mysql "$1" root "$2" -N >"$MRC_D/outside" || return 1
  if [ "$3" = localhost ]; then
    cut -f 1 "$MRC_D/outside"
  elif ! grep -qx '%	Y' "$MRC_D/outside"; then
    echo '%'
  fi
}

# mrc_mysql_root_let_in_sql ROOT_FILE: root from anywhere, with its password. A slave may have such an account of its
# own and does not stop at that.
mrc_mysql_root_let_in_sql() {
  if [ "$mrc_say_new_user" = 'CREATE USER' ]; then mrc_mysql_root_sets_sql 'CREATE USER IF NOT EXISTS' % "$1"; fi
  mrc_mysql_root_sets_sql "$mrc_say_root_password" % "$1"
  echo "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;"
}

# mrc_mysql_root_keep_out_sql ROOT_FILE <HOSTS: no root from there. Where a slave would stop at an account that it
# lacks, it is given one first.
mrc_mysql_root_keep_out_sql() {
  while IFS= read -r mrc_mysql_root_host; do
    if [ "$mrc_say_drop" = 'DROP USER' ]; then
      mrc_mysql_root_sets_sql "$mrc_say_root_password" "$mrc_mysql_root_host" "$1"
    fi
    printf "%s 'root'@'%s';\n" "$mrc_say_drop" "$mrc_mysql_root_host"
  done
}

# mrc_mysql_root_from NAME ROOT_FILE ROOT_HOST: from where root may come, on the master; slaves get it by replication.
# Asked first, as for its password.
mrc_mysql_root_from() {
  mrc_mysql_meet "$1" "$2"
  mrc_mysql_outside "$1" "$2" "$3" >"$MRC_D/roots"
  [ -s "$MRC_D/roots" ] || return 0
  if [ "$3" != localhost ]; then
    mrc_mysql_root_let_in_sql "$2" | mrc_mysql "$1" root "$2"
    return
  fi
  mrc_mysql_who=$(echo 'SELECT CURRENT_USER()' | mrc_mysql "$1" root "$2" -N)
  if [ "$mrc_mysql_who" != root@localhost ]; then
    mrc_mend "make that account in $1, with root's password and all privileges with GRANT OPTION, and apply again"
    mrc_die "$1 has no root@localhost: without $mrc_mysql_who nobody could come in any more"
  fi
  mrc_mysql_defined_sql | mrc_mysql "$1" root "$2" -N >"$MRC_D/defined"
  while IFS= read -r mrc_mysql_root_host; do
    mrc_mysql_count=$(grep -cxF "root@$mrc_mysql_root_host" "$MRC_D/defined" || :)
    [ "$mrc_mysql_count" -gt 0 ] || continue
    mrc_mend "give them another: SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEWS WHERE DEFINER = 'root@$mrc_mysql_root_host', and so on"
    mrc_die "$mrc_mysql_count views, routines, triggers or events in $1 have root@'$mrc_mysql_root_host' as their definer, and would fail without it"
  done <"$MRC_D/roots"
  mrc_mysql_root_keep_out_sql "$2" <"$MRC_D/roots" | mrc_mysql "$1" root "$2"
}

# The definers of what runs with their privileges.
mrc_mysql_defined_sql() {
  for mrc_mysql_kind in VIEWS ROUTINES TRIGGERS EVENTS; do
    echo "SELECT DEFINER FROM information_schema.$mrc_mysql_kind WHERE DEFINER LIKE 'root@%';"
  done
}

# mrc_mysql_root_comes_from NAME ROOT_FILE ROOT_HOST: it is so, in this server.
mrc_mysql_root_comes_from() {
  mrc_mysql_outside "$1" "$2" "$3" >"$MRC_D/roots"
  [ -s "$MRC_D/roots" ] || return 0
  if [ "$3" = localhost ]; then
    mrc_die "root may come from elsewhere: $(sed "s/.*/root@'&'/" "$MRC_D/roots" | tr '\n' ' ')"
  fi
  mrc_die "root may not come from everywhere: root@'%' is not there, or may not grant"
}

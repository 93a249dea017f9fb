# shellcheck shell=sh disable=SC2154 # some variables are set by the functions of mysql.sh and dialect.sh
# Another password of root, where servers have the one before: see mrc_mysql_former.

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
    printf "%s 'root'@'%s' " "$mrc_say_root_password" "$mrc_mysql_root_host"
    mrc_mysql_identified "$1"
    printf ';\n'
  done
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

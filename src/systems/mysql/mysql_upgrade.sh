# shellcheck shell=sh disable=SC2154 # some variables are set by the functions of mysql.sh and dialect.sh
# What a server's data had before, and whether the next one takes them.

mrc_mysql_began=$(date +%s) # this script

# mrc_mysql_compare NAME DATA: the server in the image, which mrc_mysql_check_options has just asked, is not older
# than the one that had these data last: servers refuse newer data or ruin them. $mrc_mysql_had is that one's
# version, $mrc_mysql_newer says whether another series begins.
mrc_mysql_compare() {
  mrc_mysql_had=$(cat "$2/mrc.version" 2>/dev/null ||
    docker exec "$1" sh -c 'mysqld --version || mariadbd --version' 2>/dev/null || :)
  mrc_mysql_newer=
  [ -n "$mrc_mysql_had" ] || return 0
  # Known while its container is there to be asked; from here on, whatever happens to that.
  if [ ! -e "$2/mrc.version" ]; then
    (mrc_mysql_speak "$mrc_mysql_had" && mrc_mysql_newer='' && mrc_mysql_served "$2")
  fi
  mrc_mysql_had_at=$(mrc_mysql_speak "$mrc_mysql_had" && echo "$mrc_say_at")
  mrc_mysql_had=${mrc_mysql_had##*Ver } && mrc_mysql_had=${mrc_mysql_had%%[!0-9.]*}
  if [ "$((mrc_say_at / 1000))" -gt "$((mrc_mysql_had_at / 1000))" ]; then mrc_mysql_newer=yes; fi
  [ "$mrc_say_at" -lt "$mrc_mysql_had_at" ] || return 0
  # A series takes its own later data back, but for 8.0.
  if [ "$((mrc_say_at / 1000))" = "$((mrc_mysql_had_at / 1000))" ] && [ "$((mrc_say_at / 1000))" != 8000 ]; then return 0; fi
  mrc_mysql_way_back "$1" "$2"
  mrc_mend "give the file an image of $mrc_mysql_had or newer; or, with the container stopped, $mrc_mysql_back"
  mrc_die "the data of $1 have been served by $mrc_mysql_had; the server in the image is $mrc_say_number and would not take them"
}

# mrc_mysql_way_back NAME DATA: what is to be done for an older server, in $mrc_mysql_back.
mrc_mysql_way_back() {
  mrc_mysql_back="put back an older copy of $2"
  [ -e "$2/mrc.version-before" ] || return 0
  mrc_mysql_back="mv $2/mrc.version-before $2/mrc.version if the log of $1 says that it refused the data or gave them back as they were: $mrc_mysql_had has not been seen to answer, and before it they were served by $(cat "$2/mrc.version-before"); else $mrc_mysql_back"
}

# mrc_mysql_keep DATA: while no server runs, what mrc_mysql_compare found to be of an older series is copied beside.
# Each attempt makes a copy of its own: whether an older one is of these data, nobody knows.
mrc_mysql_keep() {
  rm -rf "$1.mrc-kept"
  [ "$mrc_mysql_newer" = yes ] || return 0
  mrc_mysql_kept=$1.mrc-kept-$mrc_mysql_had-$(date -u +%Y%m%dT%H%M%SZ)
  # At once where the file system can, and cp knows the word.
  cp -a --reflink=auto "$1" "$1.mrc-kept" 2>/dev/null || {
    rm -rf "$1.mrc-kept"
    cp -a "$1" "$1.mrc-kept"
  }
  sync
  mv -T "$1.mrc-kept" "$mrc_mysql_kept"
  mrc_note "the data as $mrc_mysql_had had them are in $mrc_mysql_kept"
}

# mrc_mysql_room DATA planned|unplanned: for what mrc_mysql_keep copies, when the plan says that it does.
mrc_mysql_room() {
  [ "$mrc_mysql_newer" = yes ] || return 0
  if [ "$2" != planned ]; then
    mrc_mend "write mysql.version: \"$mrc_say_number\" and apply again"
    mrc_die "the plan has no copy of $1, as it took the image for an older server than $mrc_say_number"
  fi
  mrc_mysql_needs=$(du -sk "$1" | cut -f 1)
  mrc_mysql_free=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
  [ "$mrc_mysql_free" -le "$((mrc_mysql_needs + mrc_mysql_needs / 10))" ] || return 0
  mrc_mend "make room on the disk of $1, or set mysql.copy_before_upgrade to false"
  mrc_die "no room for a copy of $1: it has $((mrc_mysql_needs / 1024)) MB, and $((mrc_mysql_free / 1024)) MB are free"
}

# mrc_mysql_served DATA: the server in the image has these data from now on. A file among them, so that whoever puts
# back an older copy puts back its version too. Another marks them until mrc_mysql_tables is done, and one more keeps the
# version before until mrc_mysql_taken: a server may refuse the data, or give them back as they were.
mrc_mysql_served() {
  if [ "$mrc_mysql_newer" = yes ] && [ -n "$mrc_say_tables" ]; then
    echo "$mrc_mysql_had" >"$MRC_D/upgrade"
    mrc_put "$MRC_D/upgrade" "$1/mrc.upgrade" 0644
  fi
  case $mrc_say_name in
    MariaDB*) echo "$mrc_say_number-MariaDB" ;;
    *) echo "$mrc_say_number" ;;
  esac >"$MRC_D/version"
  if [ -e "$1/mrc.version" ] && [ ! -e "$1/mrc.version-before" ] && ! cmp -s "$MRC_D/version" "$1/mrc.version"; then
    mrc_put "$1/mrc.version" "$1/mrc.version-before" 0644
  fi
  mrc_put "$MRC_D/version" "$1/mrc.version" 0644
}

# mrc_mysql_taken NAME ROOT_FILE DATA SECONDS: the server answers, and these data are its own. Where another one had them, it
# may have to make the system tables anew first, and has SECONDS from the script's beginning on.
mrc_mysql_taken() {
  mrc_mysql_limit=300
  if [ -e "$3/mrc.version-before" ]; then mrc_mysql_limit=$((mrc_mysql_began + $4 - $(date +%s))); fi
  mrc_mysql_wait "$1" "$2" "$mrc_mysql_limit"
  rm -f "$3/mrc.version-before"
}

# mrc_mysql_tables NAME ROOT_FILE DATA [DEPLOYMENT ADDRESS]: the tool of the server, where its series needs it, makes the
# system tables that it expects. Nothing of this is logged, so no slave hears of it. ADDRESS: see mrc_mysql_reread.
mrc_mysql_tables() {
  [ -e "$3/mrc.upgrade" ] || return 0
  mrc_mysql_meet "$1" "$2"
  # An older one was to have them, and has refused them.
  if [ -z "$mrc_say_tables" ]; then
    rm -f "$3/mrc.upgrade"
    return 0
  fi
  mrc_mysql_pass=$2
  if [ -n "${mrc_mysql_before:-}" ] && mrc_mysql_refuses "$1" "$2"; then mrc_mysql_pass=$mrc_mysql_before; fi
  if [ "$mrc_say_tables" != root ]; then
    mrc_mysql_pass=$MRC_D/upgrade-password
    (umask 077 && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$mrc_mysql_pass")
    {
      echo "SET SESSION sql_log_bin=0; DROP USER IF EXISTS '$mrc_say_tables'@localhost;"
      printf "CREATE USER '%s'@localhost IDENTIFIED BY '%s';\n" "$mrc_say_tables" "$(cat "$mrc_mysql_pass")"
      echo "GRANT ALL PRIVILEGES ON *.* TO '$mrc_say_tables'@localhost WITH GRANT OPTION;"
    } | mrc_mysql "$1" root "$2"
  fi
  # It keeps root out too, where there is one.
  mrc_mysql_closed=
  if [ "$mrc_say_tables" = root ] && [ "$mrc_say_at" -ge 5007000 ]; then
    mrc_mysql_closed=$(echo 'SELECT @@GLOBAL.super_read_only' | mrc_mysql "$1" root "$2" -N)
  fi
  if [ "$mrc_mysql_closed" = 1 ]; then
    echo 'SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON' | mrc_mysql "$1" root "$2"
  fi
  # shellcheck disable=SC2016 # the container's own shell
  mrc_mysql_option "$mrc_mysql_pass" | docker exec -i "$1" sh -c '
    umask 077
    f=$(mktemp) || exit 1
    trap "rm -f \"$f\"" EXIT
    IFS= read -r line
    printf "[client]\n%s\n" "$line" >"$f"
    tool=mysql_upgrade
    command -v "$tool" >/dev/null || tool=mariadb-upgrade
    # Some end as if it failed where an attempt that was cut off had come to its end.
    "$tool" --defaults-extra-file="$f" --user="$1" --force' sh "$mrc_say_tables" >"$MRC_D/tables" 2>&1 || {
    mrc_evidence "last words of mysql_upgrade" tail -n 20 "$MRC_D/tables"
    mrc_die "the system tables of $1 could not be brought up to date: $(tail -n 1 "$MRC_D/tables")"
  }
  if [ "$mrc_mysql_closed" = 1 ]; then echo 'SET GLOBAL super_read_only=ON' | mrc_mysql "$1" root "$2"; fi
  if [ "$mrc_say_tables" != root ]; then
    echo "SET SESSION sql_log_bin=0; DROP USER IF EXISTS '$mrc_say_tables'@localhost;" | mrc_mysql "$1" root "$2"
  else
    mrc_mysql_reread "$1" "$2" "${4:-}" "${5:-}"
  fi
  rm -f "$3/mrc.upgrade"
}

# mrc_mysql_reread NAME ROOT_FILE DEPLOYMENT ADDRESS: MySQL reads its channels' tables, and takes up new ones of the
# performance schema, as it starts. An ADDRESS that the container has it gets back from its unit; empty: it has none yet.
mrc_mysql_reread() {
  if [ -n "$4" ]; then
    mrc_mysql_halt "$3" "$1"
    mrc_mysql_resume "$3" "$1" "$2" "$4"
  else
    docker restart -t 120 "$1" >/dev/null
    mrc_mysql_wait "$1" "$2" 300
  fi
}

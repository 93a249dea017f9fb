# What each generation of servers calls things: one row each, which says what changed with it. All
# statements are these; the row is chosen by the version that the server itself reports.

# mrc_mysql_speak VERSION: sets $mrc_say_*, of a text as SELECT VERSION() or mysqld --version gives.
mrc_mysql_speak() {
  mrc_say_number=${1##*Ver }
  mrc_say_number=${mrc_say_number%%[!0-9.]*}
  mrc_say_major=${mrc_say_number%%.*}
  mrc_say_minor=${mrc_say_number#*.}
  mrc_say_patch=${mrc_say_minor#*.}
  mrc_say_minor=${mrc_say_minor%%.*}
  case $mrc_say_number in
    *.*.*) mrc_say_at=$((mrc_say_major * 1000000 + mrc_say_minor * 1000 + ${mrc_say_patch%%.*})) ;;
    *) mrc_die "which server this is cannot be told from its version: $1" ;;
  esac
  case $1 in
    *MariaDB*) mrc_mysql_speak_mariadb "$1" ;;
    *) mrc_mysql_speak_mysql "$1" ;;
  esac
}

mrc_mysql_speak_mysql() {
  [ "$mrc_say_at" -ge 5006000 ] || mrc_die "the server is older than what mrc speaks: $1"

  mrc_say_name='MySQL 5.6'
  mrc_say_slave=SLAVE mrc_say_source=MASTER
  mrc_say_change='CHANGE MASTER TO'
  mrc_say_position='MASTER_AUTO_POSITION=1'
  mrc_say_retries='MASTER_RETRY_COUNT=86400, '
  mrc_say_demote=
  mrc_say_key=   # whether a channel can be told to get the server's key
  mrc_say_status='SHOW SLAVE STATUS' mrc_say_applied=
  mrc_say_listeners='SHOW SLAVE HOSTS'
  mrc_say_channel='table'   # where the channel's password is
  mrc_say_own_channel=   # which row there is of mrc's channel, where there may be others
  mrc_say_gtids=uuids
  mrc_say_executed="REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"
  mrc_say_purged="REPLACE(@@GLOBAL.gtid_purged, '\\n', '')"
  mrc_say_waited="WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS('%s', %s) >= 0"
  mrc_say_heartbeats="SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='SLAVE_RECEIVED_HEARTBEATS'"
  mrc_say_applier=   # what stopped an applier, where that is not in the status
  mrc_say_heard=NULL   # seconds since something came from the master, where that is told
  # One statement makes an account or sets its password; ALTER USER knows no passwords.
  mrc_say_new_user='GRANT USAGE ON *.* TO' mrc_say_password='GRANT USAGE ON *.* TO'
  mrc_say_root_password='GRANT USAGE ON *.* TO'   # as a slave may take it that has not this account
  mrc_say_drop='DROP USER'   # a slave that has not this account stops at it
  mrc_say_secret='literal'
  mrc_say_anonymous="DELETE FROM mysql.user WHERE User = ''; FLUSH PRIVILEGES;"
  mrc_say_copy=dump   # how a slave gets a copy of its master, and what an account must be allowed for it
  mrc_say_copier='SELECT, RELOAD, PROCESS, REPLICATION CLIENT, SHOW VIEW, EVENT, TRIGGER, LOCK TABLES'
  mrc_say_events=mysql.event   # where they are asked about: the other view ends with an error until a server whose tables were older starts again
  mrc_say_disable='DISABLE ON SLAVE'   # an event that runs on the master alone
  mrc_say_tables=root   # as whom a tool makes the system tables of a newer server; empty: the server itself does
  mrc_say_tls=   # what the client must be told to have TLS; 5.6's would need files
  mrc_say_plugin=   # by what an account proves its password, where that has to be said
  mrc_say_native=yes   # whether the plugin of before goes with a later server
  mrc_say_begun=counted   # whether a transaction counts as received when only its beginning is

  [ "$mrc_say_at" -ge 5007000 ] || return 0
  mrc_say_name='MySQL 5.7'
  mrc_say_status="SHOW SLAVE STATUS FOR CHANNEL ''"   # there may be others, which are not mrc's
  mrc_say_own_channel=" WHERE Channel_name=''"
  mrc_say_waited="WAIT_FOR_EXECUTED_GTID_SET('%s', %s) = 0"
  mrc_say_applier="SELECT SUBSTRING_INDEX(LAST_ERROR_MESSAGE, ' Query: ', 1) FROM performance_schema.replication_applier_status_by_worker WHERE LAST_ERROR_NUMBER <> 0 LIMIT 1"
  mrc_say_heartbeats="SELECT COUNT_RECEIVED_HEARTBEATS FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME=''"
  mrc_say_new_user='CREATE USER' mrc_say_password='ALTER USER' mrc_say_root_password='ALTER USER IF EXISTS'
  mrc_say_drop='DROP USER IF EXISTS'
  mrc_say_anonymous=
  mrc_say_begun=

  [ "$mrc_say_at" -ge 8000000 ] || return 0
  mrc_say_name='MySQL 8.0'
  mrc_say_key=yes
  mrc_say_plugin=caching_sha2_password   # whatever an option says: 9.0 has no other
  mrc_say_events=information_schema.EVENTS
  mrc_say_heard="(SELECT TIMESTAMPDIFF(SECOND, GREATEST(LAST_HEARTBEAT_TIMESTAMP, LAST_QUEUED_TRANSACTION_END_QUEUE_TIMESTAMP), NOW()) FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME='')"

  [ "$mrc_say_at" -ge 8000016 ] || return 0
  mrc_say_tables=

  [ "$mrc_say_at" -ge 8000017 ] || return 0
  mrc_say_copy=clone
  mrc_say_copier="$mrc_say_copier, BACKUP_ADMIN"

  [ "$mrc_say_at" -ge 8000023 ] || return 0
  mrc_say_slave=REPLICA mrc_say_source=SOURCE
  mrc_say_change='CHANGE REPLICATION SOURCE TO'
  mrc_say_position='SOURCE_AUTO_POSITION=1'
  mrc_say_retries='SOURCE_RETRY_COUNT=86400, '
  mrc_say_status="SHOW REPLICA STATUS FOR CHANNEL ''"
  mrc_say_listeners='SHOW REPLICAS'

  [ "$mrc_say_at" -ge 8002000 ] || return 0
  mrc_say_name='MySQL 8.4'
  mrc_say_disable='DISABLE ON REPLICA'

  [ "$mrc_say_at" -ge 9000000 ] || return 0
  mrc_say_name='MySQL 9'
}

mrc_mysql_speak_mariadb() {
  [ "$mrc_say_at" -ge 10010000 ] || mrc_die "the server is older than what mrc speaks: $1"

  mrc_say_name='MariaDB 10'
  mrc_say_slave=SLAVE mrc_say_source=MASTER
  mrc_say_change='CHANGE MASTER TO'
  mrc_say_position='MASTER_USE_GTID=slave_pos'
  mrc_say_retries=   # an option of the server
  mrc_say_demote='MASTER_DEMOTE_TO_SLAVE=1, '   # what it wrote as a master counts as had
  mrc_say_key=
  mrc_say_status='SHOW SLAVE STATUS' mrc_say_applied='SELECT @@GLOBAL.gtid_slave_pos AS Executed_Gtid_Set'
  mrc_say_listeners='SHOW SLAVE HOSTS'
  mrc_say_channel='file'
  mrc_say_gtids=positions
  mrc_say_executed='@@GLOBAL.gtid_current_pos'
  mrc_say_purged="''"   # the server's own host can tell: mrc_mysql_purged_sql
  mrc_say_waited="MASTER_GTID_WAIT('%s', %s) = 0"
  mrc_say_heartbeats="SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='SLAVE_RECEIVED_HEARTBEATS'"
  mrc_say_applier=   # what stopped an applier, where that is not in the status
  mrc_say_heard=NULL   # seconds since something came from the master, where that is told
  mrc_say_new_user='CREATE USER' mrc_say_password='ALTER USER' mrc_say_root_password='ALTER USER IF EXISTS'
  mrc_say_drop='DROP USER IF EXISTS'
  mrc_say_secret='hash'   # a password would stand in the binary log
  mrc_say_anonymous=
  mrc_say_copy=dump
  mrc_say_copier='SELECT, RELOAD, PROCESS, REPLICATION CLIENT, SHOW VIEW, EVENT, TRIGGER, LOCK TABLES'
  mrc_say_events=mysql.event   # where they are asked about: the other view ends with an error until a server whose tables were older starts again
  mrc_say_disable='DISABLE ON SLAVE'
  mrc_say_tables=mrc_upgrade   # the tool hands a password on that must have no odd characters
  mrc_say_tls=--ssl
  mrc_say_plugin=
  mrc_say_native=
  mrc_say_begun=

  [ "$mrc_say_at" -ge 11004000 ] || return 0
  mrc_say_name='MariaDB 11'
}

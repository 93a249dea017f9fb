list(APPEND MRC_SYSTEMS_SOURCES
  mysql/authentication.cpp mysql/checks.cpp mysql/client.cpp mysql/container.cpp mysql/desired.cpp mysql/dialect.cpp
  mysql/events.cpp mysql/failover.cpp
  mysql/faults.cpp mysql/filters.cpp mysql/former.cpp mysql/gtid.cpp mysql/maker.cpp mysql/mysql.cpp mysql/obstacles.cpp
  mysql/probe.cpp mysql/provision.cpp mysql/records.cpp mysql/replication.cpp mysql/root.cpp mysql/scripts.cpp mysql/standing.cpp
  mysql/status.cpp mysql/steps.cpp mysql/succession.cpp mysql/switchover.cpp mysql/teardown.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS
  mysql/dialect.sh mysql/mysql.sh mysql/mysql_account.sh mysql/mysql_birth.sh mysql/mysql_client.sh
  mysql/mysql_container.sh mysql/mysql_copy.sh mysql/mysql_failover.sh mysql/mysql_probe.sh mysql/mysql_replica.sh
  mysql/mysql_restore.sh mysql/mysql_root.sh mysql/mysql_switch.sh mysql/mysql_upgrade.sh)

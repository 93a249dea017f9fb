list(APPEND MRC_SYSTEMS_SOURCES
  mysql/checks.cpp mysql/desired.cpp mysql/gtid.cpp mysql/mysql.cpp mysql/probe.cpp mysql/status.cpp
  mysql/steps.cpp mysql/teardown.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS mysql/mysql.sh)

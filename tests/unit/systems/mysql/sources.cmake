list(APPEND MRC_SYSTEMS_TESTS mysql/authentication_test.cpp mysql/birth_script_test.cpp mysql/checks_test.cpp mysql/container_test.cpp
  mysql/copy_script_test.cpp mysql/dialect_test.cpp mysql/events_test.cpp mysql/filters_test.cpp
  mysql/failover_script_test.cpp mysql/failover_test.cpp mysql/faults_test.cpp mysql/provision_test.cpp
  mysql/removal_test.cpp mysql/root_script_test.cpp mysql/root_test.cpp mysql/script_test.cpp mysql/status_test.cpp mysql/steps_test.cpp mysql/switchover_test.cpp mysql/teardown_test.cpp
  mysql/upgrade_script_test.cpp)

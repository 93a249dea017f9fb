list(APPEND MRC_SYSTEMS_TESTS
  calico/keeper_test.cpp
  calico/passages_test.cpp
  calico/v0_changes_test.cpp
  calico/v0_checks_test.cpp
  calico/v0_cluster_test.cpp
  calico/v0_endpoints_test.cpp
  calico/v0_preflight_test.cpp
  calico/v0_probe_test.cpp
  calico/v0_script_test.cpp
  calico/v0_status_test.cpp
  calico/v0_steps_test.cpp
  calico/v0_table_test.cpp
  calico/v0_teardown_test.cpp
  calico/v3_findings_test.cpp
  calico/v3_reading_test.cpp
  calico/v3_script_test.cpp
  calico/v3_steps_test.cpp)

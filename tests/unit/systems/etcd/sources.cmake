list(APPEND MRC_SYSTEMS_TESTS
  etcd/checks_test.cpp etcd/desired_test.cpp etcd/foreign_test.cpp
  etcd/membership_test.cpp etcd/package_script_test.cpp etcd/sharing_test.cpp etcd/status_test.cpp etcd/steps_test.cpp
  etcd/teardown_test.cpp)

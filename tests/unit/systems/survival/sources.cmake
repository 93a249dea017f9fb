list(APPEND MRC_SYSTEMS_TESTS
  survival/keep_test.cpp survival/status_test.cpp survival/steps_test.cpp)

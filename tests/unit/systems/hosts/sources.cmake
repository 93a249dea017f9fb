list(APPEND MRC_SYSTEMS_TESTS hosts/facts_test.cpp hosts/preflight_test.cpp hosts/status_test.cpp hosts/steps_test.cpp)

list(APPEND MRC_SYSTEMS_TESTS dnat/rule_test.cpp dnat/script_test.cpp dnat/status_test.cpp dnat/steps_test.cpp)

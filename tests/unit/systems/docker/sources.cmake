list(APPEND MRC_SYSTEMS_TESTS docker/docker_test.cpp)

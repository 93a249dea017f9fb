list(APPEND MRC_SYSTEMS_SOURCES
  docker/docker.cpp docker/preflight.cpp docker/probe.cpp docker/status.cpp docker/steps.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS docker/docker.sh)

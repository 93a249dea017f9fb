list(APPEND MRC_SYSTEMS_SOURCES
  dnat/checks.cpp dnat/desired.cpp dnat/dnat.cpp dnat/preflight.cpp dnat/probe.cpp dnat/rule.cpp
  dnat/status.cpp dnat/steps.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS dnat/dnat.sh)

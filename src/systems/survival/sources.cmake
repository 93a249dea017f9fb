list(APPEND MRC_SYSTEMS_SOURCES
  survival/checks.cpp survival/desired.cpp survival/preflight.cpp survival/probe.cpp
  survival/status.cpp survival/steps.cpp survival/survival.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS survival/survival.sh survival/survival_keep.sh)

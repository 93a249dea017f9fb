# facts.cpp: how the probes of hosts, docker, etcd and dnat are read.
list(APPEND MRC_SYSTEMS_SOURCES
  facts.cpp hosts/hosts.cpp hosts/preflight.cpp hosts/probe.cpp hosts/status.cpp hosts/steps.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS hosts/hosts.sh)

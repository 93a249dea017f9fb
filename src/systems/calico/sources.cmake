list(APPEND MRC_SYSTEMS_SOURCES
  calico/calico.cpp
  calico/v0/checks.cpp
  calico/v0/claims.cpp
  calico/v0/cluster.cpp
  calico/v0/desired.cpp
  calico/v0/driver.cpp
  calico/v0/endpoints.cpp
  calico/v0/node.cpp
  calico/v0/preflight.cpp
  calico/v0/probe.cpp
  calico/v0/scripts.cpp
  calico/v0/steps.cpp
  calico/v0/table.cpp
  calico/v0/teardown.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS
  calico/v0/calico_v0.sh
  calico/v0/calico_v0_endpoint.sh
  calico/v0/calico_v0_etcd.sh
  calico/v0/calico_v0_gone.sh
  calico/v0/calico_v0_probe.sh)

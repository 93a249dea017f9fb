list(APPEND MRC_SYSTEMS_SOURCES
  etcd/checks.cpp etcd/desired.cpp etcd/etcd.cpp etcd/foreign.cpp etcd/membership.cpp
  etcd/preflight.cpp etcd/probe.cpp etcd/scene.cpp etcd/sharing.cpp etcd/status.cpp etcd/steps.cpp
  etcd/teardown.cpp)
list(APPEND MRC_SYSTEMS_SCRIPTS
  etcd/etcd_member.sh etcd/etcd_package.sh etcd/etcd_probe.sh etcd/etcd_unit.sh)

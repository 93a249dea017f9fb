#include "mrc/systems/registry.hpp"

#include "mrc/systems/failover.hpp"
#include "systems/calico/calico.hpp"
#include "systems/dnat/dnat.hpp"
#include "systems/docker/docker.hpp"
#include "systems/etcd/etcd.hpp"
#include "systems/hosts/hosts.hpp"
#include "systems/mysql/mysql.hpp"
#include "systems/survival/survival.hpp"

namespace mrc::systems {

std::vector<std::unique_ptr<System>> make_systems(const Inputs& inputs) {
  std::vector<std::unique_ptr<System>> all;
  all.push_back(make_hosts(inputs));
  all.push_back(make_docker(inputs));
  all.push_back(make_etcd(inputs));
  all.push_back(make_calico(inputs));
  all.push_back(make_mysql(inputs));
  all.push_back(make_dnat(inputs));
  all.push_back(make_survival(inputs, all));
  return all;
}

std::vector<std::unique_ptr<System>> make_servers(const Inputs& inputs) {
  std::vector<std::unique_ptr<System>> some;
  some.push_back(make_mysql(inputs));
  some.push_back(make_dnat(inputs));
  return some;
}

}  // namespace mrc::systems

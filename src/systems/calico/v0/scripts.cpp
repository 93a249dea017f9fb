#include "systems/calico/v0/scripts.hpp"

#include "calico_v0.sh.hpp"
#include "calico_v0_endpoint.sh.hpp"
#include "calico_v0_etcd.sh.hpp"
#include "calico_v0_gone.sh.hpp"

namespace mrc::systems::calico::v0 {

shell::Script ask_script(const Desired& want) {
  shell::Script script;
  script.use(embedded::calico_v0_sh)
      .use(embedded::calico_v0_etcd_sh)
      .line("mrc_calico_endpoints={}", want.endpoints);
  return script;
}

shell::Script make_script(const Desired& want) {
  auto script = ask_script(want);
  script.use(embedded::calico_v0_endpoint_sh).line("mrc_calico_name={}", want.deployment);
  return script;
}

shell::Script gone_script(const Desired& want, bool etcd_goes) {
  auto script = make_script(want);
  script.use(embedded::calico_v0_gone_sh)
      .line("mrc_calico_etcd_goes={}", etcd_goes ? "yes" : "no")
      .line("mrc_calico_ipip={}", want.ipip ? "yes" : "");
  return script;
}

}  // namespace mrc::systems::calico::v0

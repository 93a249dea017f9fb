#include "systems/calico/v3/scripts.hpp"

#include "calico_v3.sh.hpp"
#include "calico_v3_endpoint.sh.hpp"
#include "calico_v3_etcd.sh.hpp"
#include "calico_v3_gone.sh.hpp"

namespace mrc::systems::calico::v3 {

shell::Script ask_script(const Desired& want) {
  shell::Script script;
  script.use(embedded::calico_v3_sh)
      .use(embedded::calico_v3_etcd_sh)
      .line("mrc_calico3_endpoints={}", want.endpoints);
  return script;
}

shell::Script make_script(const Desired& want) {
  auto script = ask_script(want);
  script.use(embedded::calico_v3_endpoint_sh)
      .line("mrc_calico3_name={}", want.deployment)
      .line("mrc_calico3_mtu={}", want.mtu == 0 ? "" : fmt::format("{}", want.mtu));
  return script;
}

shell::Script gone_script(const Desired& want, bool etcd_goes) {
  auto script = make_script(want);
  script.use(embedded::calico_v3_gone_sh)
      .line("mrc_calico3_etcd_goes={}", etcd_goes ? "yes" : "no")
      .line("mrc_calico3_ipip={}", want.pool.ipip == "Never" ? "" : "yes");
  return script;
}

}  // namespace mrc::systems::calico::v3

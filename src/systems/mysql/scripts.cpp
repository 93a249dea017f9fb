#include "systems/mysql/scripts.hpp"

#include "dialect.sh.hpp"
#include "mysql.sh.hpp"
#include "mysql_account.sh.hpp"
#include "mysql_birth.sh.hpp"
#include "mysql_container.sh.hpp"
#include "mysql_probe.sh.hpp"
#include "mysql_replica.sh.hpp"
#include "mysql_root.sh.hpp"

namespace mrc::systems::mysql {

shell::Script& use_mysql(shell::Script& script) {
  return script.use(embedded::dialect_sh)
      .use(embedded::mysql_sh)
      .use(embedded::mysql_birth_sh)
      .use(embedded::mysql_container_sh)
      .use(embedded::mysql_replica_sh)
      .use(embedded::mysql_probe_sh)
      .use(embedded::mysql_account_sh)
      .use(embedded::mysql_root_sh);
}

}  // namespace mrc::systems::mysql

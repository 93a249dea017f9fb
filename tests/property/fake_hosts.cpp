#include "property/shell.hpp"

namespace mrc::test::property {

void teach_hosts(Functions& functions) {
  functions["mrc_hosts_probe"] = [](Call& call) {
    call.out = fmt::format(
        "clock ms 1767323045000\nhostname {}\nuid 0\nboot boot-of-{}\nnetns net:[{}]\n"
        "os Debian GNU/Linux 12 (bookworm)\naddress lo 127.0.0.1/8\naddress eth0 {}/24\nend\n",
        call.host.name,
        call.host.name,
        call.host.ip,
        call.host.ip);
    return 0;
  };
}

}  // namespace mrc::test::property

// What is taken away again, in each shell that hosts have; the package manager is programs here.

#include <gmock/gmock.h>

#include "etcd_package.sh.hpp"
#include "etcd_probe.sh.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems {
namespace {

class EtcdPackages : public test::EachShell {
 protected:
  void program(const std::string& name, const std::string& text) const {
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         EtcdPackages,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(EtcdPackages, ARemovalThatWasCutOffBetweenProgramsAndConfigurationIsGoneOnWith) {
  const auto said = (m_here / "said").string();
  program("dpkg-query",
          "printf 'installed bash\\nconfig-files etcd-server\\nnot-installed etcd-client\\n"
          "config-files other\\n'\n");
  program("apt-get", "printf '%s\\n' \"$*\" >>" + said + "\n");
  shell::Script script;
  script.use(embedded::etcd_probe_sh)
      .use(embedded::etcd_package_sh)
      .line("mrc_etcd_remove_listed etcd-client etcd-server")
      .line("mrc_etcd_packages");
  const auto answer = connect()->run(script, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 0) << answer->err;
  EXPECT_EQ(answer->out, "bash\n");
  EXPECT_THAT(test::read_file(said), ::testing::EndsWith(" purge etcd-server\n"));
}

}  // namespace
}  // namespace mrc::systems

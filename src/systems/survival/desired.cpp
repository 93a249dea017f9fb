#include "systems/survival/desired.hpp"

#include <fmt/ranges.h>

#include "mrc/base/bug.hpp"
#include "mrc/base/hash.hpp"
#include "survival_keep.sh.hpp"

namespace mrc::systems::survival {
namespace {

/// Stops before Docker when the host goes down, so that nobody starts what Docker ends.
std::string unit_text(const std::string& deployment, const ServerId& server) {
  const auto unit = fmt::format("mrc-{}.{}", deployment, server);
  return fmt::format(
      "# Written by mrc for {0}: brings {1} back whenever its container ends or starts anew.\n"
      "# To stop the server for a while: systemctl stop {2} && docker stop {1}\n"
      "[Unit]\n"
      "Description=The server {1} of {0}, kept by mrc\n"
      "Wants=docker.service\n"
      "After=docker.service\n"
      "\n"
      "[Service]\n"
      "ExecStart=/bin/sh /var/lib/mrc/{0}.d/{1}.sh\n"
      "RuntimeDirectory={2}\n"
      "RuntimeDirectoryMode=0700\n"
      "Restart=always\n"
      "RestartSec=5\n"
      "\n"
      "[Install]\n"
      "WantedBy=multi-user.target\n",
      deployment,
      server,
      unit);
}

/// What runs for ever, with what all systems restore.
shell::Script keeping(const std::string& deployment,
                      const ServerId& server,
                      const std::vector<std::unique_ptr<System>>& systems) {
  shell::Script script;
  script.use(embedded::survival_keep_sh)
      .line("# By mrc for {}: {}", deployment, server)
      .line("MRC_D=/run/mrc-{}.{}", deployment, server)
      .line("mrc_survival_restore() {");
  std::vector<std::string> shares;
  for (const auto& system : systems) {
    const auto restore = system->restore(server);
    if (restore.empty()) continue;
    shares.emplace_back(system->name());
    for (const auto& one : restore.attachments()) {
      const auto* bytes = std::get_if<std::shared_ptr<const std::string>>(&one.bytes);
      MRC_CHECK(bytes != nullptr);  // a secret would lie on the host for good
      script.line("printf %s {} >\"$MRC_D\"/{}", **bytes, one.name);
    }
    // Each in a shell of its own: a lock that one holds ends with it.
    script.line("(").append(restore).line(")");
  }
  return script.line(":").line("}").line(
      "mrc_survival {} {} {}", deployment, server, fmt::format("{}", fmt::join(shares, ", ")));
}

}  // namespace

std::string unit_name(const std::string& deployment, const ServerId& server) {
  return fmt::format("mrc-{}.{}.service", deployment, server);
}

std::vector<Keeper> desired(const topology::Topology& topology,
                            const std::vector<std::unique_ptr<System>>& systems) {
  std::vector<Keeper> all;
  std::shared_ptr<const std::string> functions;
  Cksum sum;
  for (const auto& server : topology.mysql.servers) {
    auto text = keeping(topology.name, server.id, systems).text();
    const auto at = text.find("mrc_main() {\n");
    MRC_CHECK(at != std::string::npos);
    if (functions == nullptr || text.compare(0, at, *functions) != 0) {
      functions = std::make_shared<const std::string>(text.substr(0, at));
      sum = Cksum().add(*functions);
    }
    Keeper one;
    one.server = server.id;
    one.host = server.host;
    one.unit = unit_name(topology.name, server.id);
    one.file = unit_text(topology.name, server.id);
    one.functions = functions;
    one.body = text.substr(at);
    one.file_sum = cksum(one.file);
    auto both = sum;
    one.script_sum = both.add(one.body).text();
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace mrc::systems::survival

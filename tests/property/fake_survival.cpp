#include "mrc/base/hash.hpp"
#include "property/shell.hpp"

/// The units that keep servers, and systemd as far as they need it.
namespace mrc::test::property {
namespace {

std::string unit_of(const std::string& deployment, const std::string& server) {
  return "mrc-" + deployment + "." + server + ".service";
}
std::string file_of(const std::string& unit) { return "/etc/systemd/system/" + unit; }
std::string script_of(const std::string& deployment, const std::string& server) {
  return "/var/lib/mrc/" + deployment + ".d/" + server + ".sh";
}

int probe(Call& call) {
  const auto& deployment = call.arg(0);
  call.out = "systemd yes\n";
  for (const auto& [name, unit] : call.host.keepers) {
    const auto begin = "mrc-" + deployment + ".";
    const auto file = call.host.files.find(file_of(name));
    if (!name.starts_with(begin) || file == call.host.files.end()) continue;
    const auto server = name.substr(begin.size(), name.rfind('.') - begin.size());
    const auto script = call.host.files.find(script_of(deployment, server));
    const bool marked = file->second.starts_with("# Written by mrc for " + deployment + ":");
    call.out += fmt::format("unit {} {} {} {} {} {}\n",
                            server,
                            marked ? deployment : "-",
                            cksum(file->second),
                            script == call.host.files.end() ? "-" : cksum(script->second),
                            unit.enabled ? "enabled" : "disabled",
                            unit.active ? "active" : "inactive");
    if (unit.active) call.out += fmt::format("state {} whole container started\n", server);
  }
  call.out += "end\n";
  return 0;
}

/// What the script would bring back is there already: it comes after the steps that bring it about.
bool is_whole(Call& call, const std::string& server, const std::string& script) {
  const auto found = call.host.containers.find(server);
  if (found == call.host.containers.end() || !found->second.running) return false;
  const std::string attach = "mrc_calico_restore " + server + " ";
  const auto at = script.find(attach);
  if (at == std::string::npos) return false;
  const auto begin = at + attach.size();
  const auto address = script.substr(begin, script.find(' ', begin) - begin);
  if (!found->second.eth1.contains(address + "/32")) return false;
  const auto mark = "mrc:" + call.arg(0) + ":" + server;
  if (script.find("mrc_dnat_restore " + mark + " ") == std::string::npos) return true;
  for (const auto& rule : call.host.nat) {
    if (rule.find("\"" + mark + "\"") != std::string::npos) return true;
  }
  return false;
}

int keep(Call& call) {
  const auto& server = call.arg(1);
  const auto unit = unit_of(call.arg(0), server);
  const auto script = call.file(2) + call.file(3);
  auto& files = call.host.files;
  if (files[script_of(call.arg(0), server)] != script || files[file_of(unit)] != call.file(4)) {
    call.shell.call("mrc_unwatch", {call.arg(0), server}, call);
    files[script_of(call.arg(0), server)] = script;
    files[file_of(unit)] = call.file(4);
  }
  call.host.keepers[unit].enabled = true;
  call.shell.tick();
  call.host.keepers[unit].active = true;
  if (!is_whole(call, server, script)) return call.fail("the unit does not find it whole");
  return 0;
}

int unwatch(Call& call) {
  const auto found = call.host.keepers.find(unit_of(call.arg(0), call.arg(1)));
  if (found != call.host.keepers.end()) found->second.active = false;
  return 0;
}

int gone(Call& call) {
  const auto unit = unit_of(call.arg(0), call.arg(1));
  call.shell.call("mrc_unwatch", {call.arg(0), call.arg(1)}, call);
  call.host.keepers.erase(unit);
  call.host.files.erase(file_of(unit));
  call.shell.tick();
  call.host.files.erase(script_of(call.arg(0), call.arg(1)));
  call.shell.call("mrc_forget", {call.arg(0), "survival/" + call.arg(1)}, call);
  return 0;
}

}  // namespace

void teach_survival(Functions& functions) {
  functions["mrc_survival_probe"] = probe;
  functions["mrc_survival_keep"] = keep;
  functions["mrc_survival_gone"] = gone;
  functions["mrc_unwatch"] = unwatch;
}

}  // namespace mrc::test::property

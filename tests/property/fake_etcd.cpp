#include <algorithm>
#include <nlohmann/json.hpp>

#include "property/shell.hpp"

/// etcd: Debian's packages, the unit, its configuration and data; members find one another in
/// World::settle.
namespace mrc::test::property {
namespace {

using nlohmann::json;

constexpr auto k_config = "/etc/default/etcd";
const std::vector<std::string> k_packages = {"etcd-client", "etcd-server"};

/// What systemd makes of the file's lines.
std::map<std::string, std::string> settings(const Host& host) {
  std::map<std::string, std::string> out;
  const auto file = host.files.find(k_config);
  if (file == host.files.end()) return out;
  std::size_t at = 0;
  const auto& text = file->second;
  while (at < text.size()) {
    const auto end = text.find('\n', at);
    auto line = text.substr(at, end - at);
    at = end + 1;
    const auto equals = line.find("=\"");
    if (line.starts_with('#') || equals == std::string::npos) continue;
    out[line.substr(0, equals)] = line.substr(equals + 2, line.size() - equals - 3);
  }
  return out;
}

json* record_of(Host& host, const std::string& deployment, const std::string& key, json& into) {
  const auto record = host.records.find(deployment);
  if (record == host.records.end()) return nullptr;
  const auto found = record->second.find(key);
  if (found == record->second.end()) return nullptr;
  into = json::parse(found->second);
  return &into;
}

/// A member's answers at a client url: its cluster, when it runs and has a quorum.
const Host* answering(const World& world, const std::string& url) {
  for (const auto& [key, host] : world.hosts) {
    const auto own = host.etcd.config.find("ETCD_ADVERTISE_CLIENT_URLS");
    if (host.etcd.active && own != host.etcd.config.end() && own->second == url &&
        world.has_quorum(host.etcd.cluster)) {
      return &host;
    }
  }
  return nullptr;
}

std::string members_json(const World& world, const Host& host) {
  const auto& cluster = world.clusters.at(host.etcd.cluster);
  auto members = json::array();
  for (const auto& [id, one] : cluster.members) {
    json member{{"ID", id}, {"peerURLs", {one.peer_url}}};
    // Of one that was added later the cluster has no name before it starts.
    if (!one.name.empty()) member["name"] = one.name;
    if (!one.client_url.empty()) member["clientURLs"] = {one.client_url};
    members.push_back(std::move(member));
  }
  return json{{"header", {{"cluster_id", host.etcd.cluster}, {"member_id", host.etcd.member}}},
              {"members", members}}
      .dump();
}

bool is_installed(const Host& host) { return host.packages.contains("etcd-server"); }

int probe(Call& call) {
  const auto& host = call.host;
  auto& out = call.out;
  out = "systemd yes\nmanager apt\n";
  out += is_installed(host) ? "etcd 3.4.23\n" : "candidate 3.4.23-4+b4\n";
  if (host.packages.contains("etcd-client")) out += "etcdctl 3.4.23\n";
  const bool up = host.etcd.active && host.etcd.ready;
  const auto* state = !host.etcd.active ? "inactive" : up ? "active" : "activating";
  if (is_installed(host)) {
    out += fmt::format(
        "unit ExecStart={{ path=/usr/bin/etcd ; argv[]=/usr/bin/etcd $DAEMON_ARGS }}\n"
        "unit LoadState=loaded\nunit ActiveState={}\nunit UnitFileState={}\nconfig-path {}\n",
        state,
        host.etcd.enabled ? "enabled" : "disabled",
        k_config);
    const auto text = host.files.find(k_config);
    const std::string mark = "# Written by mrc for ";
    if (text != host.files.end() && text->second.starts_with(mark)) {
      out += "config-mark " +
             text->second.substr(mark.size(), text->second.find(':') - mark.size()) + "\n";
    }
    for (const auto& [key, value] : settings(host)) {
      out += fmt::format("config {}=\"{}\"\n", key, value);
    }
  } else {
    out += "unit LoadState=not-found\nunit ActiveState=inactive\nunit UnitFileState=\n";
  }
  out += host.etcd_data.contains(call.arg(3)) ? "data present\n" : "data absent\n";
  if (up) {
    const auto own = host.etcd.config.find("ETCD_ADVERTISE_CLIENT_URLS");
    auto url = fmt::format("http://{}:{}", call.arg(0), call.arg(1));
    // It listens on all addresses; of a host that left the file only this one is known.
    if (call.arg(0) == "127.0.0.1" && own != host.etcd.config.end()) url = own->second;
    // Its members every one tells for itself; for its health it needs the others.
    out += own != host.etcd.config.end() && own->second == url
               ? "members " + members_json(call.world, host) + "\n"
               : "members-error Error: context deadline exceeded\n";
    out += answering(call.world, url) == &host ? "health ok\n" : "health " + url + ": no answer\n";
  }
  out += "end\n";
  return 0;
}

/// DEPLOYMENT, then as for a member.
int probe_former(Call& call) {
  const auto record = call.host.records.find(call.arg(0));
  if (record != call.host.records.end()) {
    for (const auto& [key, value] : record->second) {
      if (!key.starts_with("etcd/")) continue;
      call.args.erase(call.args.begin());
      return probe(call);
    }
  }
  call.out = "systemd unasked\nend\n";
  return 0;
}

int probe_endpoints(Call& call) {
  for (const auto& url : call.args) {
    call.out += fmt::format(
        "endpoint {} {}\n", url, call.world.cluster_at(url) != nullptr ? "ok" : "refused");
  }
  call.out += "end\n";
  return 0;
}

int install(Call& call) {
  const auto& deployment = call.arg(0);
  json old;
  if (record_of(call.host, deployment, "etcd/package", old) == nullptr) {
    call.shell.call("mrc_record", {deployment, "etcd/package", R"({"packages": []})"}, call);
    old = {{"packages", json::array()}};
  }
  const auto before = "/var/lib/mrc/" + deployment + ".d/etcd-packages-before";
  if (!call.host.files.contains(before)) {
    std::string list;
    for (const auto& one : call.host.packages) list += one + "\n";
    call.host.files[before] = list;
  }
  call.shell.tick();
  call.host.packages.insert(k_packages.begin(), k_packages.end());
  call.host.files.emplace(k_config, "## etcd(1) daemon options\n");
  call.shell.tick();
  std::set<std::string> ours;
  for (const auto& one : old["packages"]) ours.insert(one.get<std::string>());
  for (const auto& one : call.host.packages) {
    if (call.host.files[before].find(one + "\n") == std::string::npos) ours.insert(one);
  }
  call.shell.call(
      "mrc_record", {deployment, "etcd/package", json{{"packages", ours}}.dump()}, call);
  call.host.files.erase(before);
  return 0;
}

int remove_packages(Call& call) {
  const auto before = "/var/lib/mrc/" + call.arg(0) + ".d/etcd-packages-before";
  std::set<std::string> gone(call.args.begin() + 1, call.args.end());
  if (call.host.files.contains(before)) {
    for (const auto& one : call.host.packages) {
      if (call.host.files[before].find(one + "\n") == std::string::npos) gone.insert(one);
    }
  }
  for (const auto& one : gone) call.host.packages.erase(one);
  if (gone.contains("etcd-server")) call.host.files.erase(k_config);
  call.shell.tick();
  call.host.files.erase(before);
  return call.shell.call("mrc_forget", {call.arg(0), "etcd/package"}, call);
}

int configure(Call& call) {
  const auto& deployment = call.arg(0);
  if (!is_installed(call.host)) return call.fail("there is no unit etcd.service");
  const auto note = [&](const char* was) {
    call.shell.call("mrc_record",
                    {deployment, "etcd/config", json{{"path", k_config}, {"was", was}}.dump()},
                    call);
  };
  json now;
  if (record_of(call.host, deployment, "etcd/config", now) == nullptr || now["was"] == "copying") {
    if (call.host.files.contains(k_config)) {
      note("copying");
      call.host.files["/var/lib/mrc/" + deployment + ".d/etcd-config"] = call.host.files[k_config];
      note("file");
    } else {
      note("absent");
    }
  }
  call.shell.tick();
  call.host.files[k_config] = call.file(1);
  return 0;
}

int restore_config(Call& call) {
  const auto copy = "/var/lib/mrc/" + call.arg(0) + ".d/etcd-config";
  if (call.arg(2) == "absent") {
    call.host.files.erase(call.arg(1));
  } else if (call.arg(2) == "copying") {
    call.host.files.erase(copy);
  } else if (call.host.files.contains(copy)) {
    call.host.files[call.arg(1)] = call.host.files[copy];
    call.host.files.erase(copy);
  }
  return call.shell.call("mrc_forget", {call.arg(0), "etcd/config"}, call);
}

int enable(Call& call) {
  json now;
  if (record_of(call.host, call.arg(0), "etcd/unit", now) == nullptr) {
    const auto* was = call.host.etcd.enabled ? "enabled" : "disabled";
    call.shell.call("mrc_record", {call.arg(0), "etcd/unit", json{{"enabled", was}}.dump()}, call);
  }
  call.host.etcd.enabled = true;
  return 0;
}

int make_data(Call& call) {
  const auto& path = call.arg(1);
  json now;
  if (record_of(call.host, call.arg(0), "etcd/data", now) == nullptr) {
    std::string top;
    if (!call.host.has_folder(path)) {
      top = path;
      for (auto up = path.substr(0, path.rfind('/')); !call.host.has_folder(up);
           up = up.substr(0, up.rfind('/'))) {
        top = up;
      }
    }
    call.shell.call(
        "mrc_record", {call.arg(0), "etcd/data", json{{"path", path}, {"top", top}}.dump()}, call);
  }
  call.host.make_folder(path);
  return 0;
}

void start_unit(Call& call) {
  auto& unit = call.host.etcd;
  if (unit.active) return;
  unit.active = true;
  unit.ready = false;
  unit.config = settings(call.host);
  unit.cluster = unit.member = 0;
  call.world.settle();
}

int start(Call& call) {
  if (!is_installed(call.host)) return call.fail("there is no unit etcd.service");
  call.shell.call("mrc_etcd_enable", {call.arg(0)}, call);
  call.shell.call("mrc_etcd_make_data", {call.arg(0), call.arg(1)}, call);
  start_unit(call);
  return 0;
}

int stop(Call& call) {
  if (is_installed(call.host)) {
    call.host.etcd.active = false;
    call.host.etcd.enabled = call.arg(1) == "enabled";
  }
  call.shell.tick();
  return call.shell.call("mrc_forget", {call.arg(0), "etcd/unit"}, call);
}

int remove_data(Call& call) {
  const auto& path = call.arg(1);
  const auto& top = call.arg(2);
  if (top.empty()) {
    const bool was = call.host.has_folder(path);
    call.host.remove_tree(path);
    if (was) call.host.make_folder(path);
  } else {
    call.host.remove_tree(path);
  }
  call.shell.tick();
  call.shell.call("mrc_forget", {call.arg(0), "etcd/cluster"}, call);
  for (auto up = path; !top.empty() && up != top && up.size() > top.size();) {
    up = up.substr(0, up.rfind('/'));
    if (!call.host.is_empty(up)) break;
    call.host.folders.erase(up);
  }
  return call.shell.call("mrc_forget", {call.arg(0), "etcd/data"}, call);
}

int is_healthy(Call& call) {
  for (const auto& url : call.args) {
    if (answering(call.world, url) == nullptr) return call.fail(url + ": no quorum");
  }
  return 0;
}

/// DEPLOYMENT URL
int formed(Call& call) {
  const auto* member = answering(call.world, call.arg(1));
  if (member == nullptr) return call.fail("etcd does not tell its cluster's id");
  return call.shell.call(
      "mrc_record",
      {call.arg(0), "etcd/cluster", json{{"id", fmt::format("{}", member->etcd.cluster)}}.dump()},
      call);
}

/// DEPLOYMENT DATA_DIR URL: of what was here before only the copy of the configuration tells.
int rerecord(Call& call) {
  const auto& deployment = call.arg(0);
  const auto note = [&](const char* key, const json& value) {
    json now;
    if (record_of(call.host, deployment, key, now) != nullptr) return;
    call.shell.call("mrc_record", {deployment, key, value.dump()}, call);
  };
  const bool kept = call.host.files.contains("/var/lib/mrc/" + deployment + ".d/etcd-config");
  note("etcd/config", {{"path", k_config}, {"was", kept ? "file" : "absent"}});
  note("etcd/data", {{"path", call.arg(1)}, {"top", call.arg(1)}});
  note("etcd/unit", {{"enabled", "disabled"}});
  if (answering(call.world, call.arg(2)) == nullptr) return 0;
  return call.shell.call("mrc_etcd_formed", {deployment, call.arg(2)}, call);
}

/// DATA_DIR: what a member left goes, the folder stays.
int reset(Call& call) {
  const auto& path = call.arg(0);
  call.host.etcd.active = false;
  call.shell.tick();
  const bool was = call.host.has_folder(path);
  call.host.remove_tree(path);
  if (was) call.host.make_folder(path);
  return 0;
}

/// The cluster behind these members, when all of them are healthy.
EtcdCluster* steady(Call& call, std::size_t first) {
  EtcdCluster* cluster = nullptr;
  for (auto i = first; i < call.args.size(); ++i) {
    const auto* member = answering(call.world, call.arg(i));
    if (member == nullptr) {
      call.fail("gave up waiting for all members: " + call.arg(i));
      return nullptr;
    }
    cluster = &call.world.clusters.at(member->etcd.cluster);
  }
  if (cluster == nullptr) call.fail("nobody to ask");
  return cluster;
}

using Members = std::map<std::uint64_t, EtcdCluster::Member>;
Members::iterator member_at(Members& members, const std::string& peer_url) {
  return std::find_if(members.begin(), members.end(), [&](const auto& one) {
    return one.second.peer_url == peer_url;
  });
}

/// NAME PEER_URL URL..: etcd takes nobody while a member has not started.
int member_add(Call& call) {
  auto* cluster = steady(call, 2);
  if (cluster == nullptr) return 1;
  auto& members = cluster->members;
  if (member_at(members, call.arg(1)) != members.end()) return 0;
  for (const auto& [id, one] : members) {
    if (one.client_url.empty()) return call.fail("etcd takes nobody: unhealthy cluster");
  }
  members[call.world.new_number()] = {{}, call.arg(1), {}};
  return 0;
}

/// ID URL..
int member_remove(Call& call) {
  auto* cluster = steady(call, 1);
  if (cluster == nullptr) return 1;
  cluster->members.erase(std::stoull(call.arg(0), nullptr, 16));
  call.world.settle();
  return steady(call, 1) == nullptr ? 1 : 0;
}

/// NAME PEER_URL URL..: a started member of this address has lost its data.
int member_renew(Call& call) {
  auto* cluster = steady(call, 2);
  if (cluster == nullptr) return 1;
  const auto found = member_at(cluster->members, call.arg(1));
  if (found != cluster->members.end() && !found->second.client_url.empty()) {
    std::vector<std::string> args{fmt::format("{:x}", found->first)};
    args.insert(args.end(), call.args.begin() + 2, call.args.end());
    if (call.shell.call("mrc_etcd_member_remove", args, call) != 0) return 1;
  }
  return call.shell.call("mrc_etcd_member_add", call.args, call);
}

/// ID PEER_URL URL..
int member_update(Call& call) {
  auto* cluster = steady(call, 2);
  if (cluster == nullptr) return 1;
  const auto found = cluster->members.find(std::stoull(call.arg(0), nullptr, 16));
  if (found == cluster->members.end()) return call.fail("no such member: " + call.arg(0));
  found->second.peer_url = call.arg(1);
  return 0;
}

}  // namespace

void teach_etcd(Functions& functions) {
  functions["mrc_etcd_probe"] = probe;
  functions["mrc_etcd_probe_former"] = probe_former;
  functions["mrc_etcd_probe_endpoints"] = probe_endpoints;
  functions["mrc_etcd_install"] = install;
  functions["mrc_etcd_remove_packages"] = remove_packages;
  functions["mrc_etcd_configure"] = configure;
  functions["mrc_etcd_restore_config"] = restore_config;
  functions["mrc_etcd_enable"] = enable;
  functions["mrc_etcd_make_data"] = make_data;
  functions["mrc_etcd_start"] = start;
  functions["mrc_etcd_restart"] = [](Call& call) {
    call.host.etcd.active = false;
    start_unit(call);
    return 0;
  };
  functions["mrc_etcd_wait"] = [](Call& call) {
    call.args.resize(1);
    return is_healthy(call);
  };
  functions["mrc_etcd_all_healthy"] = is_healthy;
  functions["mrc_etcd_formed"] = formed;
  functions["mrc_etcd_rerecord"] = rerecord;
  functions["mrc_etcd_reset"] = reset;
  functions["mrc_etcd_member_add"] = member_add;
  functions["mrc_etcd_member_remove"] = member_remove;
  functions["mrc_etcd_member_renew"] = member_renew;
  functions["mrc_etcd_member_update"] = member_update;
  functions["mrc_etcd_stop"] = stop;
  functions["mrc_etcd_remove_data"] = remove_data;
}

}  // namespace mrc::test::property

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mrc/base/net.hpp"
#include "property/shell.hpp"

/// Calico v0.22: calicoctl, its keys in etcd, its containers, interfaces and routes.
namespace mrc::test::property {
namespace {

using nlohmann::json;

constexpr auto k_binary = "/usr/local/bin/calicoctl";
constexpr auto k_sysctl_file = "/etc/sysctl.d/99-zz-mrc-calico.conf";
const std::vector<std::string> k_noted = {
    "net/ipv4/ip_forward", "net/ipv4/conf/all/rp_filter", "net/ipv4/conf/default/rp_filter"};
const std::vector<std::string> k_paths = {
    "/var/log/calico", "/var/run/calico", "/run/netns", "/run/docker/plugins"};

std::string deployment(const Call& call) { return call.shell.variable("mrc_calico_name"); }

/// The first of the script's endpoints that answers; v2 keys are only served when they are on.
Calico* calico_of(const Call& call) {
  const auto& list = call.shell.variable("mrc_calico_endpoints");
  for (std::size_t at = 0; at < list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    auto* cluster = call.world.cluster_at(list.substr(at, end - at));
    if (cluster != nullptr) return &cluster->calico;
    at = end + 1;
  }
  return nullptr;
}

bool recorded(const Call& call, const std::string& key) {
  const auto record = call.host.records.find(deployment(call));
  return record != call.host.records.end() && record->second.contains(key);
}
void record(Call& call, const std::string& key, const std::string& value) {
  call.shell.call("mrc_record", {deployment(call), key, value}, call);
}
void forget(Call& call, const std::string& key) {
  call.shell.call("mrc_forget", {deployment(call), key}, call);
}

/// Other deployments that use Calico on this host.
std::vector<std::string> others(const Call& call) {
  std::vector<std::string> out;
  for (const auto& [name, record] : call.host.records) {
    if (name == deployment(call)) continue;
    const bool uses = std::any_of(record.begin(), record.end(), [](const auto& one) {
      return one.first.starts_with("calico/");
    });
    if (uses) out.push_back(name);
  }
  return out;
}

std::string canonical_rules(const std::string& text) { return json::parse(text).dump(); }

/// etcd's answer to GET /v2/keys/calico?recursive=true.
std::string tree(const Calico& calico) {
  if (calico.empty()) return R"({"errorCode":100,"message":"Key not found","cause":"/calico"})";
  std::map<std::string, std::string> keys;
  if (!calico.guid.empty()) keys["/calico/v1/config/ClusterGUID"] = calico.guid;
  for (const auto& [host, ip] : calico.nodes)
    keys["/calico/bgp/v1/host/" + host + "/ip_addr_v4"] = ip;
  for (const auto& [cidr, pool] : calico.pools) {
    json one{{"cidr", cidr}};
    if (pool.ipip) one["ipip"] = "tunl0";
    if (pool.nat_outgoing) one["masquerade"] = true;
    if (pool.disabled) one["disabled"] = true;
    auto name = cidr;
    std::replace(name.begin(), name.end(), '/', '-');
    keys["/calico/v1/ipam/v4/pool/" + name] = one.dump();
  }
  for (const auto& [name, profile] : calico.profiles) {
    keys["/calico/v1/policy/profile/" + name + "/rules"] = profile.rules;
    keys["/calico/v1/policy/profile/" + name + "/tags"] = json(profile.tags).dump();
  }
  for (const auto& one : calico.endpoints) {
    keys[fmt::format(
        "/calico/v1/host/{}/workload/docker/{}/endpoint/{}", one.host, one.workload, one.id)] =
        json{{"state", "active"},
             {"name", one.interface},
             {"profile_ids", one.profiles},
             {"ipv4_nets", {one.address + "/32"}}}
            .dump();
  }
  auto nodes = json::array();
  for (const auto& [key, value] : keys) nodes.push_back({{"key", key}, {"value", value}});
  return json{{"action", "get"}, {"node", {{"key", "/calico"}, {"dir", true}, {"nodes", nodes}}}}
      .dump();
}

std::string show(const Container& one) {
  auto env = json::array();
  for (const auto& [key, value] : one.env) env.push_back(key + "=" + value);
  return json{
      {"image", one.image}, {"env", env}, {"running", one.running}, {"restart", one.restart}}
      .dump();
}

void probe_server(Call& call, const std::string& name, const std::string& address) {
  const auto found = call.host.containers.find(name);
  if (found == call.host.containers.end()) {
    call.out += fmt::format("server {} absent\n", name);
    return;
  }
  const auto& one = found->second;
  call.out +=
      fmt::format("server {} {} {} {}\n", name, one.id, one.running, one.running ? "4711" : "0");
  for (const auto& has : one.eth1) call.out += fmt::format("eth1 {} {}\n", name, has);
  const auto route = call.host.routes.find(address);
  if (route != call.host.routes.end()) {
    call.out += fmt::format("route {} {}\n", name, route->second);
  }
}

int probe(Call& call) {
  const auto& host = call.host;
  call.out = fmt::format("kernel {}\n", host.name);
  for (const auto& [key, value] : host.sysctls) {
    call.out += fmt::format("sysctl {} {}\n", key, value);
  }
  const auto node = host.containers.find("calico-node");
  const bool up = node != host.containers.end() && node->second.running;
  call.out += fmt::format("module xt_set yes\nmodule ipip yes\nbgp {}\n", up ? "taken" : "free");
  const auto binary = host.files.find(k_binary);
  if (binary == host.files.end()) {
    call.out += "calicoctl absent\n";
  } else {
    const auto sha = fake_sha256(binary->second);
    call.out += fmt::format(
        "calicoctl {} {} {}\n", k_binary, sha, sha == call.arg(0) ? "-" : binary->second);
  }
  call.out += "docker up\n";
  for (const auto* name : {"calico-node", "calico-libnetwork"}) {
    const auto found = host.containers.find(name);
    call.out += fmt::format(
        "container {} {}\n", name, found == host.containers.end() ? "absent" : show(found->second));
  }
  for (const std::size_t i : {2U, 3U}) {
    if (call.arg(i).empty()) continue;
    call.out += fmt::format(
        "image {} {}\n", call.arg(i), host.images.contains(call.arg(i)) ? "present" : "absent");
  }
  for (std::size_t i = 4; i + 1 < call.args.size(); i += 2) {
    probe_server(call, call.arg(i), call.arg(i + 1));
  }
  if (call.arg(1) == "yes") {
    const auto* calico = calico_of(call);
    call.out += calico == nullptr ? "etcd down connection refused\n"
                                  : fmt::format("etcd json {}\n", tree(*calico));
  }
  call.out += "end\n";
  return 0;
}

int put_binary(Call& call) {
  const auto now = call.host.files.find(k_binary);
  if (now != call.host.files.end()) {
    if (fake_sha256(now->second) == call.arg(0)) return 0;
    if (!recorded(call, "calico/calicoctl")) return call.fail("another calicoctl is there");
  }
  record(call, "calico/calicoctl", json{{"sha256", call.arg(0)}}.dump());
  call.host.files[k_binary] = call.file(1);
  return 0;
}

int fetch_image(Call& call) {
  if (call.host.images.contains(call.arg(0))) return 0;
  record(call, "calico/image/" + call.arg(0), R"("absent before")");
  call.host.images[call.arg(0)] = "sha256:" + fake_sha256(call.arg(0));
  return 0;
}

int prepare(Call& call) {
  if (!recorded(call, "calico/sysctl")) {
    json old = json::object();
    for (const auto& key : k_noted) old[key] = call.host.sysctls[key];
    record(call, "calico/sysctl", old.dump());
  }
  if (!recorded(call, "calico/paths")) {
    json absent = json::array();
    for (const auto& path : k_paths) {
      if (!call.host.has_folder(path)) absent.push_back(path);
    }
    record(call, "calico/paths", absent.dump());
  }
  call.host.sysctls["net/ipv4/ip_forward"] = "1";
  auto& filter = call.host.sysctls["net/ipv4/conf/all/rp_filter"];
  if (filter == "2") {
    filter = "1";
    record(call, "calico/sysctl_file", json(k_sysctl_file).dump());
    call.host.files[k_sysctl_file] = "net.ipv4.conf.all.rp_filter = 1\n";
  }
  return 0;
}

int set_pool(Call& call) {
  auto* calico = calico_of(call);
  if (calico == nullptr) return call.fail("etcd does not answer");
  if (!call.host.files.contains(k_binary)) return call.fail("there is no calicoctl");
  if (!recorded(call, "calico/cluster") && calico->empty()) {
    record(call, "calico/cluster", R"("etcd had no calico keys")");
  }
  if (!calico->pools.contains(call.arg(0))) {
    record(call, "calico/pool/" + call.arg(0), R"("made")");
  }
  const std::set<std::string> flags(call.args.begin() + 2, call.args.end());
  const auto now = calico->pools.find(call.arg(0));
  if (now != calico->pools.end() && now->second.ipip != flags.contains("--ipip")) {
    for (const auto& one : calico->endpoints) call.world.cut_off(one.address);
  }
  calico->pools[call.arg(0)] = {flags.contains("--ipip"), flags.contains("--nat-outgoing"), false};
  return 0;
}

int swap_pools(Call& call) {
  auto* calico = calico_of(call);
  if (calico == nullptr) return call.fail("etcd does not answer");
  const auto& old = call.arg(0);
  for (std::size_t at = 0; at < old.size();) {
    const auto end = std::min(old.find(' ', at), old.size());
    calico->pools.erase(old.substr(at, end - at));
    forget(call, "calico/pool/" + old.substr(at, end - at));
    at = end + 1;
  }
  call.args.erase(call.args.begin());
  return set_pool(call);
}

int set_profile(Call& call) {
  auto* calico = calico_of(call);
  if (calico == nullptr) return call.fail("etcd does not answer");
  if (!call.host.files.contains(k_binary)) return call.fail("there is no calicoctl");
  if (calico->profile(call.arg(0)) == nullptr) {
    record(call, "calico/profile/" + call.arg(0), R"("made")");
    calico->profiles[call.arg(0)] = {{call.arg(0)}, canonical_rules(R"({"inbound_rules": []})")};
    call.shell.tick();
  }
  calico->profiles[call.arg(0)] = {{call.arg(0)}, canonical_rules(call.file(1))};
  return 0;
}

bool is_node(const Call& call, const char* name, const std::string& image, const std::string& ip) {
  const auto found = call.host.containers.find(name);
  if (found == call.host.containers.end()) return false;
  const auto& one = found->second;
  std::map<std::string, std::string> env{
      {"HOSTNAME", call.host.name},
      {"ETCD_ENDPOINTS", call.shell.variable("mrc_calico_endpoints")}};
  if (!ip.empty()) env["IP"] = ip;
  return one.running && one.restart == "always" && one.image == image && one.env == env;
}

/// `calicoctl node`: the container is new, and whatever hung on Calico here stays.
void run_node(Call& call, const char* name, const std::string& image, const std::string& ip) {
  Container one;
  one.id = call.world.new_id();
  one.image = image;
  one.image_id = call.host.images.at(image);
  one.restart = "always";
  one.env = {{"HOSTNAME", call.host.name},
             {"ETCD_ENDPOINTS", call.shell.variable("mrc_calico_endpoints")}};
  if (!ip.empty()) one.env["IP"] = ip;
  call.host.containers[name] = std::move(one);
}

int node(Call& call) {
  const auto& ip = call.arg(0);
  const auto& image = call.arg(1);
  const auto& libnetwork = call.arg(2);
  auto* calico = calico_of(call);
  if (calico == nullptr) return call.fail("etcd does not answer");
  if (!call.host.files.contains(k_binary)) return call.fail("there is no calicoctl");
  if (call.host.sysctls["net/ipv4/conf/all/rp_filter"] == "2") return call.fail("Felix dies");
  if (libnetwork.empty() && recorded(call, "calico/libnetwork") && others(call).empty()) {
    call.host.containers.erase("calico-libnetwork");
    call.shell.tick();
    forget(call, "calico/libnetwork");
  }
  const bool runs = is_node(call, "calico-node", image, ip) &&
                    (libnetwork.empty() || is_node(call, "calico-libnetwork", libnetwork, ""));
  const auto known = calico->nodes.find(call.host.name);
  if (runs && known != calico->nodes.end() && known->second == ip) return 0;
  record(call, "calico/node", json{{"image", image}}.dump());
  if (!libnetwork.empty()) record(call, "calico/libnetwork", json{{"image", libnetwork}}.dump());
  for (const auto& path : k_paths) call.host.make_folder(path);
  for (const auto& one : {image, libnetwork}) {
    if (!one.empty() && !call.host.images.contains(one)) return call.fail("no image " + one);
  }
  if (calico->pools.empty()) calico->pools["192.168.0.0/16"] = {};  // Calico's default one
  if (calico->guid.empty()) calico->guid = call.world.new_id();
  calico->nodes[call.host.name] = ip;
  run_node(call, "calico-node", image, ip);
  call.host.sysctls["net/ipv4/ip_forward"] = "1";
  call.shell.tick();
  if (!libnetwork.empty()) run_node(call, "calico-libnetwork", libnetwork, "");
  return 0;
}

int peers(Call& call) {
  const auto runs = [](const Host& host) {
    const auto found = host.containers.find("calico-node");
    return found != host.containers.end() && found->second.running;
  };
  if (!runs(call.host)) return call.fail("calico-node does not run");
  for (const auto& ip : call.args) {
    const auto* other = call.world.host_of_ip(ip);
    if (other == nullptr || !runs(*other)) return call.fail("peer " + ip + ": Connect");
  }
  return 0;
}

/// `container remove`: by the workload's id, wherever it is.
void remove_endpoint(Call& call, Calico& calico, const std::string& workload) {
  for (const auto& one : calico.endpoints) {
    if (one.workload != workload) continue;
    calico.assigned.erase(one.address);
    call.world.cut_off(one.address);
    for (auto& [key, host] : call.world.hosts) {
      if (host.name != one.host) continue;
      host.routes.erase(one.address);
      for (auto& [name, container] : host.containers) {
        if (container.id == workload) container.eth1.erase(one.address + "/32");
      }
    }
  }
  std::erase_if(calico.endpoints, [&](const auto& one) { return one.workload == workload; });
}

/// The container id under which this host's record has the server.
std::string owned(const Call& call, const std::string& server) {
  if (!recorded(call, "calico/endpoint/" + server)) return {};
  return json::parse(call.host.records.at(deployment(call)).at("calico/endpoint/" + server))
      .at("container")
      .get<std::string>();
}

int endpoint(Call& call) {
  const auto& server = call.arg(0);
  const auto& address = call.arg(1);
  const auto& profile = call.arg(2);
  auto* calico = calico_of(call);
  if (calico == nullptr) return call.fail("etcd does not answer");
  const auto found = call.host.containers.find(server);
  if (found == call.host.containers.end()) return call.fail("no container " + server);
  auto& container = found->second;
  if (!container.running) return call.fail(server + " does not run");
  std::set<std::string> ours(call.args.begin() + 3, call.args.end());
  ours.insert(container.id);
  ours.insert(owned(call, server));
  const bool was_ours = recorded(call, "calico/endpoint/" + server);

  const auto all = calico->endpoints;
  for (const auto& one : all) {
    if (one.address != address && !ours.contains(one.workload)) continue;
    if (one.workload == container.id && one.host == call.host.name) continue;
    if (!ours.contains(one.workload)) return call.fail(address + " is held by another");
    remove_endpoint(call, *calico, one.workload);
  }
  record(call,
         "calico/endpoint/" + server,
         json{{"address", address},
              {"container", container.id},
              {"host", call.host.name},
              {"profile", profile}}
             .dump());
  const auto here = [&]() -> Calico::Endpoint* {
    for (auto& one : calico->endpoints) {
      if (one.workload == container.id && one.host == call.host.name) return &one;
    }
    return nullptr;
  };
  auto* now = here();
  if (now != nullptr && (now->address != address || !container.eth1.contains(address + "/32"))) {
    remove_endpoint(call, *calico, container.id);
    now = nullptr;
    call.shell.tick();
  }
  if (now == nullptr) {
    if (calico->assigned.contains(address)) {
      if (!was_ours) return call.fail(address + " is taken in Calico's IPAM");
      calico->assigned.erase(address);
    }
    bool in_pool = false;
    for (const auto& [cidr, pool] : calico->pools) {
      in_pool |= Cidr::parse(cidr)->contains(*Ipv4::parse(address)) && !pool.disabled;
    }
    if (!in_pool) return call.fail(address + " is in no pool");
    calico->assigned.insert(address);
    const auto id = call.world.new_id().substr(0, 32);
    calico->endpoints.push_back(
        {call.host.name, container.id, id, "cali" + id.substr(0, 11), address, {}});
    container.eth1.insert(address + "/32");
    call.shell.tick();
    now = here();
  }
  if (calico->profile(profile) == nullptr) return call.fail("no profile " + profile);
  now->profiles = {profile};
  const auto node_runs = call.host.containers.find("calico-node");
  if (node_runs == call.host.containers.end() || !node_runs->second.running) {
    return call.fail("no route to " + address + " yet");
  }
  call.host.routes[address] = now->interface;  // Felix
  return 0;
}

/// The server's endpoint has just these profiles.
int set_profiles(Call& call) {
  auto* calico = calico_of(call);
  if (calico == nullptr) return call.fail("etcd does not answer");
  const auto container = call.host.containers.find(call.arg(0));
  if (container == call.host.containers.end()) return call.fail("no container " + call.arg(0));
  const std::vector<std::string> wanted(call.args.begin() + 2, call.args.end());
  for (const auto& one : wanted) {
    if (calico->profile(one) == nullptr) return call.fail("no profile " + one);
  }
  for (auto& one : calico->endpoints) {
    if (one.workload != container->second.id) continue;
    one.profiles = wanted;
    return 0;
  }
  return call.fail("no endpoint of " + call.arg(0));
}

/// This host sends what is for each address to that next hop.
int routed(Call& call) {
  for (std::size_t i = 0; i + 1 < call.args.size(); i += 2) {
    const auto* via = call.world.host_of_ip(call.arg(i + 1));
    if (via == nullptr || !via->routes.contains(call.arg(i))) {
      return call.fail(call.arg(i) + " not via " + call.arg(i + 1));
    }
  }
  return 0;
}

/// Entries of the record, a line each: "KEY": JSON.
int note(Call& call) {
  const auto entries = json::parse("{" + [&] {
    auto text = call.arg(1);
    std::replace(text.begin(), text.end(), '\n', ',');
    return text;
  }() + "}");
  for (const auto& [key, value] : entries.items()) {
    call.host.records[deployment(call)][key] = value.dump();
  }
  return 0;
}

// Taking away.

/// Null: etcd is silent; then nothing of it may be needed any more.
int reach_etcd(Call& call, Calico*& calico) {
  calico = calico_of(call);
  if (calico != nullptr) return 0;
  if (call.shell.variable("mrc_calico_etcd_goes") != "yes" || !others(call).empty()) {
    return call.fail("etcd does not answer, and what Calico keeps there is to be removed");
  }
  return 0;
}

int endpoint_gone(Call& call) {
  const auto& server = call.arg(0);
  const auto& address = call.arg(1);
  if (!recorded(call, "calico/endpoint/" + server)) return 0;
  const auto keeper = call.host.keepers.find("mrc-" + deployment(call) + "." + server + ".service");
  if (keeper != call.host.keepers.end() && keeper->second.active) {
    return call.fail("the unit of " + server + " would bring the address back");
  }
  const auto found = call.host.containers.find(server);
  const auto now = found == call.host.containers.end() ? std::string("-") : found->second.id;
  Calico* calico = nullptr;
  if (const int status = reach_etcd(call, calico); status != 0) return status;
  if (calico != nullptr) {
    bool foreign = false;
    const auto all = calico->endpoints;
    for (const auto& one : all) {
      if (one.workload == call.arg(2) || one.workload == now) {
        remove_endpoint(call, *calico, one.workload);
      } else {
        foreign |= one.address == address;
      }
    }
    if (!foreign) calico->assigned.erase(address);
  }
  call.shell.tick();
  forget(call, "calico/endpoint/" + server);
  return 0;
}

int profile_gone(Call& call) {
  const auto& name = call.arg(0);
  if (!recorded(call, "calico/profile/" + name)) return 0;
  Calico* calico = nullptr;
  if (const int status = reach_etcd(call, calico); status != 0) return status;
  if (calico != nullptr) {
    const bool used = std::any_of(
        calico->endpoints.begin(), calico->endpoints.end(), [&](const Calico::Endpoint& one) {
          return std::find(one.profiles.begin(), one.profiles.end(), name) != one.profiles.end();
        });
    if (!used) calico->profiles.erase(name);
  }
  call.shell.tick();
  forget(call, "calico/profile/" + name);
  return 0;
}

int pool_gone(Call& call) {
  const auto& cidr = call.arg(0);
  if (!recorded(call, "calico/pool/" + cidr)) return 0;
  Calico* calico = nullptr;
  if (const int status = reach_etcd(call, calico); status != 0) return status;
  if (calico != nullptr) {
    const bool used = std::any_of(
        calico->endpoints.begin(), calico->endpoints.end(), [&](const Calico::Endpoint& one) {
          return Cidr::parse(cidr)->contains(*Ipv4::parse(one.address));
        });
    if (!used) calico->pools.erase(cidr);
  }
  call.shell.tick();
  forget(call, "calico/pool/" + cidr);
  return 0;
}

int cluster_gone(Call& call) {
  if (!recorded(call, "calico/cluster")) return 0;
  Calico* calico = nullptr;
  if (const int status = reach_etcd(call, calico); status != 0) return status;
  if (calico != nullptr && calico->nodes.empty() && calico->endpoints.empty()) *calico = {};
  call.shell.tick();
  forget(call, "calico/cluster");
  return 0;
}

int give(Call& call) {
  const auto heirs = others(call);
  if (std::find(heirs.begin(), heirs.end(), call.arg(0)) == heirs.end()) {
    return call.fail("the deployment has left this host meanwhile");
  }
  return call.shell.call("mrc_record", call.args, call);
}

/// What serves another deployment as well passes into its record.
void hand_over(Call& call, const std::string& heir) {
  const auto mine = call.host.records[deployment(call)];
  const bool had_node = mine.contains("calico/node");
  for (const auto& [key, value] : mine) {
    const bool shared = key.starts_with("calico/") && !key.starts_with("calico/endpoint/") &&
                        !key.starts_with("calico/profile") && !key.starts_with("calico/pool") &&
                        !key.starts_with("calico/cluster");
    if (!shared) continue;
    auto passed = json::parse(value);
    if (key == "calico/calicoctl" || key == "calico/node" || key == "calico/libnetwork") {
      passed["inherited"] = true;
    }
    if (had_node || !call.host.records[heir].contains(key)) {
      call.shell.call("mrc_record", {heir, key, passed.dump()}, call);
    }
    forget(call, key);
  }
}

int node_gone(Call& call) {
  const auto heirs = others(call);
  if (!heirs.empty()) {
    hand_over(call, heirs.front());
    return 0;
  }
  if (!recorded(call, "calico/node")) return 0;
  Calico* calico = nullptr;
  if (const int status = reach_etcd(call, calico); status != 0) return status;
  if (calico != nullptr) {
    if (!call.host.files.contains(k_binary)) return call.fail("there is no calicoctl");
    for (const auto& one : calico->endpoints) {
      if (one.host == call.host.name) return call.fail("others use Calico here: " + one.workload);
    }
  }
  call.host.containers.erase("calico-node");
  call.host.containers.erase("calico-libnetwork");
  call.shell.tick();
  if (calico != nullptr) calico->nodes.erase(call.host.name);
  for (auto& [name, container] : call.host.containers) container.eth1.clear();
  call.host.routes.clear();
  forget(call, "calico/libnetwork");
  forget(call, "calico/node");
  return 0;
}

int image_gone(Call& call) {
  if (!recorded(call, "calico/image/" + call.arg(0))) return 0;
  const bool used = std::any_of(call.host.containers.begin(),
                                call.host.containers.end(),
                                [&](const auto& one) { return one.second.image == call.arg(0); });
  if (!used) call.host.images.erase(call.arg(0));
  forget(call, "calico/image/" + call.arg(0));
  return 0;
}

int sysctl_gone(Call& call) {
  if (recorded(call, "calico/sysctl_file")) {
    call.host.files.erase(k_sysctl_file);
    forget(call, "calico/sysctl_file");
  }
  if (!recorded(call, "calico/sysctl")) return 0;
  for (std::size_t i = 0; i + 1 < call.args.size(); i += 2) {
    call.host.sysctls[call.arg(i)] = call.arg(i + 1);
  }
  forget(call, "calico/sysctl");
  return 0;
}

int paths_gone(Call& call) {
  if (!recorded(call, "calico/paths")) return 0;
  for (const auto& path : call.args) {
    if (path == "/var/log/calico" || path == "/var/run/calico") {
      call.host.remove_tree(path);
    } else if (call.host.is_empty(path)) {
      call.host.folders.erase(path);
    }
  }
  forget(call, "calico/paths");
  return 0;
}

int binary_gone(Call& call) {
  if (!recorded(call, "calico/calicoctl")) return 0;
  const auto heirs = others(call);
  if (!heirs.empty()) {
    hand_over(call, heirs.front());
    return 0;
  }
  const auto found = call.host.files.find(k_binary);
  if (found != call.host.files.end() && fake_sha256(found->second) == call.arg(0)) {
    call.host.files.erase(found);
  }
  forget(call, "calico/calicoctl");
  return 0;
}

}  // namespace

void teach_calico(Functions& functions) {
  functions["mrc_calico_probe"] = probe;
  functions["mrc_calico_routers"] = [](Call&) { return 0; };  // all hosts are on one network
  functions["mrc_calico_put"] = put_binary;
  functions["mrc_calico_image"] = fetch_image;
  functions["mrc_calico_prepare"] = prepare;
  functions["mrc_calico_pool"] = set_pool;
  functions["mrc_calico_pool_swap"] = swap_pools;
  functions["mrc_calico_profile"] = set_profile;
  functions["mrc_calico_profiles"] = set_profiles;
  functions["mrc_calico_routed"] = routed;
  functions["mrc_calico_note"] = note;
  functions["mrc_calico_profile_gone"] = profile_gone;
  functions["mrc_calico_pool_gone"] = pool_gone;
  functions["mrc_calico_give"] = give;
  functions["mrc_calico_node"] = node;
  functions["mrc_calico_await_peers"] = [](Call& call) {
    call.args.erase(call.args.begin());
    return peers(call);
  };
  functions["mrc_calico_endpoint"] = endpoint;
  functions["mrc_calico_endpoint_gone"] = endpoint_gone;
  functions["mrc_calico_cluster_gone"] = cluster_gone;
  functions["mrc_calico_node_gone"] = node_gone;
  functions["mrc_calico_image_gone"] = image_gone;
  functions["mrc_calico_sysctl_gone"] = sysctl_gone;
  functions["mrc_calico_paths_gone"] = paths_gone;
  functions["mrc_calico_binary_gone"] = binary_gone;
}

}  // namespace mrc::test::property

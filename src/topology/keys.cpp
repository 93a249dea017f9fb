#include "topology/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "mrc/topology/topology.hpp"

namespace mrc::topology {
namespace {

using Type = Key::Type;
using nlohmann::ordered_json;

constexpr std::string_view k_required = "required";

constexpr std::array k_keys{
    Key{"mrc", Type::integer, k_required, "version of this format: 1"},
    Key{"name", Type::text, k_required, "[a-z0-9-], at most 32: marks all that mrc owns on a host"},
    Key{"ssh",
        Type::map,
        "",
        "how hosts are logged in to; what is left out is ssh's own configuration's"},
    Key{"ssh.user", Type::text, "ssh's own", "login name"},
    Key{"ssh.port", Type::port, "ssh's own", "port of sshd"},
    Key{"ssh.become", Type::boolean, "false", "run everything by sudo"},
    Key{"ssh.become_password", Type::secret, "none", "sudo's password"},
    Key{"hosts",
        Type::map,
        k_required,
        "the hosts by name; `name: address` is short for `name: {address: ..}`"},
    Key{"hosts.*", Type::host, "", "one host"},
    Key{"hosts.*.address",
        Type::text,
        k_required,
        "what ssh connects to: an IPv4 address or a name"},
    Key{"hosts.*.ip",
        Type::address,
        "address",
        "IPv4 address that the other hosts reach; needed when `address` is a name"},
    Key{"hosts.*.interface", Type::text, "the one that has `ip`", "where the outside comes in"},
    Key{"hosts.*.host_key",
        Type::text,
        "known_hosts",
        "\"ssh-ed25519 AAAA..\": the only key that is accepted"},
    Key{"hosts.*.user", Type::text, "ssh.user", "login name on this host"},
    Key{"hosts.*.port", Type::port, "ssh.port", "port of sshd on this host"},
    Key{"etcd", Type::map, k_required, "the key-value store that Calico needs"},
    Key{"etcd.members", Type::list, "", "hosts that run a member; this or `endpoints`"},
    Key{"etcd.endpoints",
        Type::list,
        "",
        "URLs of a cluster that is not ours and is never changed"},
    Key{"etcd.cluster_token", Type::text, "etcd-cluster-1", "ETCD_INITIAL_CLUSTER_TOKEN"},
    Key{"etcd.data_dir", Type::text, "/var/lib/etcd/default.etcd", "ETCD_DATA_DIR"},
    Key{"etcd.install",
        Type::text,
        "package",
        "`package`: by the host's package manager; `none`: it is there"},
    Key{"etcd.client_port", Type::port, "2379", "where clients connect"},
    Key{"etcd.peer_port", Type::port, "2380", "where members connect"},
    Key{"calico", Type::map, k_required, "the network between the containers"},
    Key{"calico.version",
        Type::text,
        k_required,
        "v3.32.x: today's Calico; v0.22.0: that of the 2016 article"},
    Key{"calico.pool", Type::cidr, k_required, "addresses for containers, at least a /26"},
    Key{"calico.nat_outgoing",
        Type::boolean,
        "false",
        "containers reach addresses outside the pool"},
    Key{"calico.ipip",
        Type::boolean,
        "false",
        "v0.22: tunnel between hosts, for those of different networks; v3 has `mode`"},
    Key{"calico.mode",
        Type::text,
        "none",
        "v3: `none`, where the hosts share a network; else `ipip` or `vxlan`, always or "
        "(`ipip-cross-subnet`, `vxlan-cross-subnet`) only between those that share none"},
    Key{"calico.mtu",
        Type::integer,
        "Calico's own",
        "v3: MTU of the containers' interfaces, 576 to 9216"},
    Key{"calico.profile", Type::text, "mysql-replication", "Calico profile of the servers"},
    Key{"calico.libnetwork", Type::boolean, "false", "v0.22: start the libnetwork driver too"},
    Key{"calico.calicoctl",
        Type::artefact,
        "$MRC_ARTEFACTS, the release",
        "the program: a path, or {url, sha256}, or {path, sha256}"},
    Key{"calico.calicoctl.path", Type::text, "", "a file of the workstation"},
    Key{"calico.calicoctl.url", Type::text, "", "http, https or file URL"},
    Key{"calico.calicoctl.sha256", Type::text, "", "64 hex digits; required with `url`"},
    Key{"calico.cni",
        Type::artefact,
        "$MRC_ARTEFACTS, the release",
        "v3: the CNI program `calico`, or the release's .tgz that has it"},
    Key{"calico.cni.path", Type::text, "", "a file of the workstation"},
    Key{"calico.cni.url", Type::text, "", "http, https or file URL"},
    Key{"calico.cni.sha256", Type::text, "", "64 hex digits; required with `url`"},
    Key{"calico.node_image",
        Type::text,
        "quay.io/calico/node:VERSION, calico/node:v0.22.0",
        "image of the agent"},
    Key{"calico.node_archive",
        Type::artefact,
        "the hosts pull it",
        "v3: an archive as `docker save` writes it, for hosts that lack the image"},
    Key{"calico.node_archive.path", Type::text, "", "a file of the workstation"},
    Key{"calico.node_archive.url", Type::text, "", "http, https or file URL"},
    Key{"calico.node_archive.sha256", Type::text, "", "64 hex digits; required with `url`"},
    Key{"calico.libnetwork_image",
        Type::text,
        "calico/node-libnetwork:v0.9.0",
        "v0.22: image of the libnetwork driver"},
    Key{"mysql", Type::map, k_required, "the servers"},
    Key{"mysql.image",
        Type::text,
        k_required,
        "image with a tag or digest; the tag tells the version"},
    Key{"mysql.version",
        Type::text,
        "the image's tag",
        "as the server tells it, where the tag does not: `8.4`, `11.8-MariaDB`"},
    Key{"mysql.root_password", Type::secret, k_required, "at most 64 bytes"},
    Key{"mysql.root_password_before",
        Type::secret,
        "",
        "the one that servers may still have: they get `root_password` in its place"},
    Key{"mysql.root_host",
        Type::text,
        "localhost",
        "`localhost`, or `%`: root may log in from anywhere"},
    Key{"mysql.replication", Type::map, k_required, "the account that slaves use"},
    Key{"mysql.replication.user", Type::text, "repl", "its name"},
    Key{"mysql.replication.password",
        Type::secret,
        k_required,
        "at most 32 bytes, the servers' limit; 96 in MariaDB"},
    Key{"mysql.replication.tls",
        Type::text,
        "auto",
        "`auto`: where the servers offer it; `off`; `server-key`: without, the password under the "
        "master's key"},
    Key{"mysql.replication.require",
        Type::text,
        "none",
        "`ssl`: the master lets this account in by TLS alone"},
    Key{"mysql.replication.max_connections",
        Type::integer,
        "0",
        "of this account at once; 0 is no limit, else two for each slave and one for mrc"},
    Key{"mysql.options", Type::options, "", "options of mysqld for all servers"},
    Key{"mysql.data_root", Type::text, "/opt/Docker", "a server's data is DATA_ROOT/NAME/data"},
    Key{"mysql.copy_before_upgrade",
        Type::boolean,
        "false",
        "before a newer series starts on a server's data, they are copied beside"},
    Key{"mysql.restart",
        Type::text,
        "",
        "any text, as a date: servers that were not started for it are, one after the other"},
    Key{"mysql.servers",
        Type::map,
        k_required,
        "the servers by name, which is the container's too"},
    Key{"mysql.servers.*", Type::map, "", "one server"},
    Key{"mysql.servers.*.host", Type::text, k_required, "where it runs"},
    Key{"mysql.servers.*.address", Type::address, k_required, "its address in the pool"},
    Key{"mysql.servers.*.server_id", Type::integer, k_required, "1 to 4294967295, unique"},
    Key{"mysql.servers.*.options", Type::options, "", "its own options of mysqld; they win"},
    Key{"mysql.servers.*.expose", Type::port, "expose.port", "port of its host that reaches it"},
    Key{"mysql.master", Type::text, k_required, "the server from which the others replicate"},
    Key{"expose", Type::map, "nothing is exposed", "how the outside reaches the servers"},
    Key{"expose.port", Type::port, k_required, "port of each host that reaches its server"},
    Key{"expose.writer_port", Type::port, "none", "port of the master's host that reaches it, too"},
    Key{"expose.interface", Type::text, "hosts.*.interface", "only what comes in there"},
};

bool is_child(std::string_view path, std::string_view parent) {
  if (parent.empty()) return path.find('.') == std::string_view::npos;
  return path.starts_with(parent) && path.size() > parent.size() && path[parent.size()] == '.' &&
         path.find('.', parent.size() + 1) == std::string_view::npos;
}

std::string_view last_part(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view word(Type type) {
  switch (type) {
    case Type::text:
      return "text";
    case Type::integer:
      return "number";
    case Type::boolean:
      return "true, false";
    case Type::host:
      return "address or mapping";
    case Type::address:
      return "IPv4 address";
    case Type::cidr:
      return "network";
    case Type::port:
      return "port";
    case Type::secret:
      return "secret";
    case Type::artefact:
      return "path or mapping";
    case Type::options:
      return "mapping";
    case Type::list:
      return "list";
    case Type::map:
      return "mapping";
  }
  return "?";
}

ordered_json schema_of(std::string_view path, Type type);

ordered_json mapping_of(std::string_view path) {
  ordered_json out{{"type", "object"}};
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  for (const auto& key : k_keys) {
    if (!is_child(key.path, path)) continue;
    auto value = schema_of(key.path, key.type);
    if (!key.doc.empty()) value["description"] = key.doc;
    if (last_part(key.path) == "*") {
      out["additionalProperties"] = std::move(value);
      out["minProperties"] = 1;
      continue;
    }
    if (key.fallback == k_required) required.push_back(last_part(key.path));
    properties[std::string(last_part(key.path))] = std::move(value);
  }
  if (!properties.empty()) out["properties"] = std::move(properties);
  if (!out.contains("additionalProperties")) out["additionalProperties"] = false;
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

ordered_json schema_of(std::string_view path, Type type) {
  switch (type) {
    case Type::integer:
      return {{"type", "integer"}, {"minimum", 1}, {"maximum", 4294967295}};
    case Type::boolean:
      return {{"type", "boolean"}};
    case Type::port:
      return {{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}};
    case Type::address:
      return {{"type", "string"}, {"format", "ipv4"}};
    case Type::cidr:
      return {{"type", "string"}, {"pattern", "^[0-9.]+/[0-9]+$"}};
    case Type::text:
      return {{"type", "string"}, {"minLength", 1}};
    case Type::list:
      return {{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}};
    case Type::options:
      return {{"type", "object"},
              {"additionalProperties", {{"type", {"string", "number", "boolean", "null"}}}}};
    case Type::secret: {
      ordered_json source{{"type", "object"}, {"minProperties", 1}, {"maxProperties", 1}};
      source["properties"] = {{"env", {{"type", "string"}}},
                              {"file", {{"type", "string"}}},
                              {"command", {{"type", "string"}}}};
      source["additionalProperties"] = false;
      return {{"anyOf", {source, {{"type", "string"}}}}};
    }
    case Type::host:
    case Type::artefact:
      return {{"anyOf", {{{"type", "string"}}, mapping_of(path)}}};
    case Type::map:
      return mapping_of(path);
  }
  return {};
}

}  // namespace

std::span<const Key> keys() { return k_keys; }

std::vector<std::string> names_under(std::string_view path) {
  std::vector<std::string> out;
  for (const auto& key : k_keys) {
    if (is_child(key.path, path) && last_part(key.path) != "*") {
      out.emplace_back(last_part(key.path));
    }
  }
  return out;
}

std::string pattern_of(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const auto part = path.substr(0, dot);
    const bool own_names = out == "hosts" || out == "mysql.servers";
    out += (out.empty() ? "" : ".") + std::string(own_names ? "*" : part);
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return out;
}

std::string render_key_table() {
  std::string out = "| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const auto& key : k_keys) {
    std::string doc(key.doc);
    out += fmt::format("| `{}` | {} | {} | {} |\n", key.path, word(key.type), key.fallback, doc);
  }
  return out;
}

std::string render_schema() {
  ordered_json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "mrc topology, format 1"}};
  schema.update(mapping_of(""));
  return schema.dump(2) + "\n";
}

}  // namespace mrc::topology

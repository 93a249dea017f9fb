#include "property/wish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace mrc::test::property {
namespace {

std::vector<unsigned> bits(unsigned mask) {
  std::vector<unsigned> out;
  for (unsigned i = 0; i < k_host_count; ++i) {
    if ((mask >> i & 1U) != 0) out.push_back(i);
  }
  if (out.empty()) out.push_back(0);
  return out;
}

unsigned mask_of(const std::vector<unsigned>& numbers) {
  unsigned mask = 0;
  for (const auto one : numbers) mask |= 1U << one;
  return mask;
}

/// As the file has it: what an edit does not mean then stays.
Wish canonical(Wish wish) {
  const auto hosts = bits(wish.hosts);
  wish.hosts = mask_of(hosts);
  wish.members &= wish.hosts;
  if (wish.members == 0) wish.members = 1U << hosts.front();
  std::vector<ServerWish> servers;
  std::set<unsigned> seen;
  for (auto one : wish.servers) {
    one.name %= k_server_count;
    one.host %= k_host_count;
    if ((wish.hosts >> one.host & 1U) == 0) one.host = hosts[one.host % hosts.size()];
    if (seen.insert(one.name).second) servers.push_back(one);
  }
  if (servers.empty()) servers.push_back({0, hosts.front(), 0, 0, 0});
  wish.servers = std::move(servers);
  wish.master %= static_cast<unsigned>(wish.servers.size());
  return wish;
}

ServerWish* server(Wish& wish, unsigned which) {
  if (wish.servers.empty()) return nullptr;
  return &wish.servers[which % wish.servers.size()];
}

const char* const k_options[] = {
    "max_connections: 151", "max_connections: 500", "wait_timeout: 60"};

}  // namespace

std::string root_password(const Wish& wish) {
  return fmt::format("root-{}-{}'\"\\#", k_secret_core, wish.root_password % 2);
}
std::string root_password_before(const Wish& wish) {
  auto other = wish;
  ++other.root_password;
  return root_password(other);
}
std::string replication_password(const Wish& wish) {
  return fmt::format("repl-{}-{}'\"\\#", k_secret_core, wish.password % 2);
}

std::string render_topology(const Wish& any) {
  const auto wish = canonical(any);
  std::string out = "mrc: 1\nname: orders\nhosts:\n";
  for (const auto host : bits(wish.hosts)) {
    out += fmt::format("  docker{}: 192.168.55.{}\n", host + 1, 111 + host);
  }
  out += "etcd:\n";
  if (wish.external_etcd) {
    out += "  endpoints: [http://10.9.9.9:2379]\n";
  } else {
    out += "  members: [";
    for (const auto member : bits(wish.members)) {
      out += fmt::format("{}docker{}", out.ends_with('[') ? "" : ", ", member + 1);
    }
    out += fmt::format("]\n  cluster_token: token-{}\n", wish.token % 2);
  }
  out += fmt::format(
      "calico:\n  version: v0.22.0\n  pool: 10.77.0.0/24\n  profile: mysql-{}\n"
      "  ipip: {}\n  nat_outgoing: {}\n  libnetwork: {}\n  node_image: calico/node:v0.22.{}\n",
      wish.profile % 2,
      (wish.pool_options & 1U) != 0,
      (wish.pool_options & 2U) != 0,
      wish.libnetwork,
      wish.node_image % 2);
  out += fmt::format(
      "mysql:\n  image: mysql:{}\n  root_password: {{env: ROOT}}\n{}  root_host: '{}'\n"
      "  replication: {{user: repl{}, password: {{env: REPL}}, max_connections: {}}}\n"
      "  data_root: /opt/Docker\n",
      wish.image % 2 == 0 ? "5.6" : "5.6.51",
      wish.root_password_before ? "  root_password_before: {env: ROOT_BEFORE}\n" : "",
      wish.root_anywhere ? "%" : "localhost",
      wish.user % 2 == 0 ? "" : "2",
      wish.limit == 0 ? 0 : 20 + wish.limit);
  if (wish.restart != 0) out += fmt::format("  restart: for {}\n", wish.restart);
  if (wish.option != 0) out += fmt::format("  options: {{{}}}\n", k_options[wish.option % 3]);
  out += "  servers:\n";
  for (const auto& one : wish.servers) {
    out += fmt::format("    mysql-{}: {{host: docker{}, address: 10.77.0.{}, server_id: {}",
                       one.name + 1,
                       one.host + 1,
                       50 + one.name + (one.address % 2 == 0 ? 0U : 100U),
                       one.name + 1);
    if (one.port != 0 || wish.writer_port != 0) {
      out += fmt::format(", expose: {}", (one.port % 2 == 0 ? 3306 : 13306) + one.name);
    }
    if (one.option != 0) out += fmt::format(", options: {{{}}}", k_options[one.option % 3]);
    out += "}\n";
  }
  out += fmt::format("  master: mysql-{}\n", wish.servers[wish.master].name + 1);
  if (wish.writer_port != 0) {
    out += fmt::format("expose: {{port: 3306, writer_port: {}}}\n", 6600 + wish.writer_port % 2);
  }
  return out;
}

const std::vector<EditKind>& edit_kinds() {
  using W = Wish;
  static const std::vector<EditKind> all = {
      {"a server's option",
       true,
       [](W& wish, unsigned which, unsigned to) {
         if (auto* one = server(wish, which)) one->option = to % 3;
       }},
      {"options of all", true, [](W& wish, unsigned, unsigned to) { wish.option = to % 3; }},
      {"image", true, [](W& wish, unsigned, unsigned to) { wish.image = to % 2; }},
      {"a restart", true, [](W& wish, unsigned, unsigned to) { wish.restart = to % 3; }},
      {"a port",
       true,
       [](W& wish, unsigned which, unsigned to) {
         if (auto* one = server(wish, which)) one->port = to % 3;
       }},
      {"a port for writers",
       true,
       [](W& wish, unsigned, unsigned to) { wish.writer_port = to % 3; }},
      {"pool options", true, [](W& wish, unsigned, unsigned to) { wish.pool_options = to % 4; }},
      {"libnetwork", true, [](W& wish, unsigned, unsigned) { wish.libnetwork = true; }},
      {"no libnetwork", true, [](W& wish, unsigned, unsigned) { wish.libnetwork = false; }},
      {"node image", true, [](W& wish, unsigned, unsigned to) { wish.node_image = to % 2; }},
      {"a server more",
       true,
       [](W& wish, unsigned which, unsigned to) {
         wish.servers.push_back({which % k_server_count, to, to % 3, 0, 0});
       }},
      {"a host more",
       true,
       [](W& wish, unsigned which, unsigned) { wish.hosts |= 1U << which % k_host_count; }},
      // The master stays: a switchover is for itself, see `switched`.
      {"a server less",
       true,
       [](W& wish, unsigned which, unsigned) {
         which %= static_cast<unsigned>(wish.servers.size());
         if (which == wish.master) return;
         wish.servers.erase(wish.servers.begin() + which);
         if (which < wish.master) --wish.master;
       }},
      {"a slave moves",
       true,
       [](W& wish, unsigned which, unsigned to) {
         which %= static_cast<unsigned>(wish.servers.size());
         if (which != wish.master) wish.servers[which].host = to;
       }},
      {"a host less",
       true,
       [](W& wish, unsigned which, unsigned) {
         which %= k_host_count;
         const bool has_master = wish.servers[wish.master].host == which;
         const bool has_member = !wish.external_etcd && (wish.members >> which & 1U) != 0;
         if (!has_master && !has_member) wish.hosts &= ~(1U << which);
       }},
      {"members", true, [](W& wish, unsigned, unsigned to) { wish.members = to; }},
      {"address",
       true,
       [](W& wish, unsigned which, unsigned to) {
         if (auto* one = server(wish, which)) one->address = to % 2;
       }},
      {"profile", true, [](W& wish, unsigned, unsigned to) { wish.profile = to % 2; }},
      {"replication user", true, [](W& wish, unsigned, unsigned to) { wish.user = to % 2; }},
      {"replication password",
       true,
       [](W& wish, unsigned, unsigned to) { wish.password = to % 2; }},
      {"replication limits", true, [](W& wish, unsigned, unsigned to) { wish.limit = to % 3; }},
      {"root password",
       true,
       [](W& wish, unsigned, unsigned to) {
         wish.root_password = to % 2;
         wish.root_password_before = true;
       }},
      {"root host", true, [](W& wish, unsigned, unsigned to) { wish.root_anywhere = to % 2 == 1; }},
  };
  return all;
}

namespace {

std::vector<const EditKind*> landed() {
  std::vector<const EditKind*> out;
  for (const auto& one : edit_kinds()) {
    if (one.landed) out.push_back(&one);
  }
  return out;
}

}  // namespace

Wish edited(Wish wish, const std::vector<Edit>& edits) {
  const auto kinds = landed();
  for (const auto& edit : edits) {
    wish = canonical(std::move(wish));
    kinds[edit.kind % kinds.size()]->apply(wish, edit.which, edit.to);
  }
  return wish;
}

Wish switched(Wish wish, unsigned to) {
  wish = canonical(std::move(wish));
  wish.master = to % static_cast<unsigned>(wish.servers.size());
  return wish;
}

std::string names(const std::vector<Edit>& edits) {
  const auto kinds = landed();
  std::string out;
  for (const auto& edit : edits) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", kinds[edit.kind % kinds.size()]->name);
  }
  return out;
}

}  // namespace mrc::test::property

// The section mysql: of the topology.

#include <algorithm>
#include <array>
#include <charconv>

#include "topology/mysql_options.hpp"
#include "topology/reader.hpp"

namespace mrc::topology {
namespace {

/// What the file's words must keep to, from this version on. The oldest that mrc speaks come first.
struct Generation {
  Flavour flavour;
  ServerVersion from;
  std::size_t longest_user;
  bool server_key;  ///< accounts log in by TLS, or else with the server's key
  bool tls_client;  ///< its own client can log in by TLS without files, as mrc does
};
constexpr std::array k_generations{Generation{Flavour::mysql, {5, 6}, 16, false, false},
                                   Generation{Flavour::mysql, {5, 7}, 32, false, true},
                                   Generation{Flavour::mysql, {8, 0}, 32, true, true},
                                   Generation{Flavour::mariadb, {10, 10}, 128, false, true}};

const Generation* generation_of(const Mysql& mysql) {
  const Generation* best = nullptr;
  for (const auto& one : k_generations) {
    if (one.flavour == mysql.flavour && one.from <= mysql.version) best = &one;
  }
  return best;
}

std::string_view name_of(Flavour flavour) {
  return flavour == Flavour::mariadb ? "MariaDB" : "MySQL";
}

/// "8.4", "8.4.10-oracle"; a major alone where all of its minors speak alike: "9", "26", MariaDB's
/// "11".
std::optional<ServerVersion> parse_version(std::string_view text, Flavour flavour) {
  ServerVersion version;
  const auto* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, version.major);
  if (error != std::errc{}) return {};
  if (dot == end || *dot == '-') {
    const int alike = flavour == Flavour::mariadb ? 12 : 9;
    if (version.major < alike) return {};
    return version;
  }
  if (*dot != '.') return {};
  const auto [rest, failed] = std::from_chars(dot + 1, end, version.minor);
  if (failed != std::errc{} || (rest != end && *rest != '.' && *rest != '-')) return {};
  return version;
}

/// Whether an official image of this tag was made before images took root's password from a file
/// and its hosts from a variable, in whose place they end, or make accounts of their own choice.
/// Tags of a series alone, as 5.6, mean its last image.
bool is_born_too_early(std::string_view tag) {
  constexpr std::array<std::pair<std::string_view, int>, 2> able{{{"5.6.", 35}, {"5.7.", 17}}};
  for (const auto& [series, from] : able) {
    int patch = from;
    if (!tag.starts_with(series)) continue;
    const auto number = tag.substr(series.size());
    std::from_chars(number.data(), number.data() + number.size(), patch);
    return patch < from;
  }
  return false;
}

std::string bare_option(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '_', '-');
  std::string_view bare = plain;
  for (const std::string_view prefix : {"loose-", "skip-", "disable-", "enable-"}) {
    if (bare.starts_with(prefix) && bare != "skip-networking" && bare != "skip-slave-start") {
      bare.remove_prefix(prefix.size());
    }
  }
  return std::string(bare);
}

bool is_control(char one) { return (one >= 0 && one < ' ') || one == 127; }

/// Options that mrc sets itself, and why an operator's would break the deployment.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> k_own_options{{
    {"server-id", "it is the server's server_id"},
    {"gtid-mode", "replication here is by GTID"},
    {"enforce-gtid-consistency", "replication here is by GTID"},
    {"log-bin", "slaves read this log, and its name must outlive the container"},
    {"relay-log", "its name must outlive the container"},
    {"log-slave-updates", "a slave must be able to become the master"},
    {"log-replica-updates", "a slave must be able to become the master"},
    {"datadir", "the data directory is mounted"},
    {"port", "everything reaches the servers at 3306; see expose"},
    {"socket", "the image's client looks for it"},
    {"read-only", "it follows the server's role"},
    {"super-read-only", "it follows the server's role"},
    {"skip-networking", "slaves connect by TCP"},
    {"report-host", "it is the server's address"},
    {"user", "the image decides"},
    {"bind-address", "the server must listen on its Calico address"},
    {"skip-slave-start", "slaves must come back by themselves"},
    {"replica-start", "slaves must come back by themselves"},
    {"log-basename", "the names of the logs must outlive the container"},
}};

}  // namespace

Options Reader::options(const Section& section) {
  Options out;
  const auto value = section.get("options");
  if (!value || value->is_null()) return out;
  for (const auto& [name, part] : value->entries(m_diags)) {
    const auto bare = bare_option(name);
    if (name.empty() || !all_of(name, "-_.") || name.starts_with('-')) {
      m_diags.error("MRC-T040", part.key_at(), "'{}' is no name of an option of mysqld", name)
          .hint("without leading dashes: max_connections: 500");
      continue;
    }
    const auto own = std::find_if(k_own_options.begin(), k_own_options.end(), [&](const auto& one) {
      return one.first == bare;
    });
    if (own != k_own_options.end()) {
      m_diags.error("MRC-T041", part.key_at(), "mrc sets {} itself: {}", name, own->second);
      continue;
    }
    if (part.is_null()) {
      out.emplace_back(name, std::nullopt);
    } else if (auto written = part.scalar(m_diags)) {
      if (written->find('\n') != std::string::npos) {
        m_diags.error("MRC-T042", part.at(), "a line break in the option {}", name);
      }
      out.emplace_back(name, std::move(*written));
    }
  }
  return out;
}

void Reader::image(const Section& section, Mysql& mysql) {
  mysql.image.value = needed_text(section, "image");
  if (mysql.image->empty()) return;
  mysql.image.at = section.get("image")->at();
  if (!all_of(*mysql.image, "._-/:@") || mysql.image->starts_with('-')) {
    m_diags.error("MRC-T060", mysql.image.at, "'{}' is no name of an image", *mysql.image);
    return;
  }
  const auto slash = mysql.image->rfind('/');
  const auto last = mysql.image->substr(slash == std::string::npos ? 0 : slash + 1);
  const auto digest = last.find('@');
  const auto colon = last.substr(0, digest).find(':');
  const auto tag = colon == std::string::npos ? "" : last.substr(0, digest).substr(colon + 1);
  if ((tag.empty() && digest == std::string::npos) || tag == "latest") {
    m_diags
        .error(
            "MRC-T061", mysql.image.at, "'{}' means another server every few months", *mysql.image)
        .hint("name a version: mysql:5.7");
    return;
  }
  const auto written = section.get("version");
  const auto told = written ? text(section, "version", "") : tag;
  const bool mariadb = last.starts_with("mariadb") || told.find("MariaDB") != std::string::npos;
  mysql.flavour = mariadb ? Flavour::mariadb : Flavour::mysql;
  const auto version = parse_version(told, mysql.flavour);
  const auto at = written ? written->at() : mysql.image.at;
  if (!version) {
    m_diags.error("MRC-T062", at, "which server version this is, cannot be told from '{}'", told)
        .hint("add mysql.version: \"{}\"", mariadb ? "11.8-MariaDB" : "8.4");
    return;
  }
  mysql.version = *version;
  const auto* const known = generation_of(mysql);
  if (known == nullptr) {
    m_diags
        .error("MRC-T063",
               at,
               "this mrc does not speak the dialect of {} {}.{}",
               name_of(mysql.flavour),
               version->major,
               version->minor)
        .hint("it speaks MySQL 5.6 and newer, and MariaDB 10.10 and newer");
    return;
  }
  if (last.substr(0, last.find_first_of(":@")) == "mysql" && is_born_too_early(tag)) {
    m_diags
        .warning("MRC-T093",
                 mysql.image.at,
                 "the official image {} is older than what mrc needs to make a data directory",
                 *mysql.image)
        .hint(
            "give it mysql:{}.{}, which is the last of its series", version->major, version->minor);
  }
  if (mysql.replication_user.size() > known->longest_user) {
    m_diags.error("MRC-T064",
                  section.get("replication")->key_at(),
                  "the user name '{}' is longer than the {} characters of {} {}.{}",
                  mysql.replication_user,
                  known->longest_user,
                  name_of(mysql.flavour),
                  version->major,
                  version->minor);
  }
  if (mysql.replication_tls ==
      (known->server_key ? ReplicationTls::off : ReplicationTls::server_key)) {
    m_diags.error("MRC-T077",
                  section.get("replication")->get("tls")->at(),
                  "{} {}.{} {}",
                  name_of(mysql.flavour),
                  version->major,
                  version->minor,
                  known->server_key ? "lets accounts log in by TLS, or else with server-key"
                                    : "has no such key for slaves");
  }
  if (mysql.replication_requires_tls && !known->tls_client) {
    m_diags.error("MRC-T079",
                  section.get("replication")->get("require")->at(),
                  "with {} {}.{} mrc cannot log in by TLS to see that the account works",
                  name_of(mysql.flavour),
                  version->major,
                  version->minor);
  }
}

void Reader::replication(const Section& section, Mysql& mysql) {
  mysql.replication_user = text(section, "user", "repl");
  if (!all_of(mysql.replication_user, "_.-") || mysql.replication_user == "root") {
    m_diags
        .error("MRC-T068",
               section.get("user")->at(),
               "'{}' is no name for the replication user",
               mysql.replication_user)
        .hint("letters, digits, '_', '.', '-'; not root");
  }
  if (const auto value = need(section, "password")) mysql.replication_password = secret(*value);
  const auto tls = text(section, "tls", "auto");
  if (tls == "off") {
    mysql.replication_tls = ReplicationTls::off;
  } else if (tls == "server-key") {
    mysql.replication_tls = ReplicationTls::server_key;
  } else if (tls != "auto") {
    m_diags.error("MRC-T076",
                  section.get("tls")->at(),
                  "mysql.replication.tls is auto, off or server-key, not '{}'",
                  tls);
  }
  const auto require = text(section, "require", "none");
  mysql.replication_requires_tls = require == "ssl";
  if (require != "ssl" && require != "none") {
    m_diags.error("MRC-T079",
                  section.get("require")->at(),
                  "mysql.replication.require is none or ssl, not '{}'",
                  require);
  } else if (require == "ssl" && (tls == "off" || tls == "server-key")) {
    m_diags.error("MRC-T079",
                  section.get("require")->at(),
                  "slaves that connect without TLS (tls: {}) would not be let in",
                  tls);
  }
  if (const auto value = find(section, "max_connections")) {
    const auto number = value->integer(m_diags);
    if (number && (*number < 0 || *number > 100000)) {
      m_diags.error("MRC-T092",
                    value->at(),
                    "mysql.replication.max_connections must be 0 to 100000, not {}",
                    *number);
    } else if (number) {
      mysql.replication_max_connections = {static_cast<std::uint32_t>(*number), value->at()};
    }
  }
}

/// What servers of the file's version are known to refuse.
void Reader::check_options(const Section& section, const Mysql& mysql) {
  const auto value = section.get("options");
  if (!value || !value->is_map() || generation_of(mysql) == nullptr) return;
  for (const auto& [name, part] : value->entries(m_diags)) {
    if (name.starts_with("loose")) continue;
    const auto instead = unknown_option(mysql.flavour, mysql.version, bare_option(name));
    if (!instead) continue;
    auto error = m_diags.error("MRC-T078",
                               part.key_at(),
                               "{} {}.{} has no option {}",
                               name_of(mysql.flavour),
                               mysql.version.major,
                               mysql.version.minor,
                               name);
    if (!instead->empty()) error.hint("what it may have is {}", *instead);
  }
}

std::vector<Server> Reader::servers(const Section& section) {
  std::vector<Server> out;
  const auto list = need(section, "servers");
  if (!list) return out;
  for (const auto& [name, value] : list->entries(m_diags)) {
    Server server;
    server.id = ServerId(name);
    server.at = value.key_at();
    if (!is_plain_name(name)) {
      m_diags.error("MRC-T044", value.key_at(), "'{}' is no name for a server", name)
          .hint("letters, digits, '.', '_', '-', at most 63, a letter or digit first");
    }
    if (!value.is_map()) {
      m_diags.error("MRC-T011",
                    value.key_at(),
                    "{} must be a mapping with host, address and server_id",
                    value.path());
      continue;
    }
    check_names(value);
    server.host = HostId(needed_text(value, "host"));
    if (const auto part = need(value, "address")) server.address = address(*part).value_or(Ipv4());
    if (const auto part = need(value, "server_id")) {
      const auto number = part->integer(m_diags);
      if (number && (*number < 1 || *number > 4294967295)) {
        m_diags.error("MRC-T065", part->at(), "server_id must be 1 to 4294967295, not {}", *number);
      } else if (number) {
        server.server_id = static_cast<std::uint32_t>(*number);
      }
    }
    server.options = options(value);
    server.expose = port(value, "expose");
    out.push_back(std::move(server));
  }
  if (list->is_map() && out.empty())
    m_diags.error("MRC-T066", list->key_at(), "there is no server");
  return out;
}

Mysql Reader::mysql(const Section& root) {
  Mysql out;
  const auto section = need(root, "mysql");
  if (!section) return out;
  check_names(*section);
  if (const auto value = need(*section, "root_password")) out.root_password = secret(*value);
  if (const auto value = find(*section, "root_password_before")) {
    out.root_password_before = secret(*value);
  }
  out.root_host = text(*section, "root_host", "localhost");
  if (out.root_host != "localhost" && out.root_host != "%") {
    m_diags.error("MRC-T067",
                  section->get("root_host")->at(),
                  "mysql.root_host is localhost or \"%\", not '{}'",
                  out.root_host);
  }
  out.replication_user = "repl";
  if (const auto part = need(*section, "replication")) {
    check_names(*part);
    replication(*part, out);
  }
  image(*section, out);
  out.options = options(*section);
  check_options(*section, out);
  out.copy_before_upgrade = flag(*section, "copy_before_upgrade");
  out.restart = text(*section, "restart", "");
  if (std::any_of(out.restart.begin(), out.restart.end(), is_control)) {
    m_diags.error(
        "MRC-T094", section->get("restart")->at(), "mysql.restart must be one line of plain text");
  }
  out.data_root = text(*section, "data_root", "/opt/Docker");
  if (!out.data_root.starts_with('/') || out.data_root == "/" || out.data_root.ends_with('/') ||
      !all_of(out.data_root, "/._-") || out.data_root.find("..") != std::string::npos) {
    m_diags.error(
        "MRC-T069",
        section->get("data_root")->at(),
        "mysql.data_root must be an absolute path of plain characters, without a slash at its end");
  }
  out.servers = servers(*section);
  if (const auto list = section->get("servers"); list && list->is_map()) {
    for (const auto& [name, value] : list->entries(m_diags)) {
      if (value.is_map()) check_options(value, out);
    }
  }
  if (const auto master = need(*section, "master")) {
    out.master = {ServerId(master->text(m_diags).value_or("")), master->at()};
  }
  return out;
}

}  // namespace mrc::topology

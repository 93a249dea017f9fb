#include "topology/reader.hpp"

#include <algorithm>
#include <array>

#include "topology/keys.hpp"

namespace mrc::topology {

bool all_of(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && all_of(name, "_.-") && all_of(name.substr(0, 1), "");
}

void Reader::check_names(const Section& section) {
  const auto known = names_under(pattern_of(section.path()));
  for (const auto& [name, value] : section.entries(m_diags)) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto report = m_diags.error("MRC-T020",
                                value.key_at(),
                                "unknown key '{}'{}",
                                name,
                                section.path().empty() ? "" : " in " + section.path());
    if (const auto near = closest(name, known)) {
      report.hint("did you mean '{}'?", *near);
    } else {
      report.hint("known here: {}", fmt::join(known, ", "));
    }
  }
}

std::optional<Section> Reader::find(const Section& section, std::string_view key) {
  auto value = section.get(key);
  if (value && value->is_null()) {
    m_diags.error("MRC-T021", value->key_at(), "{} has no value", value->path())
        .hint("give it one, or leave the key out");
    return {};
  }
  return value;
}

std::optional<Section> Reader::need(const Section& section, std::string_view key) {
  if (section.get(key)) return find(section, key);
  m_diags.error("MRC-T022",
                section.key_at(),
                "{}{} is missing",
                section.path().empty() ? "" : section.path() + ".",
                key);
  return {};
}

std::string Reader::text(const Section& section, std::string_view key, std::string_view fallback) {
  const auto value = find(section, key);
  if (!value) return std::string(fallback);
  return value->text(m_diags).value_or(std::string(fallback));
}

std::string Reader::needed_text(const Section& section, std::string_view key) {
  const auto value = need(section, key);
  return value ? value->text(m_diags).value_or("") : "";
}

bool Reader::flag(const Section& section, std::string_view key) {
  const auto value = find(section, key);
  return value && value->boolean(m_diags).value_or(false);
}

std::optional<Port> Reader::port(const Section& section, std::string_view key) {
  const auto value = find(section, key);
  const auto number = value ? value->integer(m_diags) : std::nullopt;
  if (!number) return {};
  const auto made = Port::from(*number);
  if (!made) {
    m_diags.error(
        "MRC-T023", value->at(), "{} must be a port, 1 to 65535, not {}", value->path(), *number);
  }
  return made;
}

std::optional<Ipv4> Reader::address(const Section& value) {
  const auto written = value.text(m_diags);
  if (!written) return {};
  const auto made = Ipv4::parse(*written);
  if (!made) {
    m_diags.error(
        "MRC-T024", value.at(), "{} must be an IPv4 address, not '{}'", value.path(), *written);
  }
  return made;
}

SecretSource Reader::secret(const Section& value) {
  using Kind = SecretSource::Kind;
  SecretSource source{Kind::env, {}, value.path(), value.at()};
  if (!value.is_map()) {
    source.kind = Kind::literal;
    source.value = value.text(m_diags).value_or("");
    m_diags.warning("MRC-T030", value.key_at(), "{} is written in the file itself", value.path())
        .hint("take it from {{env: NAME}}, {{file: PATH}} or {{command: COMMAND}}");
    return source;
  }
  const auto entries = value.entries(m_diags);
  constexpr std::array<std::pair<std::string_view, Kind>, 3> kinds{
      {{"env", Kind::env}, {"file", Kind::file}, {"command", Kind::command}}};
  for (const auto& [name, part] : entries) {
    const auto kind = std::find_if(
        kinds.begin(), kinds.end(), [&, &key = name](const auto& one) { return one.first == key; });
    if (kind == kinds.end()) {
      m_diags.error("MRC-T020", part.key_at(), "unknown source of a secret '{}'", name)
          .hint("known: env, file, command");
      continue;
    }
    source.kind = kind->second;
    source.value = part.text(m_diags).value_or("");
    source.at = part.at();
  }
  if (entries.size() != 1) {
    m_diags.error(
        "MRC-T031", value.key_at(), "{} needs one source, not {}", value.path(), entries.size());
  }
  return source;
}

std::optional<ArtefactSource> Reader::artefact(const Section& value) {
  ArtefactSource source;
  source.at = value.at();
  if (!value.is_map()) {
    source.path = value.text(m_diags).value_or("");
  } else {
    check_names(value);
    source.path = text(value, "path", "");
    source.url = text(value, "url", "");
    source.sha256 = text(value, "sha256", "");
  }
  if (source.path.empty() == source.url.empty()) {
    m_diags.error("MRC-T032", value.key_at(), "{} needs a path or a url", value.path());
    return {};
  }
  if (!source.url.empty() && !source.url.starts_with("http://") &&
      !source.url.starts_with("https://") && !source.url.starts_with("file://")) {
    m_diags.error(
        "MRC-T033", value.key_at(), "{}.url must be an http, https or file URL", value.path());
  }
  if (!source.url.empty() && source.sha256.empty()) {
    m_diags
        .error("MRC-T034", value.key_at(), "{}.url needs the sha256 of what it gives", value.path())
        .hint("an unverified program is never put on a host");
  }
  const bool hex = source.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!source.sha256.empty() && (source.sha256.size() != 64 || !hex)) {
    m_diags.error(
        "MRC-T035", value.key_at(), "{}.sha256 must be 64 lowercase hex digits", value.path());
  }
  if (!source.path.empty()) source.path = (m_folder / source.path).lexically_normal().string();
  return source;
}

Ssh Reader::ssh(const Section& root) {
  Ssh out;
  const auto section = find(root, "ssh");
  if (!section) return out;
  check_names(*section);
  out.user = text(*section, "user", "");
  out.port = port(*section, "port").value_or(Port()).number();
  out.become = flag(*section, "become");
  if (const auto value = find(*section, "become_password")) out.become_password = secret(*value);
  if (out.user.starts_with('-') || !all_of(out.user, "._-@\\$+")) {
    m_diags.error("MRC-T043", section->get("user")->at(), "'{}' is no login name", out.user);
  }
  return out;
}

Host Reader::host(const std::string& name, const Section& value) {
  Host out;
  out.id = HostId(name);
  out.at = value.key_at();
  if (!is_plain_name(name)) {
    m_diags.error("MRC-T044", value.key_at(), "'{}' is no name for a host", name)
        .hint("letters, digits, '.', '_', '-', at most 63, a letter or digit first");
  }
  auto address_at = value.at();
  if (value.is_map()) {
    check_names(value);
    out.address = needed_text(value, "address");
    if (const auto written = value.get("address")) address_at = written->at();
    if (const auto ip = find(value, "ip")) out.ip = address(*ip).value_or(Ipv4());
    out.interface = text(value, "interface", "");
    out.host_key = text(value, "host_key", "");
    out.user = text(value, "user", "");
    out.port = port(value, "port").value_or(Port()).number();
  } else {
    out.address = value.text(m_diags).value_or("");
  }
  if (out.address.empty()) return out;
  if (out.address.starts_with('-') || !all_of(out.address, ".-_")) {
    m_diags.error(
        "MRC-T045", address_at, "'{}' is neither an IPv4 address nor a host name", out.address);
  } else if (const auto ip = Ipv4::parse(out.address)) {
    if (out.ip == Ipv4()) out.ip = *ip;
  } else if (out.address.find_first_not_of("0123456789.") == std::string::npos) {
    m_diags.error("MRC-T045", address_at, "'{}' is no IPv4 address", out.address);
  } else if (out.ip == Ipv4()) {
    m_diags.error("MRC-T046", address_at, "the host {} is given by name and needs its ip too", name)
        .hint("{}: {{address: {}, ip: 192.0.2.1}}", name, out.address);
  }
  if (out.interface.size() > 15 || !all_of(out.interface, ".-_:@")) {
    m_diags.error(
        "MRC-T047", value.get("interface")->at(), "'{}' is no name of an interface", out.interface);
  }
  const auto blank = out.host_key.find(' ');
  if (!out.host_key.empty() &&
      (blank == std::string::npos || out.host_key.find_first_of("\n\r") != std::string::npos)) {
    m_diags.error("MRC-T048", value.get("host_key")->at(), "a host key is a type and a key")
        .hint("as in /etc/ssh/ssh_host_ed25519_key.pub: ssh-ed25519 AAAA...");
  }
  return out;
}

std::vector<Host> Reader::hosts(const Section& root) {
  std::vector<Host> out;
  const auto section = need(root, "hosts");
  if (!section) return out;
  for (const auto& [name, value] : section->entries(m_diags)) out.push_back(host(name, value));
  if (section->is_map() && out.empty()) {
    m_diags.error("MRC-T049", section->key_at(), "there is no host");
  }
  return out;
}

Etcd Reader::etcd(const Section& root) {
  Etcd out;
  const auto section = need(root, "etcd");
  if (!section) return out;
  check_names(*section);
  if (const auto members = find(*section, "members")) {
    for (const auto& item : members->items(m_diags)) {
      if (auto name = item.text(m_diags)) out.members.push_back({HostId(*name), item.at()});
    }
  }
  if (const auto endpoints = find(*section, "endpoints")) {
    for (const auto& item : endpoints->items(m_diags)) {
      auto url = item.text(m_diags);
      if (!url) continue;
      const bool http = url->starts_with("http://") || url->starts_with("https://");
      if (!http || url->ends_with('/') || url->rfind(':') < 6) {
        m_diags.error("MRC-T050", item.at(), "'{}' is no endpoint", *url)
            .hint("http://ADDRESS:PORT, without a slash at the end");
      }
      out.endpoints.push_back(std::move(*url));
    }
  }
  if (section->is_map() && out.members.empty() == out.endpoints.empty()) {
    m_diags.error("MRC-T051",
                  section->key_at(),
                  "etcd needs members, or the endpoints of a cluster that is not ours");
  }
  out.cluster_token = text(*section, "cluster_token", "etcd-cluster-1");
  out.data_dir = text(*section, "data_dir", "/var/lib/etcd/default.etcd");
  if (!out.data_dir.starts_with('/') || !all_of(out.data_dir, "/._-")) {
    m_diags.error("MRC-T052",
                  section->get("data_dir")->at(),
                  "etcd.data_dir must be an absolute path of plain characters");
  }
  if (!all_of(out.cluster_token, "._-")) {
    m_diags.error("MRC-T053",
                  section->get("cluster_token")->at(),
                  "a token is letters, digits, '.', '_', '-'");
  }
  const auto install = text(*section, "install", "package");
  if (install != "package" && install != "none") {
    m_diags.error("MRC-T054",
                  section->get("install")->at(),
                  "etcd.install is package or none, not '{}'",
                  install);
  }
  out.install = install == "none" ? Etcd::Install::none : Etcd::Install::package;
  out.client_port = port(*section, "client_port").value_or(Port(2379));
  out.peer_port = port(*section, "peer_port").value_or(Port(2380));
  return out;
}

std::optional<Expose> Reader::expose(const Section& root) {
  const auto section = find(root, "expose");
  if (!section) return {};
  check_names(*section);
  if (!need(*section, "port")) return {};
  const auto number = port(*section, "port");
  if (!number) return {};
  Expose out{*number, {}, text(*section, "interface", "")};
  if (const auto writer = find(*section, "writer_port")) {
    if (const auto value = port(*section, "writer_port")) out.writer_port = {*value, writer->at()};
  }
  return out;
}

Topology Reader::read(const Section& root) {
  check_names(root);
  if (const auto format = need(root, "mrc")) {
    const auto number = format->integer(m_diags);
    if (number && *number != 1) {
      m_diags.error("MRC-T070", format->at(), "this mrc reads format 1, not {}", *number);
    }
  }
  Topology out;
  out.name = needed_text(root, "name");
  const bool lower =
      std::none_of(out.name.begin(), out.name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!out.name.empty() &&
      (!lower || !all_of(out.name, "-") || out.name.size() > 32 || out.name.starts_with('-'))) {
    m_diags.error("MRC-T071", root.get("name")->at(), "'{}' is no name for a deployment", out.name)
        .hint("lowercase letters, digits and '-', at most 32, not '-' first");
  }
  out.ssh = ssh(root);
  out.hosts = hosts(root);
  out.etcd = etcd(root);
  out.calico = calico(root);
  out.mysql = mysql(root);
  out.expose = expose(root);
  return out;
}

}  // namespace mrc::topology

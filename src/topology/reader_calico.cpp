#include <algorithm>
#include <array>

#include "topology/reader.hpp"

namespace mrc::topology {
namespace {

using Mode = Calico::Mode;

constexpr std::string_view k_v0 = "v0.22.0";
constexpr std::string_view k_v3 = "v3.32.";

constexpr std::array<std::pair<std::string_view, Mode>, 5> k_modes{
    {{"none", Mode::none},
     {"ipip", Mode::ipip},
     {"ipip-cross-subnet", Mode::ipip_cross_subnet},
     {"vxlan", Mode::vxlan},
     {"vxlan-cross-subnet", Mode::vxlan_cross_subnet}}};

/// Keys that only one generation knows.
constexpr std::array k_only_v0{"ipip", "libnetwork", "libnetwork_image"};
constexpr std::array k_only_v3{"mode", "mtu", "cni", "node_archive"};

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Why a version has no driver, where more is to be said than that.
std::string_view why_not(std::string_view version) {
  if (version.starts_with("v3.31.")) {
    return "v3.31 needs Kubernetes: without it, one of the node's services ends again and again; "
           "take v3.32.1";
  }
  if (version.starts_with("v3.33.")) {
    return "v3.33 is another program in many ways, and this mrc has not learned it; take v3.32.1";
  }
  if (version.starts_with("v3.")) return "of v3, this mrc knows v3.32; take v3.32.1";
  if (version.starts_with("3.") || version.starts_with("0.")) return "a version begins with v";
  return "it has: v3.32.x, v0.22.0";
}

/// What Calico v3 takes for the name of a resource: DNS-1123, lowercase.
bool is_resource_name(std::string_view name) {
  const auto is_end = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  char before = '.';
  for (const char c : name) {
    if (!is_end(c) && c != '-' && c != '.') return false;
    if (before == '.' && !is_end(c)) return false;
    if (c == '.' && !is_end(before)) return false;
    before = c;
  }
  return !name.empty() && is_end(name.back());
}

}  // namespace

void Reader::calico_pool(const Section& section, Calico& out) {
  const auto pool = need(section, "pool");
  if (!pool) return;
  out.pool.at = pool->at();
  const auto written = pool->text(m_diags);
  const auto cidr = written ? Cidr::parse(*written) : std::nullopt;
  if (!cidr) {
    if (!written) return;
    m_diags.error("MRC-T056",
                  pool->at(),
                  "calico.pool must be a network, such as 10.77.0.0/24, not '{}'",
                  *written);
    return;
  }
  out.pool.value = *cidr;
  if (cidr->text() != *written) {
    m_diags
        .error("MRC-T057", pool->at(), "'{}' is an address in a network, not a network", *written)
        .hint("write {}", *cidr);
  }
  if (cidr->prefix() > 26) {
    m_diags
        .error("MRC-T058",
               pool->at(),
               "the pool {} is smaller than Calico's block of 64 addresses",
               *cidr)
        .hint("a /26 or larger");
  }
  if (out.is_v3() && cidr->overlaps(Cidr(Ipv4(169U << 24 | 254U << 16), 16))) {
    m_diags.error("MRC-T075",
                  pool->at(),
                  "the pool {} overlaps 169.254.0.0/16, which Calico keeps for links",
                  *cidr);
  }
}

void Reader::calico_profile(const Section& section, Calico& out) {
  out.profile = text(section, "profile", "mysql-replication");
  const auto at = [&] { return section.get("profile")->at(); };
  if (!all_of(out.profile, "._-") || out.profile.size() > 39 || out.profile.starts_with('-')) {
    m_diags.error("MRC-T059", at(), "'{}' is no name of a profile", out.profile)
        .hint("letters, digits, '.', '_', '-', at most 39");
  } else if (out.is_v3() && !is_resource_name(out.profile)) {
    m_diags.error("MRC-T059", at(), "'{}' is no name of a profile in Calico v3", out.profile)
        .hint("lowercase letters, digits, '-', '.', a letter or digit at both ends");
  }
}

void Reader::calico_v3(const Section& section, Calico& out) {
  const auto mode = text(section, "mode", "none");
  const auto known = std::find_if(
      k_modes.begin(), k_modes.end(), [&](const auto& one) { return one.first == mode; });
  if (known != k_modes.end()) {
    out.mode = known->second;
  } else {
    m_diags.error("MRC-T073", section.get("mode")->at(), "'{}' is no mode of a pool", mode)
        .hint("none, ipip, ipip-cross-subnet, vxlan or vxlan-cross-subnet");
  }
  if (const auto value = find(section, "mtu")) {
    const auto number = value->integer(m_diags);
    if (number && (*number < 576 || *number > 9216)) {
      m_diags.error("MRC-T074", value->at(), "calico.mtu must be 576 to 9216, not {}", *number);
    } else if (number) {
      out.mtu = static_cast<int>(*number);
    }
  }
  if (const auto value = find(section, "cni")) out.cni = artefact(*value);
  if (const auto value = find(section, "node_archive")) out.node_archive = artefact(*value);
  out.node_image = text(section, "node_image", "quay.io/calico/node:" + out.version);
}

void Reader::calico_v0(const Section& section, Calico& out) {
  out.ipip = flag(section, "ipip");
  out.libnetwork = flag(section, "libnetwork");
  out.node_image = text(section, "node_image", "calico/node:v0.22.0");
  out.libnetwork_image = text(section, "libnetwork_image", "calico/node-libnetwork:v0.9.0");
}

Calico Reader::calico(const Section& root) {
  Calico out;
  const auto section = need(root, "calico");
  if (!section) return out;
  check_names(*section);
  out.version = needed_text(*section, "version");
  const bool v3 = out.version.starts_with(k_v3) && is_number(out.version.substr(k_v3.size()));
  if (!out.version.empty() && out.version != k_v0 && !v3) {
    m_diags
        .error("MRC-T055",
               section->get("version")->at(),
               "this mrc has no driver for Calico '{}'",
               out.version)
        .hint("{}", why_not(out.version));
  }
  calico_pool(*section, out);
  out.nat_outgoing = flag(*section, "nat_outgoing");
  calico_profile(*section, out);
  if (const auto value = find(*section, "calicoctl")) out.calicoctl = artefact(*value);
  const auto refuse = [&](const auto& keys, std::string_view generation) {
    for (const auto* key : keys) {
      const auto value = section->get(key);
      if (!value) continue;
      auto report =
          m_diags.error("MRC-T072", value->key_at(), "calico.{} is only for {}", key, generation);
      if (std::string_view(key) == "ipip") report.hint("in v3: mode: ipip");
      if (std::string_view(key) == "mode") report.hint("in v0.22: ipip: true");
    }
  };
  if (out.is_v3()) {
    refuse(k_only_v0, "v0.22");
    calico_v3(*section, out);
  } else {
    refuse(k_only_v3, "v3");
    calico_v0(*section, out);
  }
  return out;
}

}  // namespace mrc::topology

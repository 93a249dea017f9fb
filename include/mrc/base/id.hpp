#pragma once

#include <fmt/format.h>

#include <compare>
#include <string>
#include <utility>

namespace mrc {

/// A name of one kind: a host's is no server's. Ordered, hashable through `text()`, printable.
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : m_text(std::move(text)) {}
  const std::string& text() const { return m_text; }
  bool empty() const { return m_text.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string m_text;
};

/// A host's key under `hosts:` in the topology.
using HostId = Id<struct HostTag>;
/// A server's key under `mysql.servers:`; also its container's name.
using ServerId = Id<struct ServerTag>;
/// "etcd/docker3/member-add": the same step has the same id in every run.
using StepId = Id<struct StepTag>;

}  // namespace mrc

template <class Tag>
struct fmt::formatter<mrc::Id<Tag>> : fmt::formatter<std::string> {
  auto format(const mrc::Id<Tag>& id, format_context& ctx) const {
    return fmt::formatter<std::string>::format(id.text(), ctx);
  }
};

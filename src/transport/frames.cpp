#include "transport/frames.hpp"

#include <fmt/format.h>

namespace mrc::transport {
namespace {

constexpr std::size_t k_big = 65536;

/// The one place where a secret becomes bytes for a host: into the session's stdin.
std::string_view open_bytes(const shell::Attachment& attachment) {
  if (const auto* secret = std::get_if<Secret>(&attachment.bytes)) {
    return secret->open(SecretKey{});
  }
  return *std::get<std::shared_ptr<const std::string>>(attachment.bytes);
}

}  // namespace

std::string& Frames::tail() {
  if (m_pieces.empty() || !m_pieces.back().lent.empty()) m_pieces.emplace_back();
  return m_pieces.back().own;
}

void Frames::add_line(std::string_view line) { tail().append(line) += '\n'; }

void Frames::add_frame(std::string_view header, std::string_view bytes) {
  add_line(header);
  if (bytes.size() < k_big) {
    tail() += bytes;
  } else {
    m_pieces.push_back({{}, bytes});
  }
}

void Frames::add_script(const shell::Script& script) {
  for (const auto& one : script.attachments()) {
    const auto bytes = open_bytes(one);
    add_frame(fmt::format("F {} {}", bytes.size(), one.name), bytes);
  }
  const auto text = script.text();
  add_line(fmt::format("R {}", text.size()));
  tail() += text;
  ++m_answers;
}

void Frames::add_lock(const LockRequest& lock) {
  add_line(fmt::format("F {} holder", lock.holder.size()));
  tail() += lock.holder;
  add_line(fmt::format("L {}", lock.deployment));
  ++m_answers;
}

std::vector<std::string_view> Frames::pieces() const {
  std::vector<std::string_view> out;
  for (const auto& one : m_pieces) {
    out.push_back(one.lent.empty() ? std::string_view(one.own) : one.lent);
  }
  return out;
}

}  // namespace mrc::transport

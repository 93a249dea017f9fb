#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "transport/child.hpp"
#include "transport/remote_command.hpp"

namespace mrc::test {

/// The far end of a session by itself, spoken to byte by byte.
class RawLoop {
 public:
  explicit RawLoop(std::vector<std::string> shell) : m_child(start(std::move(shell))) {}

  void send(std::string_view bytes) {
    if (!m_child.write(bytes, soon(), {})) throw std::runtime_error("the loop takes no more");
  }
  /// Reads until the text has come.
  bool hear(std::string_view text) {
    while (m_child.inbox.find(text) == std::string::npos) {
      if (!m_child.read_more(soon(), {})) return false;
    }
    return true;
  }
  const std::string& heard() const { return m_child.inbox; }
  void cut() { m_child.close_stdin(); }
  std::optional<int> end() { return m_child.wait(std::chrono::seconds(10)); }

  static std::string hello() { return "N0NCE\n"; }
  static std::string script(const std::string& text) {
    return "R " + std::to_string(text.size()) + "\n" + text;
  }
  static std::string lock(const std::string& name, const std::string& holder) {
    return "F " + std::to_string(holder.size()) + " holder\n" + holder + "L " + name + "\n";
  }

 private:
  static transport::Deadline soon() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(10);
  }
  static transport::Child start(std::vector<std::string> argv) {
    argv.insert(argv.end(), {"-c", transport::remote_loop(), "N0NCE"});
    auto child = transport::Child::spawn(argv);
    if (!child) throw std::runtime_error(child.error().text());
    return std::move(*child);
  }

  transport::Child m_child;
};

}  // namespace mrc::test

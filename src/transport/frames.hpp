#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/shell/script.hpp"
#include "mrc/transport/session.hpp"

namespace mrc::transport {

/// Requests in the form that `remote_loop.sh` reads, as pieces to be written in order. Big contents
/// are lent, not copied: what was added must outlive this.
class Frames {
 public:
  void add_line(std::string_view line);
  void add_script(const shell::Script& script);
  void add_lock(const LockRequest& lock);
  /// How many answers they bring.
  std::size_t answers() const { return m_answers; }
  std::vector<std::string_view> pieces() const;

 private:
  void add_frame(std::string_view header, std::string_view bytes);
  std::string& tail();

  struct Piece {
    std::string own;
    std::string_view lent;
  };
  std::deque<Piece> m_pieces;
  std::size_t m_answers = 0;
};

}  // namespace mrc::transport

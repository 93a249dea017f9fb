#pragma once

#include <string>
#include <utility>

namespace mrc {

/// Opens secrets. Only `transport`, into a session's stdin or a 0600 file, and code that compares
/// or measures one, is a friend in spirit: grep for `SecretKey` shows every place.
struct SecretKey {
  explicit SecretKey() = default;
};

/// A password or the like. It has no `<<`, no formatter and no conversion; what is shown in its
/// place is `label()`, such as "‹secret mysql.root_password›".
class Secret {
 public:
  Secret() = default;
  /// `name` is where it comes from in the topology, "mysql.root_password".
  Secret(std::string name, std::string value)
      : m_name(std::move(name)), m_value(std::move(value)) {}

  const std::string& name() const { return m_name; }
  std::string label() const { return "‹secret " + m_name + "›"; }
  const std::string& open(SecretKey /*why*/) const { return m_value; }
  bool operator==(const Secret&) const = default;

 private:
  std::string m_name;
  std::string m_value;
};

}  // namespace mrc

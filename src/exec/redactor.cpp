#include "mrc/exec/redactor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "mrc/shell/quote.hpp"

namespace mrc::exec {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

void Redactor::add(const Secret& secret) {
  const auto& value = secret.open(SecretKey{});
  // One or two characters are in every text; to redact them would say more than it hides.
  if (value.size() < 3) return;
  const auto escaped = replaced(value, "\\", "\\\\");
  std::set<std::string> forms{value,
                              shell::quote(value),
                              escaped,
                              replaced(value, "'", "''"),
                              replaced(escaped, "'", "''"),
                              replaced(escaped, "\"", "\\\""),
                              replaced(escaped, "'", "\\'")};
  const auto json =
      nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  forms.insert(json.substr(1, json.size() - 2));
  for (const auto& form : forms) m_words.emplace_back(form, secret.label());
  std::stable_sort(m_words.begin(), m_words.end(), [](const auto& a, const auto& b) {
    return a.first.size() > b.first.size();
  });
}

std::string Redactor::clean(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  // One pass, the longest word first, so that no label is taken for a secret in its turn.
  while (!text.empty()) {
    const auto found = std::find_if(m_words.begin(), m_words.end(), [&](const auto& word) {
      return text.starts_with(word.first);
    });
    if (found == m_words.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += found->second;
      text.remove_prefix(found->first.size());
    }
  }
  return out;
}

}  // namespace mrc::exec

#include "mrc/systems/system.hpp"

namespace mrc::systems {

void Observations::put(const HostId& host, std::string system, Observation what) {
  m_seen[{host, std::move(system)}] = std::move(what);
}

Result<const Observation*> Observations::get(const HostId& host, std::string_view system) const {
  const auto found = m_seen.find({host, std::string(system)});
  if (found == m_seen.end()) {
    return fail(ErrorKind::unreadable, "the answer of {} lacks its part on {}", host, system);
  }
  if (found->second.status != 0) {
    Error error{ErrorKind::unreadable,
                fmt::format("the probe of {} failed with status {}: {}",
                            system,
                            found->second.status,
                            excerpt(found->second.err, 200)),
                {fmt::format("reading {}", host)},
                found->second.status,
                found->second.err};
    return fail(std::move(error));
  }
  return &found->second;
}

bool Observations::has(const HostId& host) const {
  const auto first = m_seen.lower_bound({host, std::string()});
  return first != m_seen.end() && first->first.first == host;
}

const std::map<std::string, std::string>& Observations::record(const HostId& host) const {
  static const std::map<std::string, std::string> none;
  const auto found = m_records.find(host);
  return found == m_records.end() ? none : found->second;
}

void Observations::put_record(const HostId& host, std::map<std::string, std::string> made) {
  m_records[host] = std::move(made);
}

const std::map<std::string, std::map<std::string, std::string>>& Observations::others(
    const HostId& host) const {
  static const std::map<std::string, std::map<std::string, std::string>> none;
  const auto found = m_others.find(host);
  return found == m_others.end() ? none : found->second;
}

void Observations::put_others(const HostId& host,
                              std::map<std::string, std::map<std::string, std::string>> made) {
  m_others[host] = std::move(made);
}

std::vector<HostId> Observations::hosts() const {
  std::vector<HostId> out;
  for (const auto& [host, made] : m_records) out.push_back(host);
  return out;
}

bool Observations::lose(const std::vector<plan::Milestone>& undone) {
  bool news = false;
  for (const auto& one : undone) news |= m_lost.insert(one).second;
  return news;
}

}  // namespace mrc::systems

#include "mrc/exec/fleet.hpp"

#include <algorithm>

#include "exec/parallel.hpp"
#include "mrc/base/bug.hpp"

namespace mrc::exec {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t k_logins_at_once = 32;

std::chrono::milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

}  // namespace

Fleet::Fleet(transport::Connector& connector,
             std::vector<transport::Target> targets,
             std::stop_token stop)
    : m_connector(connector), m_targets(std::move(targets)), m_stop(std::move(stop)) {
  std::sort(m_targets.begin(), m_targets.end(), [](const auto& a, const auto& b) {
    return a.host < b.host;
  });
}

const transport::Target& Fleet::target(const HostId& host) const {
  const auto found = std::find_if(
      m_targets.begin(), m_targets.end(), [&](const auto& one) { return one.host == host; });
  MRC_CHECK(found != m_targets.end());
  return *found;
}

std::vector<HostId> Fleet::hosts() const {
  std::vector<HostId> out;
  for (const auto& one : m_targets) out.push_back(one.host);
  return out;
}

std::map<HostId, Error> Fleet::connect() {
  const auto start = Clock::now();
  std::map<HostId, Error> failed;
  parallel(m_targets.size(), k_logins_at_once, [&](std::size_t i) {
    auto session = m_connector.connect(m_targets[i], m_stop);
    const std::scoped_lock guard(m_mutex);
    if (session) {
      m_idle[m_targets[i].host].push_back(std::move(*session));
    } else {
      failed[m_targets[i].host] = std::move(session).error();
    }
  });
  const std::scoped_lock guard(m_mutex);
  m_times.connecting += since(start);
  return failed;
}

Result<void> Fleet::lock(const std::string& deployment, const std::string& holder) {
  std::vector<Result<SessionPtr>> sessions(m_targets.size());
  parallel(m_targets.size(), k_logins_at_once, [&](std::size_t i) {
    sessions[i] = m_connector.connect(m_targets[i], m_stop);
  });
  std::vector<SessionPtr> held;
  for (std::size_t i = 0; i < m_targets.size(); ++i) {
    auto locked = sessions[i] ? (*sessions[i])->lock(deployment, holder)
                              : Result<void>(tl::unexpected(sessions[i].error()));
    if (!locked) {
      return fail(
          std::move(locked).error().with("locking {} on {}", deployment, m_targets[i].host));
    }
    held.push_back(std::move(*sessions[i]));
  }
  const std::scoped_lock guard(m_mutex);
  m_locks = std::move(held);
  return {};
}

std::map<HostId, Result<transport::Answer>> Fleet::run_all(
    const std::map<HostId, shell::Script>& scripts, std::chrono::milliseconds timeout) {
  std::vector<const std::pair<const HostId, shell::Script>*> list;
  for (const auto& one : scripts) list.push_back(&one);
  std::map<HostId, Result<transport::Answer>> answers;
  std::mutex mutex;
  parallel(list.size(), list.size(), [&](std::size_t i) {
    auto answer = run(list[i]->first, list[i]->second, {timeout, {}, m_stop});
    const std::scoped_lock guard(mutex);
    answers.emplace(list[i]->first, std::move(answer));
  });
  return answers;
}

Result<Fleet::SessionPtr> Fleet::borrow(const HostId& host) {
  {
    const std::scoped_lock guard(m_mutex);
    auto& idle = m_idle[host];
    if (!idle.empty()) {
      auto session = std::move(idle.back());
      idle.pop_back();
      return session;
    }
  }
  return m_connector.connect(target(host), m_stop);
}

void Fleet::give_back(const HostId& host, SessionPtr session) {
  const std::scoped_lock guard(m_mutex);
  m_idle[host].push_back(std::move(session));
}

Result<transport::Answer> Fleet::run(const HostId& host,
                                     const shell::Script& script,
                                     const transport::RunOptions& options) {
  for (int attempt = 1;; ++attempt) {
    auto session = borrow(host);
    if (!session) return fail(std::move(session).error());
    auto answer = (*session)->run(script, options);
    if (answer) {
      give_back(host, std::move(*session));
      const std::scoped_lock guard(m_mutex);
      m_times.remote += answer->remote;
      return answer;
    }
    if (answer.error().kind != ErrorKind::unreachable || attempt == 2) return answer;
  }
}

Fleet::Times Fleet::times() const {
  const std::scoped_lock guard(m_mutex);
  return m_times;
}

}  // namespace mrc::exec

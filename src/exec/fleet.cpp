#include "mrc/exec/fleet.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "exec/parallel.hpp"
#include "mrc/base/bug.hpp"

namespace mrc::exec {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t k_logins_at_once = 32;
constexpr auto k_lock_patience = std::chrono::seconds(3);

std::chrono::milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

/// The right to log in, given back once, as soon as the login is over.
class Permit {
 public:
  explicit Permit(std::counting_semaphore<>& logins) : m_logins(&logins) { m_logins->acquire(); }
  ~Permit() { release(); }
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  void release() {
    if (auto* const logins = std::exchange(m_logins, nullptr)) logins->release();
  }

 private:
  std::counting_semaphore<>* m_logins;
};

/// Makes the holder's text this run's own; only the first line is shown to others.
std::string own_holder(const std::string& holder) {
  std::random_device random;
  return fmt::format("{}\n{:08x}{:08x}\n", holder, random(), random());
}

bool is_locked(const Result<transport::Answer>& answer) {
  return !answer && answer.error().kind == ErrorKind::locked;
}

}  // namespace

Fleet::Fleet(transport::Connector& connector,
             std::vector<transport::Target> targets,
             std::stop_token stop)
    : m_connector(connector),
      m_targets(std::move(targets)),
      m_stop(std::move(stop)),
      m_logins(k_logins_at_once) {
  add({});
}

void Fleet::add(const std::vector<transport::Target>& targets) {
  m_targets.insert(m_targets.end(), targets.begin(), targets.end());
  std::sort(m_targets.begin(), m_targets.end(), [](const auto& a, const auto& b) {
    return a.host < b.host;
  });
}

Fleet::~Fleet() { release(); }

void Fleet::release() {
  std::vector<Lane> lanes;
  {
    const std::scoped_lock guard(m_mutex);
    m_lock.reset();
    for (auto& [host, one] : m_hosts) {
      std::move(one.idle.begin(), one.idle.end(), std::back_inserter(lanes));
      one.idle.clear();
    }
  }
  // All at once: each takes a round trip to end.
  for (const auto& lane : lanes) lane.session->close();
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
    const Permit permit(m_logins);
    auto session = m_connector.connect(m_targets[i], m_stop);
    const std::scoped_lock guard(m_mutex);
    if (session) {
      m_hosts[m_targets[i].host].idle.push_back({std::move(*session), true, false});
    } else {
      failed[m_targets[i].host] = std::move(session).error();
    }
  });
  add_connecting(start);
  return failed;
}

void Fleet::add_connecting(Clock::time_point start) {
  const std::scoped_lock guard(m_mutex);
  m_times.connecting = std::max(m_times.connecting, since(start));
}

Result<void> Fleet::lock(const std::string& deployment, const std::string& holder) {
  Scripts nothing;
  for (const auto& one : m_targets) nothing[one.host].line(":");
  for (auto& [host, answer] : lock_and_run(deployment, holder, nothing)) {
    if (!answer) {
      auto error = std::move(answer).error().with("locking {} on {}", deployment, host);
      release();
      return fail(std::move(error));
    }
  }
  return {};
}

Fleet::Answers Fleet::lock_and_run(const std::string& deployment,
                                   const std::string& holder,
                                   const Scripts& scripts,
                                   std::chrono::milliseconds timeout) {
  {
    const std::scoped_lock guard(m_mutex);
    MRC_CHECK(!m_lock);
    m_lock = transport::LockRequest{deployment, own_holder(holder)};
  }
  auto answers = run_all(scripts, timeout);
  bool waited = false;
  const auto patience = Clock::now() + k_lock_patience;
  for (;;) {
    Scripts refused;
    for (const auto& [host, answer] : answers) {
      if (is_locked(answer)) refused[host] = scripts.at(host);
    }
    // What was read while another run was at work is read again, now that all hosts are ours.
    if (refused.empty()) return waited ? run_all(scripts, timeout) : std::move(answers);
    waited = true;
    // Who was refused the first host gives way; who has it waits for the other to do so.
    const bool have_first = answers.begin()->second.has_value();
    if (!have_first || Clock::now() > patience || m_stop.stop_requested()) {
      release();
      return answers;
    }
    std::mutex mutex;
    std::unique_lock guard(mutex);
    std::condition_variable_any never;
    never.wait_for(guard, m_stop, std::chrono::milliseconds(100), [] { return false; });
    for (auto& [host, answer] : run_all(refused, timeout)) answers.at(host) = std::move(answer);
  }
}

Fleet::Answers Fleet::run_all(const Scripts& scripts, std::chrono::milliseconds timeout) {
  std::vector<const std::pair<const HostId, shell::Script>*> list;
  for (const auto& one : scripts) list.push_back(&one);
  Answers answers;
  std::mutex mutex;
  parallel(list.size(), list.size(), [&](std::size_t i) {
    transport::RunOptions options;
    options.timeout = timeout;
    options.stop = m_stop;
    auto answer = run(list[i]->first, list[i]->second, options);
    const std::scoped_lock guard(mutex);
    answers.emplace(list[i]->first, std::move(answer));
  });
  return answers;
}

Result<Fleet::Lane> Fleet::borrow(const HostId& host) {
  {
    const std::scoped_lock guard(m_mutex);
    auto& one = m_hosts[host];
    ++one.busy;
    if (!one.idle.empty()) {
      auto lane = std::move(one.idle.back());
      one.idle.pop_back();
      return lane;
    }
  }
  auto session = m_connector.begin(target(host), m_stop);
  if (!session) {
    not_busy(host);
    return fail(std::move(session).error());
  }
  return Lane{std::move(*session), false, false};
}

void Fleet::give_back(const HostId& host, Lane lane) {
  {
    const std::scoped_lock guard(m_mutex);
    auto& one = m_hosts[host];
    --one.busy;
    one.idle.push_back(std::move(lane));
  }
  m_returned.notify_all();
}

void Fleet::not_busy(const HostId& host) {
  {
    const std::scoped_lock guard(m_mutex);
    --m_hosts[host].busy;
  }
  m_returned.notify_all();
}

std::optional<Fleet::Lane> Fleet::wait_for_lane(const HostId& host, const std::stop_token& stop) {
  std::unique_lock guard(m_mutex);
  auto& one = m_hosts[host];
  m_returned.wait(guard, stop, [&] { return !one.idle.empty() || one.busy == 0; });
  if (one.idle.empty()) return {};
  auto lane = std::move(one.idle.back());
  one.idle.pop_back();
  ++one.busy;
  return lane;
}

Result<transport::Answer> Fleet::use(Lane& lane,
                                     const shell::Script& script,
                                     transport::RunOptions options) {
  if (!lane.locked) {
    const std::scoped_lock guard(m_mutex);
    options.lock = m_lock;
  }
  if (lane.proven) {
    auto answer = lane.session->run(script, options);
    lane.locked = lane.locked || (answer && options.lock);
    return answer;
  }
  Permit permit(m_logins);
  const auto start = Clock::now();
  const auto prove = [&] {
    if (lane.proven) return;
    lane.proven = true;
    permit.release();
    add_connecting(start);
  };
  options.on_connected = prove;
  auto answer = lane.session->run(script, options);
  if (answer) prove();
  lane.locked = answer && options.lock;
  return answer;
}

Result<transport::Answer> Fleet::run(const HostId& host,
                                     const shell::Script& script,
                                     const transport::RunOptions& options) {
  auto lane = borrow(host);
  for (bool again = true;;) {
    auto answer = lane ? use(*lane, script, options)
                       : Result<transport::Answer>(tl::unexpected(lane.error()));
    if (answer) {
      {
        const std::scoped_lock guard(m_mutex);
        m_times.remote += answer->remote;
      }
      give_back(host, std::move(*lane));
      return answer;
    }
    const bool had_link = lane && lane->proven;
    if (lane) {
      lane->session.reset();  // its end can take a moment
      not_busy(host);
    }
    if (answer.error().kind != ErrorKind::unreachable) return answer;
    if (!had_link) {
      // Perhaps the host takes no further session: then one after the other.
      auto other = wait_for_lane(host, options.stop);
      if (!other) return answer;
      lane = std::move(*other);
      continue;
    }
    if (!std::exchange(again, false)) return answer;
    std::vector<Lane> stale;  // they went the way of this one
    {
      const std::scoped_lock guard(m_mutex);
      stale.swap(m_hosts[host].idle);
    }
    stale.clear();
    lane = borrow(host);
  }
}

Fleet::Times Fleet::times() const {
  const std::scoped_lock guard(m_mutex);
  return m_times;
}

}  // namespace mrc::exec

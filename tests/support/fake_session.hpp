#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "mrc/transport/connector.hpp"

namespace mrc::test {

/// Hosts without hosts: every session asks `answer`, and all that is asked is kept. A deployment's
/// lock is held by the sessions that took it, as on a real host. Thread-safe but for its members
/// that a test sets before.
class FakeConnector final : public transport::Connector {
 public:
  using Answer = std::function<Result<transport::Answer>(
      const HostId&, const shell::Script&, const transport::RunOptions&)>;

  /// Status 0 and no output, unless set.
  Answer answer = [](const auto&, const auto&, const auto&) {
    return Result<transport::Answer>(transport::Answer{});
  };
  /// Whether a host lets in one more; counts from 1 for each host.
  std::function<Result<void>(const HostId&, int)> let_in = [](const auto&, int) {
    return Result<void>();
  };

  Result<std::unique_ptr<transport::Session>> connect(const transport::Target& target,
                                                      std::stop_token /*stop*/) override {
    int number = 0;
    {
      const std::scoped_lock guard(m_mutex);
      number = ++m_logins[target.host];
    }
    if (auto in = let_in(target.host, number); !in) return fail(std::move(in).error());
    return std::make_unique<FakeSession>(*this, target.host);
  }

  int logins(const HostId& host) {
    const std::scoped_lock guard(m_mutex);
    return m_logins[host];
  }
  /// "host: body" of every script run, in order.
  std::vector<std::string> ran() {
    const std::scoped_lock guard(m_mutex);
    return m_ran;
  }
  /// Another run holds the lock of this host; "" frees it.
  void hold(const HostId& host, const std::string& holder) {
    const std::scoped_lock guard(m_mutex);
    m_holders[host] = {holder, holder.empty() ? 0 : 1};
  }
  bool is_held(const HostId& host) {
    const std::scoped_lock guard(m_mutex);
    return m_holders[host].second > 0;
  }

 private:
  class FakeSession final : public transport::Session {
   public:
    FakeSession(FakeConnector& world, HostId host) : m_world(world), m_host(std::move(host)) {}
    ~FakeSession() override {
      const std::scoped_lock guard(m_world.m_mutex);
      if (m_holds) --m_world.m_holders[m_host].second;
    }
    FakeSession(const FakeSession&) = delete;
    FakeSession& operator=(const FakeSession&) = delete;

    Result<transport::Answer> run(const shell::Script& script,
                                  const transport::RunOptions& options) override {
      if (options.lock) {
        if (auto done = take(options.lock->holder); !done) return fail(std::move(done).error());
      }
      {
        const std::scoped_lock guard(m_world.m_mutex);
        m_world.m_ran.push_back(m_host.text() + ": " + script.body());
      }
      return m_world.answer(m_host, script, options);
    }
    Result<void> lock(std::string_view /*deployment*/, std::string_view holder) override {
      return take(std::string(holder));
    }

   private:
    Result<void> take(const std::string& holder) {
      const std::scoped_lock guard(m_world.m_mutex);
      auto& held = m_world.m_holders[m_host];
      if (held.second > 0 && held.first != holder) {
        return fail(ErrorKind::locked, "locked by {}", excerpt(held.first));
      }
      held.first = holder;
      ++held.second;
      m_holds = true;
      return {};
    }

    FakeConnector& m_world;
    HostId m_host;
    bool m_holds = false;
  };

  std::mutex m_mutex;
  std::map<HostId, int> m_logins;
  std::map<HostId, std::pair<std::string, int>> m_holders;
  std::vector<std::string> m_ran;
};

inline std::vector<transport::Target> targets(const std::vector<std::string>& names) {
  std::vector<transport::Target> out;
  for (const auto& name : names) {
    transport::Target target;
    target.host = HostId(name);
    target.address = name;
    out.push_back(target);
  }
  return out;
}

}  // namespace mrc::test

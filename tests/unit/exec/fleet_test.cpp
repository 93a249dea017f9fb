#include "mrc/exec/fleet.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "mrc/transport/local.hpp"
#include "support/fake_session.hpp"
#include "support/wait.hpp"

namespace mrc::exec {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using ::testing::HasSubstr;

const HostId h1("h1");
const HostId h2("h2");
const HostId h3("h3");

Fleet::Scripts everywhere(const std::string& word) {
  Fleet::Scripts scripts;
  for (const auto& host : {h1, h2, h3}) scripts[host].line("echo {}", word);
  return scripts;
}

class Fleets : public ::testing::Test {
 protected:
  test::FakeConnector m_world;
  Fleet m_fleet{m_world, test::targets({"h3", "h1", "h2"}), {}};
};

TEST_F(Fleets, NamesItsHostsInOrder) {
  EXPECT_EQ(m_fleet.hosts(), (std::vector<HostId>{h1, h2, h3}));
}

TEST_F(Fleets, OneHostsErrorStopsNoOther) {
  m_world.let_in = [](const HostId& host, int) -> Result<void> {
    if (host == h2) return fail(ErrorKind::auth, "the login is refused");
    return {};
  };
  const auto failed = m_fleet.connect();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.at(h2).kind, ErrorKind::auth);
  const auto answers = m_fleet.run_all(everywhere("hi"));
  EXPECT_TRUE(answers.at(h1));
  EXPECT_FALSE(answers.at(h2));
  EXPECT_TRUE(answers.at(h3));
}

TEST_F(Fleets, LogsInOnceForConnectAndForWhatIsRunAfterIt) {
  ASSERT_TRUE(m_fleet.connect().empty());
  for (int i = 0; i < 3; ++i) m_fleet.run_all(everywhere("hi"));
  EXPECT_EQ(m_world.logins(h1), 1);
}

TEST_F(Fleets, LogsInByItselfForTheFirstScripts) {
  EXPECT_TRUE(m_fleet.run_all(everywhere("hi")).at(h1));
  EXPECT_EQ(m_world.logins(h1), 1);
}

TEST_F(Fleets, AtMostThirtyTwoLoginsAreUnderWayAtOnce) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::atomic<bool> full{false};
  m_world.answer = [&](const auto&, const auto&, const auto& options) {
    const int count = ++now;
    for (int seen = most; seen < count && !most.compare_exchange_weak(seen, count);) {
    }
    if (count == 32) full = true;
    eventually([&] { return full.load(); });
    --now;
    if (options.on_connected) options.on_connected();
    return Result<transport::Answer>(transport::Answer{});
  };
  std::vector<std::string> names;
  Fleet::Scripts scripts;
  for (int i = 0; i < 80; ++i) {
    names.push_back(fmt::format("h{:02}", i));
    scripts[HostId(names.back())].line("true");
  }
  Fleet fleet(m_world, test::targets(names), {});
  EXPECT_EQ(fleet.run_all(scripts).size(), 80U);
  EXPECT_EQ(most, 32);
}

TEST_F(Fleets, AHostThatTakesOneSessionOnlyIsUsedOneAfterTheOther) {
  std::atomic<int> running{0};
  std::atomic<bool> overlapped{false};
  m_world.let_in = [](const HostId&, int number) -> Result<void> {
    if (number > 1) return fail(ErrorKind::unreachable, "no more sessions");
    return {};
  };
  m_world.answer = [&](const auto&, const auto&, const auto&) {
    if (++running > 1) overlapped = true;
    eventually([&] { return m_world.logins(h1) > 1; });
    --running;
    return Result<transport::Answer>(transport::Answer{});
  };
  ASSERT_TRUE(m_fleet.connect().empty());
  std::vector<std::jthread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back(
        [&] { good += m_fleet.run(h1, shell::Script().line("true"), {}) ? 1 : 0; });
  }
  threads.clear();
  EXPECT_EQ(good, 3);
  EXPECT_FALSE(overlapped);
}

TEST_F(Fleets, SessionsThatWentWithALostLinkAreNotUsedAgain) {
  // Two sessions open, then the link breaks under both.
  std::atomic<int> together{0};
  m_world.answer = [&](const auto&, const auto&, const auto&) {
    ++together;
    eventually([&] { return together >= 2; });
    return Result<transport::Answer>(transport::Answer{});
  };
  {
    std::jthread one([&] { m_fleet.run(h1, shell::Script().line("a"), {}); });
    std::jthread two([&] { m_fleet.run(h1, shell::Script().line("b"), {}); });
  }
  ASSERT_EQ(m_world.logins(h1), 2);
  m_world.answer = [&](const auto&, const auto&, const auto&) -> Result<transport::Answer> {
    if (m_world.logins(h1) < 3) return fail(ErrorKind::unreachable, "broken");
    return transport::Answer{};
  };
  EXPECT_TRUE(m_fleet.run(h1, shell::Script().line("c"), {}));
}

TEST_F(Fleets, TheLockIsTakenOnAllHostsAndGoesWithTheFleet) {
  {
    Fleet fleet(m_world, test::targets({"h1", "h2", "h3"}), {});
    ASSERT_TRUE(fleet.lock("orders", "ann"));
    for (const auto& host : {h1, h2, h3}) EXPECT_TRUE(m_world.is_held(host));
    const auto refused = m_fleet.lock("orders", "bob");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::locked);
    EXPECT_THAT(refused.error().text(), HasSubstr("locking orders on h1: locked by ann"));
  }
  EXPECT_FALSE(m_world.is_held(h1));
  EXPECT_TRUE(m_fleet.lock("orders", "bob"));
}

TEST_F(Fleets, WhoLosesOneHostHoldsNone) {
  m_world.hold(h1, "ann");
  EXPECT_FALSE(m_fleet.lock("orders", "bob"));
  for (const auto& host : {h2, h3}) EXPECT_FALSE(m_world.is_held(host));
}

TEST_F(Fleets, WhoHasTheFirstHostWaitsForTheOtherToGiveWay) {
  m_world.hold(h3, "bob");
  std::jthread other([&] {
    eventually([&] { return m_world.logins(h3) >= 2; });  // refused once
    m_world.hold(h3, "");
  });
  EXPECT_TRUE(m_fleet.lock("orders", "ann"));
}

TEST_F(Fleets, TwoWithTheSameHolderTextAreStillTwo) {
  Fleet fleet(m_world, test::targets({"h1"}), {});
  ASSERT_TRUE(fleet.lock("orders", "same words"));
  EXPECT_FALSE(m_fleet.lock("orders", "same words"));
}

TEST_F(Fleets, ASessionOpenedAfterALostLinkHoldsTheLockToo) {
  ASSERT_TRUE(m_fleet.lock("orders", "ann"));
  std::atomic<int> runs{0};
  std::atomic<bool> asked{false};
  m_world.answer = [&](const auto&, const auto&, const auto& options) -> Result<transport::Answer> {
    if (++runs == 1) return fail(ErrorKind::unreachable, "broken");
    asked = options.lock.has_value();
    return transport::Answer{};
  };
  EXPECT_TRUE(m_fleet.run(h1, shell::Script().line("true"), {}));
  EXPECT_TRUE(asked);
  EXPECT_TRUE(m_world.is_held(h1));
}

TEST_F(Fleets, LocksAndRunsWithOneLogin) {
  const auto answers = m_fleet.lock_and_run("orders", "ann", everywhere("probe"));
  for (const auto& [host, answer] : answers) EXPECT_TRUE(answer) << host.text();
  EXPECT_EQ(m_world.logins(h2), 1);
  EXPECT_TRUE(m_world.is_held(h2));
}

TEST_F(Fleets, AddsUpTheTimeOnTheHosts) {
  m_world.answer = [](const auto&, const auto&, const auto&) {
    return Result<transport::Answer>(transport::Answer{0, {}, {}, 10ms});
  };
  m_fleet.run_all(everywhere("hi"));
  EXPECT_EQ(m_fleet.times().remote, 30ms);
}

TEST(FleetOnShells, LocksAndRunsForReal) {
  transport::LocalConnector connector;
  const auto name = fmt::format("fleet-{}", getpid());
  // All "hosts" are this machine, so one host is all that can be locked.
  Fleet fleet(connector, test::targets({"h1"}), {});
  Fleet::Scripts scripts;
  scripts[h1].line("echo hi");
  const auto answers = fleet.lock_and_run(name, "ann", scripts);
  ASSERT_TRUE(answers.at(h1)) << answers.at(h1).error().text();
  EXPECT_EQ(answers.at(h1)->out, "hi\n");
  Fleet other(connector, test::targets({"h1"}), {});
  const auto refused = other.lock(name, "bob");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "locked by ann");
}

}  // namespace
}  // namespace mrc::exec

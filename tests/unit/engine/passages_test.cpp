#include <gmock/gmock.h>

#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

using plan::Passage;
using systems::Finding;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Level = systems::Verdict::Level;

const HostId k_one("docker1");
const HostId k_two("docker2");

Passage way(const HostId& from, const HostId& to, const std::string& address, int port) {
  return {from,
          to.text(),
          address,
          Passage::Protocol::tcp,
          Port(static_cast<std::uint16_t>(port)),
          "BGP between Calico's nodes"};
}

class Passages : public ::testing::Test {
 protected:
  /// A plan of one step for each list.
  Result<std::vector<Finding>> try_them(const std::vector<std::vector<Passage>>& needs) {
    std::vector<plan::Step> steps;
    for (const auto& one : needs) {
      plan::Step step;
      step.id = StepId(fmt::format("calico/{}/node", steps.size()));
      step.host = k_one;
      step.passages = one;
      steps.push_back(std::move(step));
    }
    return try_passages(plan::Plan::make(std::move(steps)), [&](const auto& scripts) {
      ++m_rounds;
      std::map<HostId, Result<transport::Answer>> out;
      for (const auto& [host, script] : scripts) {
        m_asked[host] = script.body();
        out.emplace(host, m_answers.at(host));
      }
      return out;
    });
  }
  void answer(const HostId& host, const std::string& text, int status = 0) {
    transport::Answer made;
    made.status = status;
    made.out = text;
    m_answers.insert_or_assign(host, std::move(made));
  }

  std::map<HostId, Result<transport::Answer>> m_answers;
  std::map<HostId, std::string> m_asked;
  int m_rounds = 0;
};

TEST_F(Passages, OfAPlanThatNeedsNoneAreNotAskedFor) {
  EXPECT_THAT(*try_them({{}, {}}), IsEmpty());
  EXPECT_EQ(m_rounds, 0);
}

TEST_F(Passages, AreTriedAllInOneRoundAndEachOnce) {
  answer(k_one, "10.0.0.2 179 passable\nend\n");
  answer(k_two, "10.0.0.1 179 passable\nend\n");
  const auto there = way(k_one, k_two, "10.0.0.2", 179);
  const auto back = way(k_two, k_one, "10.0.0.1", 179);
  EXPECT_THAT(*try_them({{there, back}, {back, there}}), IsEmpty());
  EXPECT_EQ(m_rounds, 1);
  EXPECT_EQ(m_asked.at(k_one), "mrc_passages 10.0.0.2 179\n");
  EXPECT_EQ(m_asked.at(k_two), "mrc_passages 10.0.0.1 179\n");
}

TEST_F(Passages, OneThatIsClosedNamesBothHostsThePortWhoNeedsItAndWhatToDo) {
  answer(k_one, "10.0.0.2 179 silent\nend\n");
  const auto found = try_them({{way(k_one, k_two, "10.0.0.2", 179)}});
  ASSERT_EQ(found->size(), 1U);
  const auto& one = found->front();
  EXPECT_EQ(one.level, Level::fail);
  EXPECT_EQ(one.host, k_one);
  EXPECT_EQ(one.title, "docker1 does not reach TCP port 179 of docker2");
  EXPECT_EQ(one.detail,
            "10.0.0.2:179: nothing comes back within 3 s, be it a refusal; BGP between Calico's "
            "nodes needs it");
  EXPECT_THAT(one.remedy, HasSubstr("on docker2 (iptables -I INPUT -p tcp --dport 179 -j ACCEPT)"));
  answer(k_one, "10.0.0.2 179 barred\nend\n");
  EXPECT_THAT(try_them({{way(k_one, k_two, "10.0.0.2", 179)}})->front().detail,
              HasSubstr("a firewall that says so"));
}

TEST_F(Passages, OneThatCannotBeTriedIsAWarning) {
  answer(k_one, "10.0.0.2 179 untried\nend\n");
  const auto found = try_them({{way(k_one, k_two, "10.0.0.2", 179)}});
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().level, Level::warn);
  EXPECT_THAT(found->front().title, HasSubstr("not tried whether docker1 reaches TCP port 179"));
}

TEST_F(Passages, WhatHasNoAnswerByItsNatureIsAWarningOnceForAllHosts) {
  auto there = way(k_one, k_two, "10.0.0.2", 4789);
  there.protocol = Passage::Protocol::udp;
  auto back = way(k_two, k_one, "10.0.0.1", 4789);
  back.protocol = Passage::Protocol::udp;
  const auto found = try_them({{there, back}});
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().level, Level::warn);
  EXPECT_EQ(found->front().title, "UDP port 4789 between hosts was not tried");
  EXPECT_EQ(m_rounds, 0);
}

TEST_F(Passages, AnAnswerCutOffAnywhereIsUnreadable) {
  const std::string whole = "10.0.0.2 179 passable\nend\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    answer(k_one, whole.substr(0, size));
    const auto found = try_them({{way(k_one, k_two, "10.0.0.2", 179)}});
    ASSERT_FALSE(found) << size;
    EXPECT_EQ(found.error().kind, ErrorKind::unreadable);
  }
  answer(k_one, whole, 1);
  EXPECT_FALSE(try_them({{way(k_one, k_two, "10.0.0.2", 179)}}));
}

TEST_F(Passages, AHostThatCannotBeAskedIsAnError) {
  m_answers.insert_or_assign(
      k_one, Result<transport::Answer>(fail(ErrorKind::unreachable, "connection lost")));
  const auto found = try_them({{way(k_one, k_two, "10.0.0.2", 179)}});
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().text(), HasSubstr("docker1"));
}

}  // namespace
}  // namespace mrc::engine

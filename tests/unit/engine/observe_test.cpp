#include <gmock/gmock.h>

#include "mrc/engine/engine.hpp"
#include "unit/engine/fake_system.hpp"

namespace mrc::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const HostId k_host("docker1");

Systems two_systems() {
  Systems systems;
  systems.push_back(std::make_unique<test::FakeSystem>("etcd"));
  systems.push_back(std::make_unique<test::FakeSystem>("mysql"));
  return systems;
}

/// All hosts answer with this.
RunAll answering(Result<transport::Answer> answer) {
  return [answer = std::move(answer)](const std::map<HostId, shell::Script>& scripts) {
    std::map<HostId, Result<transport::Answer>> out;
    for (const auto& [host, script] : scripts) out.emplace(host, answer);
    return out;
  };
}

RunAll printing(std::string out) { return answering(transport::Answer{0, std::move(out), {}, {}}); }

const std::string k_made = R"({"mrc": 1, "name": "blog", "made": {
  "etcd/config": {"was": "absent"}
}}
)";
const std::string k_record = fmt::format("@record blog {}\n{}end\n", k_made.size(), k_made);

std::string section(std::string_view name, std::string_view out, int status = 0) {
  return fmt::format("@mrc {} {} {} 0\n{}", name, status, out.size(), out);
}

TEST(Observe, GivesEachSystemItsPartAndReadsTheRecord) {
  const auto reading = observe(
      "blog",
      {k_host},
      two_systems(),
      printing(section("etcd", "E\n") + section("mysql", "@mrc x") + section("records", k_record)));
  ASSERT_TRUE(reading.failed.empty());
  EXPECT_EQ(reading.seen.get(k_host, "etcd").value()->out, "E\n");
  EXPECT_EQ(reading.seen.get(k_host, "mysql").value()->out, "@mrc x");
  EXPECT_THAT(reading.seen.record(k_host), ElementsAre(Pair("etcd/config", R"({"was":"absent"})")));
}

TEST(Observe, AnAnswerCutOffAnywhereIsUnreadable) {
  const auto whole =
      section("etcd", "E\n") + section("mysql", "M\n") + section("records", k_record);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto reading = observe("blog", {k_host}, two_systems(), printing(whole.substr(0, size)));
    ASSERT_EQ(reading.failed.size(), 1U) << "cut at " << size;
    EXPECT_EQ(reading.failed.begin()->second.kind, ErrorKind::unreadable);
  }
}

TEST(Observe, AProbeThatFailedIsUnreadableNotAbsent) {
  const auto reading = observe(
      "blog",
      {k_host},
      two_systems(),
      printing(section("etcd", "", 3) + section("mysql", "") + section("records", "end\n")));
  ASSERT_TRUE(reading.failed.empty());
  const auto etcd = reading.seen.get(k_host, "etcd");
  ASSERT_FALSE(etcd.has_value());
  EXPECT_EQ(etcd.error().kind, ErrorKind::unreadable);
  EXPECT_THAT(etcd.error().text(), HasSubstr("docker1"));
}

TEST(Observe, OneHostsErrorIsThatHosts) {
  const auto reading = observe("blog",
                               {k_host, HostId("docker2")},
                               two_systems(),
                               answering(fail(ErrorKind::unreachable, "connection refused")));
  EXPECT_EQ(reading.failed.size(), 2U);
  EXPECT_THAT(reading.failed.at(k_host).text(), HasSubstr("reading docker1: connection refused"));
}

TEST(ParseRecords, GivesEachDeploymentItsOwn) {
  const auto one = [](std::string_view name, const std::string& made) {
    return fmt::format("@record {} {}\n{}", name, made.size(), made);
  };
  const auto records = parse_records(one("a", R"({"mrc": 1, "made": {"x": 1}})") +
                                     one("b", R"({"mrc": 1, "made": {}})") + "end\n");
  ASSERT_TRUE(records);
  EXPECT_THAT(records->at("a"), ElementsAre(Pair("x", "1")));
  EXPECT_TRUE(records->at("b").empty());
  EXPECT_TRUE(parse_records("end\n").value().empty());
}

TEST(ParseRecords, RefusesWhatIsNotARecordOfMrc) {
  const auto of = [](const std::string& made) {
    return parse_records(fmt::format("@record a {}\n{}end\n", made.size(), made));
  };
  EXPECT_TRUE(of(R"({"mrc": 1, "made": {}})").has_value());
  EXPECT_FALSE(of("{").has_value());
  EXPECT_FALSE(of("[]").has_value());
  EXPECT_FALSE(of(R"({"mrc": 2, "made": {}})").has_value());
  EXPECT_FALSE(parse_records("").has_value());
}

}  // namespace
}  // namespace mrc::engine

#include "mrc/transport/http.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "support/temp_folder.hpp"
#include "transport/child.hpp"

namespace mrc::transport {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class Http : public ::testing::Test {
 protected:
  Http() {
    for (int i = 0; m_bytes.size() < 300'000; ++i) m_bytes += std::to_string(i) + "\n";
    test::write_file(m_folder / "file", m_bytes);
  }
  void serve(const std::vector<std::string>& words) {
    std::vector<std::string> argv{"python3", MRC_TESTS_DIR "/support/serve.py", m_folder / "file"};
    argv.insert(argv.end(), words.begin(), words.end());
    auto child = Child::spawn(argv);
    if (!child) throw std::runtime_error(child.error().text());
    m_server.emplace(std::move(*child));
    m_port = heard(1).front();
  }
  /// The server's lines, once there are that many: its port, then where each answer began.
  std::vector<std::string> heard(std::size_t lines) {
    const auto count = [&] {
      return std::count(m_server->inbox.begin(), m_server->inbox.end(), '\n');
    };
    while (static_cast<std::size_t>(count()) < lines) {
      const auto got = m_server->read_more(std::chrono::steady_clock::now() + 20s, {});
      if (!got) throw std::runtime_error(got.error().text());
    }
    std::vector<std::string> out;
    std::istringstream in(m_server->inbox);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
  Download what(const std::string& path = "/file") const {
    return {
        "http://127.0.0.1:" + m_port + path, m_folder / "cache/target", sha256_of(m_bytes), {}, {}};
  }
  std::string target() const { return test::read_file(m_folder / "cache/target"); }
  bool has_part() const { return std::filesystem::exists(m_folder / "cache/target.part"); }

  test::TempFolder m_folder;
  std::string m_bytes;
  std::string m_port;
  std::optional<Child> m_server;
};

TEST(Sha256, IsThatOfTheStandard) {
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(Http, AFileIsFetchedOnce) {
  serve({});
  std::int64_t last = 0;
  auto first = what();
  first.progress = [&](std::int64_t got, std::int64_t) { last = got; };
  ASSERT_TRUE(download(first));
  EXPECT_EQ(target(), m_bytes);
  EXPECT_EQ(last, static_cast<std::int64_t>(m_bytes.size()));
  EXPECT_FALSE(has_part());
  m_server.reset();
  EXPECT_TRUE(download(what())) << "it is there already";
}

TEST_F(Http, WhatBrokeOffIsResumed) {
  serve({"ranges", "cut", "100000"});
  EXPECT_FALSE(download(what()));
  EXPECT_TRUE(has_part());
  const auto kept = std::filesystem::file_size(m_folder / "cache/target.part");
  ASSERT_TRUE(download(what()));
  EXPECT_EQ(target(), m_bytes);
  EXPECT_EQ(heard(3).back(), std::to_string(kept));
}

TEST_F(Http, AServerThatCannotResumeIsAskedFromTheStart) {
  serve({"cut", "100000"});
  EXPECT_FALSE(download(what()));
  ASSERT_TRUE(download(what()));
  EXPECT_EQ(target(), m_bytes);
}

TEST_F(Http, APieceOfAnotherFileIsThrownAway) {
  serve({"ranges"});
  std::filesystem::create_directory(m_folder / "cache");
  test::write_file(m_folder / "cache/target.part", "something else");
  ASSERT_TRUE(download(what()));
  EXPECT_EQ(target(), m_bytes);
}

TEST_F(Http, AWrongSumLeavesNothingBehind) {
  serve({});
  auto wrong = what();
  wrong.sha256 = std::string(64, '0');
  const auto done = download(wrong);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text(), HasSubstr("its SHA-256 is " + sha256_of(m_bytes)));
  EXPECT_FALSE(std::filesystem::exists(m_folder / "cache/target"));
  EXPECT_FALSE(has_part());
}

TEST_F(Http, WhatIsNotThereIsToldWithTheAddress) {
  serve({});
  const auto done = download(what("/missing"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::io);
  EXPECT_THAT(done.error().text(), AllOf(HasSubstr("/missing"), HasSubstr("404")));
  m_server.reset();
  EXPECT_FALSE(download(what()));
}

TEST_F(Http, AStopEndsIt) {
  serve({});
  std::stop_source stop;
  stop.request_stop();
  auto stopped = what();
  stopped.stop = stop.get_token();
  const auto done = download(stopped);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace mrc::transport

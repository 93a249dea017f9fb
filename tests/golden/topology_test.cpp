#include "mrc/topology/topology.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/golden.hpp"
#include "topology/keys.hpp"

namespace mrc::topology {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const fs::path k_tests = MRC_TESTS_DIR;

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct Parsed {
  std::optional<Topology> topology;
  std::string said;
  std::size_t warnings = 0;
};

Parsed parse(const fs::path& path) {
  const SourceText source{path.filename().string(), test::read_text(path)};
  Diagnostics diags;
  auto topology = parse_topology(source, "/folder", diags);
  EXPECT_EQ(topology.has_value(), !diags.has_errors());
  return {std::move(topology), render(diags, source), diags.count(Severity::warning)};
}

class BadTopology : public ::testing::TestWithParam<fs::path> {};

TEST_P(BadTopology, IsRefusedWithThePlaceAndTheReason) {
  const auto parsed = parse(GetParam());
  EXPECT_FALSE(parsed.topology.has_value());
  auto expected = GetParam();
  expected.replace_extension(".txt");
  test::expect_golden(expected, parsed.said);
}

INSTANTIATE_TEST_SUITE_P(Golden,
                         BadTopology,
                         ::testing::ValuesIn(yaml_files(k_tests / "golden/topology/bad")),
                         [](const auto& one) { return one.param.stem().string(); });

TEST(BadTopologies, AreManyAndEachNamesACodeAndMostALine) {
  const auto files = yaml_files(k_tests / "golden/topology/bad");
  EXPECT_GE(files.size(), 40U);
  for (const auto& file : files) EXPECT_THAT(parse(file).said, HasSubstr(" error MRC-T")) << file;
}

TEST(GoodTopology, SaysNothing) {
  const auto parsed = parse(k_tests / "golden/topology/good.yaml");
  ASSERT_TRUE(parsed.topology.has_value());
  EXPECT_EQ(parsed.said, "");
  EXPECT_EQ(parsed.topology->mysql.data_root, "/opt/Docker");
  EXPECT_EQ(parsed.topology->mysql.root_password_before->value, "former");
  EXPECT_EQ(parsed.topology->mysql.root_password_before->label, "mysql.root_password_before");
  EXPECT_EQ(parsed.topology->mysql.restart, "2026-11-26");
  EXPECT_EQ(parsed.topology->mysql.server(ServerId("db2")).server_id, 101U);
  EXPECT_EQ(parsed.topology->exposed_port(parsed.topology->mysql.servers[1])->number(), 3306);
}

TEST(Examples, AllValidate) {
  const auto files = yaml_files(k_tests / "../examples");
  EXPECT_FALSE(files.empty());
  for (const auto& file : files) {
    const auto parsed = parse(file);
    EXPECT_TRUE(parsed.topology.has_value()) << parsed.said;
  }
}

TEST(Examples, TheArticlesPoolIsWarnedOf) {
  const auto parsed = parse(k_tests / "../examples/blog-2016.yaml");
  EXPECT_EQ(parsed.warnings, 1U);
  EXPECT_THAT(parsed.said, HasSubstr("the pool 192.168.0.0/16 contains the host docker1"));
}

TEST(Images, OfficialOnesThatAreTooOldToMakeDataAreWarnedOf) {
  const auto good = test::read_text(k_tests / "golden/topology/good.yaml");
  const auto at = good.find("image: ") + 7;
  const auto said = [&](const std::string& image) {
    const SourceText source{
        "m.yaml",
        good.substr(0, at) + image + "\n  version: \"5.7\"" + good.substr(good.find('\n', at))};
    Diagnostics diags;
    EXPECT_TRUE(parse_topology(source, "/", diags)) << image;
    return render(diags, source);
  };
  for (const auto* const image :
       {"mysql:5.6.34", "mysql:5.7.5-m15", "docker.io/library/mysql:5.6.24@sha256:12"}) {
    EXPECT_THAT(said(image), HasSubstr("warning MRC-T093")) << image;
  }
  for (const auto* const image : {"mysql:5.6",
                                  "mysql:5.6.35",
                                  "mysql:5.7.17-debian",
                                  "mysql:8.0.11",
                                  "shop/percona:5.6.24",
                                  "mysql@sha256:12"}) {
    EXPECT_EQ(said(image), "") << image;
  }
}

TEST(Mutations, NeverThrowAndAlwaysSayTheSame) {
  const auto good = test::read_text(k_tests / "golden/topology/good.yaml");
  for (std::size_t i = 0; i < good.size(); ++i) {
    constexpr std::string_view odd("\0:{]-\t\n&*\"0\xff", 12);
    for (const std::size_t shift : {0U, 5U}) {
      auto text = good;
      text[i] = odd[(i + shift) % odd.size()];
      const SourceText source{"m.yaml", text};
      Diagnostics first;
      Diagnostics second;
      const auto parsed = parse_topology(source, "/", first);
      parse_topology(source, "/", second);
      EXPECT_EQ(parsed.has_value(), !first.has_errors());
      EXPECT_EQ(render(first, source), render(second, source));
    }
  }
}

TEST(Mutations, AFileCutAnywhereNeverThrows) {
  const auto good = test::read_text(k_tests / "golden/topology/good.yaml");
  for (std::size_t size = 0; size < good.size(); ++size) {
    Diagnostics diags;
    const auto parsed = parse_topology({"m.yaml", good.substr(0, size)}, "/", diags);
    EXPECT_EQ(parsed.has_value(), !diags.has_errors());
  }
}

TEST(Schema, IsJsonAndKnowsEveryKey) {
  const auto schema = nlohmann::json::parse(render_schema());
  EXPECT_EQ(schema["properties"]["mysql"]["properties"]["servers"]["additionalProperties"]
                  ["properties"]["server_id"]["maximum"],
            4294967295);
  EXPECT_EQ(schema["additionalProperties"], false);
  for (const auto& key : keys()) {
    if (key.path.find('.') == std::string_view::npos) {
      EXPECT_TRUE(schema["properties"].contains(std::string(key.path))) << key.path;
    }
  }
}

TEST(Documentation, HoldsTheTableOfKeys) {
  const auto path = k_tests / "../docs/topology.md";
  const auto text = test::read_text(path);
  const std::string begin = "<!-- keys: made from src/topology/keys.cpp -->\n";
  const std::string end = "<!-- end of keys -->\n";
  const auto from = text.find(begin);
  const auto to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  test::expect_golden(path,
                      text.substr(0, from + begin.size()) + render_key_table() + text.substr(to));
}

TEST(Documentation, NamesEveryCodeOfADiagnostic) {
  const auto text = test::read_text(k_tests / "../docs/topology.md");
  for (const auto& file : yaml_files(k_tests / "golden/topology/bad")) {
    const auto said = parse(file).said;
    const auto at = said.find("MRC-T");
    ASSERT_NE(at, std::string::npos) << file;
    EXPECT_THAT(text, HasSubstr(said.substr(at, 8))) << file;
  }
}

}  // namespace
}  // namespace mrc::topology

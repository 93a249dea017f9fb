#include "cli/graph.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <map>

#include "support/golden.hpp"

namespace mrc::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path k_tests = MRC_TESTS_DIR;
const fs::path k_golden = k_tests / "golden/graph";

Graph read(const fs::path& path) {
  Diagnostics diags;
  const auto topology =
      topology::parse_topology({path.filename().string(), test::read_text(path)}, "/", diags);
  if (!topology) throw std::runtime_error("not valid: " + path.string());
  return make_graph(*topology);
}

void expect_golden(const std::string& name, const Graph& graph) {
  test::expect_golden(k_golden / (name + ".txt"), render_graph_text(graph));
  test::expect_golden(k_golden / (name + ".dot"), render_graph_dot(graph));
  test::expect_golden(k_golden / (name + ".mmd"), render_graph_mermaid(graph));
  test::expect_golden(k_golden / (name + ".svg"), render_graph_svg(graph));
}

TEST(GraphGolden, TheArticlesTopology) {
  expect_golden("blog-2016", read(k_tests / "../examples/blog-2016.yaml"));
}

TEST(GraphGolden, OddOnes) { expect_golden("odd", read(k_golden / "odd.yaml")); }

TEST(GraphGolden, TwentyHosts) { expect_golden("twenty", read(k_golden / "twenty.yaml")); }

TEST(Graph, TheMastersHostComesFirstAndAllOthersAreItsSlaves) {
  const auto graph = read(k_golden / "odd.yaml");
  EXPECT_EQ(graph.hosts.front().name, "b");
  EXPECT_EQ(graph.master().name, "one");
  EXPECT_EQ(graph.slaves().size(), 2U);
}

/// No topology that validates holds such text today; a picture must not break when one does.
TEST(Graph, TextIsNeverMarkup) {
  const std::string odd = R"(<b>&"'\])";
  const Graph graph{
      odd, {odd}, {{odd, odd, true, {{odd, odd, "1", true, odd}, {"s", odd, "2", false, ""}}}}};
  const auto svg = render_graph_svg(graph);
  EXPECT_THAT(svg, HasSubstr("&lt;b&gt;&amp;&quot;&#39;\\]"));
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  EXPECT_THAT(render_graph_dot(graph), HasSubstr(R"("<b>&\"'\\]" -> "s")"));
  const auto mermaid = render_graph_mermaid(graph);
  EXPECT_THAT(mermaid, HasSubstr("#60;b#62;#38;#34;#39;#92;#93;"));
}

}  // namespace
}  // namespace mrc::cli

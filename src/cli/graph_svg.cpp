#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/graph.hpp"

namespace mrc::cli {
namespace {

// All lengths are pixels. The font is of one width, so that boxes fit their text without a look at
// the font: 0.61 of its size a character, a little more than the fonts named really take.
constexpr double k_char = 0.61;
constexpr int k_font = 12;
constexpr int k_line = 17;
constexpr int k_margin = 28;
constexpr int k_gap = 36;     // between hosts; above each row of them lies the row's bus
constexpr int k_header = 46;  // of a host: name and caption
constexpr int k_spine = 14;   // from a host's left edge to the line that feeds its servers
constexpr int k_indent = 30;  // and to the servers
constexpr int k_padding = 12;
constexpr int k_title = 62;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

int text_width(std::string_view text, int size = k_font) {
  return static_cast<int>(std::ceil(static_cast<double>(text.size()) * k_char * size));
}

struct Point {
  int x = 0;
  int y = 0;
};

std::vector<std::string> lines_of(const Graph::Server& server) {
  std::vector<std::string> lines{server.address, server.role()};
  if (!server.exposed.empty()) lines.push_back("exposed at " + server.exposed);
  return lines;
}

int height_of(const Graph::Server& server) {
  return static_cast<int>(lines_of(server).size() + 1) * k_line + k_padding;
}

int height_of(const Graph::Host& host) {
  int height = k_header + k_padding;
  for (const auto& one : host.servers) height += height_of(one) + k_padding;
  return height;
}

int width_of(const Graph& graph) {
  int inner = 0;
  for (const auto& host : graph.hosts) {
    inner = std::max({inner, text_width(host.name, 14), text_width(host.caption())});
    for (const auto& server : host.servers) {
      inner = std::max(inner, text_width(server.name, 13));
      for (const auto& line : lines_of(server)) inner = std::max(inner, text_width(line));
    }
  }
  return inner + k_indent + 3 * k_padding;
}

/// Hosts in rows of equal length, about as many rows as columns; the master's is the first.
class Picture {
 public:
  explicit Picture(const Graph& graph)
      : m_graph(graph), m_columns(columns(graph.hosts.size())), m_width(width_of(graph)) {}

  std::string render() {
    int y = k_title + k_gap;
    for (std::size_t first = 0; first < m_graph.hosts.size(); first += m_columns) {
      y = add_row(first, y) + k_gap;
    }
    add_trunk();
    const auto columns = static_cast<int>(std::min(m_columns, m_graph.hosts.size()));
    const auto facts = fmt::format("{}", fmt::join(m_graph.facts, " · "));
    const int width =
        std::max(columns * (m_width + k_gap) - k_gap, text_width(facts)) + 2 * k_margin;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" role=\"img\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, "
        "monospace\" font-size=\"{2}\" fill=\"#1f2933\">\n"
        "<title>{3}</title>\n"
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#c2410c\"/></marker>"
        "</defs>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n"
        "<text x=\"{4}\" y=\"34\" font-size=\"18\" font-weight=\"bold\">{3}</text>\n"
        "<text x=\"{4}\" y=\"56\" fill=\"#52606d\">{5}</text>\n"
        "{6}<g fill=\"none\" stroke=\"#c2410c\" stroke-width=\"1.5\">\n{7}</g>\n</svg>\n",
        width,
        y - k_gap + k_margin,
        k_font,
        escaped(m_graph.name),
        k_margin,
        escaped(facts),
        m_boxes,
        m_lines);
  }

 private:
  static std::size_t columns(std::size_t hosts) {
    if (hosts <= 4) return hosts;
    return static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(hosts))));
  }

  /// The y below the row.
  int add_row(std::size_t first, int y) {
    const auto end = std::min(first + m_columns, m_graph.hosts.size());
    int height = 0;
    for (auto i = first; i < end; ++i) height = std::max(height, height_of(m_graph.hosts[i]));
    const int bus = y - k_gap / 2;
    int bus_end = 0;
    for (auto i = first; i < end; ++i) {
      const Point at{k_margin + static_cast<int>(i - first) * (m_width + k_gap), y};
      if (add_host(m_graph.hosts[i], at, height, bus)) bus_end = at.x + k_spine;
    }
    if (bus_end > 0) m_bus_ends.push_back({bus_end, bus});
    return y + height;
  }

  /// True when a line of replication comes to it from the bus.
  bool add_host(const Graph::Host& host, Point at, int height, int bus) {
    rect(at, m_width, height, "#f5f7fa", "#9aa5b1", 1);
    text({at.x + k_indent, at.y + 20}, host.name, " font-size=\"14\" font-weight=\"bold\"");
    text({at.x + k_indent, at.y + 38}, host.caption(), " fill=\"#52606d\"");
    int y = at.y + k_header;
    int last = 0;
    for (const auto& server : host.servers) {
      add_server(server, {at.x + k_indent, y});
      last = y + height_of(server) / 2;
      const Point spine{at.x + k_spine, last};
      const Point edge{at.x + k_indent, last};
      server.is_master ? dot(edge, spine) : arrow(spine, edge);
      y += height_of(server) + k_padding;
    }
    if (last > 0) line({at.x + k_spine, bus}, {at.x + k_spine, last});
    return last > 0;
  }

  void add_server(const Graph::Server& server, Point at) {
    const auto* fill = server.is_master ? "#fff4e6" : "#ffffff";
    const auto* stroke = server.is_master ? "#c2410c" : "#52606d";
    rect(at,
         m_width - k_indent - k_padding,
         height_of(server),
         fill,
         stroke,
         server.is_master ? 2 : 1);
    int y = at.y + k_line + 2;
    text({at.x + k_padding, y}, server.name, " font-size=\"13\" font-weight=\"bold\"");
    for (const auto& one : lines_of(server)) {
      y += k_line;
      text({at.x + k_padding, y}, one, "");
    }
  }

  /// The buses, and left of all hosts what joins them.
  void add_trunk() {
    const bool one = m_bus_ends.size() == 1;
    const int left = one ? k_margin + k_spine : k_margin / 2;
    for (const auto& end : m_bus_ends) line({left, end.y}, end);
    if (!one) line({left, m_bus_ends.front().y}, {left, m_bus_ends.back().y});
  }

  void rect(Point at, int width, int height, const char* fill, const char* stroke, int wide) {
    m_boxes += fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{}\" stroke=\"{}\" "
        "stroke-width=\"{}\"/>\n",
        at.x,
        at.y,
        width,
        height,
        fill,
        stroke,
        wide);
  }
  void text(Point at, const std::string& what, const char* how) {
    m_boxes += fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", at.x, at.y, how, escaped(what));
  }
  void line(Point from, Point to, const char* end = "") {
    m_lines += fmt::format("<path d=\"M{} {}L{} {}\"{}/>\n", from.x, from.y, to.x, to.y, end);
  }
  void arrow(Point from, Point to) { line(from, to, " marker-end=\"url(#tip)\""); }
  /// Where replication begins.
  void dot(Point at, Point to) {
    line(at, to);
    m_lines += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"4\" fill=\"#c2410c\"/>\n", at.x, at.y);
  }

  const Graph& m_graph;
  std::size_t m_columns;
  int m_width;  // of one host
  std::string m_boxes;
  std::string m_lines;
  std::vector<Point> m_bus_ends;
};

}  // namespace

std::string render_graph_svg(const Graph& graph) { return Picture(graph).render(); }

}  // namespace mrc::cli

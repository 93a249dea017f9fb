#include "property/shell.hpp"

#include <cctype>

#include "mrc/engine/engine.hpp"

namespace mrc::test::property {
namespace {

struct Token {
  bool is_operator = false;
  std::string text;  ///< a word still has its quotes
};

/// Words and operators of a script's body. A newline is the operator ";".
std::vector<Token> tokens_of(const std::string& text) {
  std::vector<Token> out;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    const bool brace = word == "{" || word == "}";
    out.push_back({brace, std::move(word)});
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'') {
      const auto end = text.find('\'', i + 1);
      word += text.substr(i, end - i + 1);
      i = end;
    } else if (c == '"') {
      auto end = i + 1;
      while (text.at(end) != '"') end += text[end] == '\\' ? 2U : 1U;
      word += text.substr(i, end - i + 1);
      i = end;
    } else if (c == ' ') {
      end_word();
    } else if (c == '\n' || c == ';') {
      end_word();
      out.push_back({true, ";"});
    } else if (c == '|' || c == '&' || c == '<' || c == '>') {
      // "2>" is one operator
      const bool numbered = c == '>' && word == "2";
      if (numbered) word.clear();
      end_word();
      const bool doubled = i + 1 < text.size() && text[i + 1] == c;
      out.push_back({true, (numbered ? "2" : "") + std::string(doubled ? 2U : 1U, c)});
      if (doubled) ++i;
    } else if (c == '\\' && i + 1 < text.size()) {
      word += text.substr(i++, 2);
    } else {
      word += c;
    }
  }
  end_word();
  return out;
}

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_assignment(const std::string& word) {
  const auto equals = word.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  for (const char c : word.substr(0, equals)) {
    if (!is_name(c)) return false;
  }
  return true;
}

}  // namespace

const std::string& Call::arg(std::size_t i) const {
  if (i >= args.size()) throw Untaught("a call with too few arguments");
  return args[i];
}

std::string Call::file(std::size_t i) const {
  const auto found = shell.files.find(arg(i));
  if (found == shell.files.end()) throw Untaught("no such file: " + arg(i));
  return found->second;
}

/// Executes a list of tokens.
class Runner {
 public:
  Runner(Shell& shell, std::vector<Token> tokens)
      : m_shell(shell), m_tokens(std::move(tokens)), m_functions(functions()) {}

  struct Streams {
    std::string in;
    std::string out;
    std::string err;
  };

  /// As with `set -e`: ends with the first command that fails.
  int list(Streams& streams, bool dry = false) {
    int status = 0;
    while (m_at < m_tokens.size() && !is("}")) {
      if (is(";")) {
        ++m_at;
        continue;
      }
      const int now = and_or(streams, dry || status != 0);
      if (status == 0) status = now;
    }
    return status;
  }

 private:
  static const Functions& functions() {
    static const Functions all = all_functions();
    return all;
  }

  bool is(std::string_view op) const {
    return m_at < m_tokens.size() && m_tokens[m_at].is_operator && m_tokens[m_at].text == op;
  }

  int and_or(Streams& streams, bool dry) {
    int status = pipeline(streams, dry);
    while (is("&&") || is("||")) {
      const bool skips = is("&&") ? status != 0 : status == 0;
      ++m_at;
      const int next = pipeline(streams, dry || skips);
      if (!skips) status = next;
    }
    return status;
  }

  int pipeline(Streams& streams, bool dry) {
    Streams stage{streams.in, {}, {}};
    int status = command(stage, dry);
    while (is("|")) {
      ++m_at;
      streams.err += stage.err;
      stage = {std::move(stage.out), {}, {}};
      status = command(stage, dry);
    }
    streams.out += stage.out;
    streams.err += stage.err;
    return status;
  }

  int command(Streams& streams, bool dry) {
    int status = 0;
    std::vector<std::string> words;
    std::size_t group = 0;
    if (is("{")) {
      group = ++m_at;
      list(streams, true);  // where it ends, and what follows it
      ++m_at;
    }
    std::string out_to;
    std::string err_to;
    while (m_at < m_tokens.size()) {
      const auto& token = m_tokens[m_at];
      if (!token.is_operator) {
        words.push_back(token.text);
        ++m_at;
        continue;
      }
      if (token.text != "<" && token.text != ">" && token.text != "2>") break;
      const auto path = dry ? std::string() : expand(m_tokens.at(m_at + 1).text);
      if (token.text == "<" && !dry) streams.in = read(path);
      if (token.text == ">") out_to = path;
      if (token.text == "2>") err_to = path;
      m_at += 2;
    }
    if (dry) return 0;
    const auto end = m_at;
    if (group != 0) {
      m_at = group;
      status = list(streams);
      m_at = end;
    } else {
      status = simple(words, streams);
    }
    if (!out_to.empty()) m_shell.files[out_to] = std::exchange(streams.out, {});
    if (!err_to.empty()) m_shell.files[err_to] = std::exchange(streams.err, {});
    return status;
  }

  int simple(const std::vector<std::string>& words, Streams& streams) {
    if (words.size() == 1 && is_assignment(words[0])) {
      const auto equals = words[0].find('=');
      m_shell.m_variables[words[0].substr(0, equals)] = expand(words[0].substr(equals + 1));
      return 0;
    }
    m_shell.tick();
    std::vector<std::string> args;
    for (const auto& word : words) args.push_back(expand(word));
    const auto name = args.front();
    const auto found = m_functions.find(name);
    if (found == m_functions.end()) throw Untaught("the fake does not know the command: " + name);
    args.erase(args.begin());
    Call call{m_shell, m_shell.m_world, m_shell.m_host, std::move(args), streams.in, {}, {}};
    const int status = found->second(call);
    m_shell.m_world.settle();
    streams.out += call.out;
    streams.err += call.err;
    return status;
  }

  std::string read(const std::string& path) const {
    if (path == "/dev/null") return {};
    const auto found = m_shell.files.find(path);
    if (found == m_shell.files.end()) throw Untaught("no such file: " + path);
    return found->second;
  }

  /// Quotes taken away, variables put in. "$MRC_D" is called MRC_D.
  std::string expand(const std::string& word) const {
    std::string out;
    bool quoted = false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      const char c = word[i];
      if (c == '\'' && !quoted) {
        const auto end = word.find('\'', i + 1);
        out += word.substr(i + 1, end - i - 1);
        i = end;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == '\\' && (!quoted || std::string_view("\\\"$`").find(word.at(i + 1)) !=
                                              std::string_view::npos)) {
        out += word.at(++i);
      } else if (c == '$') {
        std::string name;
        while (i + 1 < word.size() && is_name(word[i + 1])) name += word[++i];
        if (name.empty()) throw Untaught("shell text beyond the fake: " + word);
        out += name == "MRC_D" ? name : m_shell.variable(name);
      } else {
        out += c;
      }
    }
    return out;
  }

  Shell& m_shell;
  std::vector<Token> m_tokens;
  const Functions& m_functions;
  std::size_t m_at = 0;
};

Functions all_functions() {
  Functions all;
  teach_prelude(all);
  teach_hosts(all);
  teach_docker(all);
  teach_etcd(all);
  teach_calico(all);
  teach_mysql(all);
  teach_dnat(all);
  teach_survival(all);
  return all;
}

void Shell::tick() {
  if (m_left == 0) throw CutOff();
  if (m_left > 0) --m_left;
}

std::string Shell::variable(const std::string& name) const {
  const auto found = m_variables.find(name);
  if (found == m_variables.end()) throw Untaught("the script has no variable " + name);
  return found->second;
}

int Shell::call(const std::string& name, std::vector<std::string> args, Call& from) {
  static const Functions all = all_functions();
  const auto found = all.find(name);
  if (found == all.end()) throw Untaught("the fake does not know the command: " + name);
  tick();
  Call inner{*this, m_world, m_host, std::move(args), from.in, {}, {}};
  const int status = found->second(inner);
  m_world.settle();
  from.out += inner.out;
  from.err += inner.err;
  return status;
}

/// One part of a probe, framed as mrc_section_print does it.
std::string Shell::section(const std::string& name, const std::string& body) {
  int status = 0;
  Runner::Streams streams;
  if (body == engine::records_script().body()) {
    for (const auto& [deployment, record] : m_host.records) {
      std::string text = "{\"mrc\": 1, \"name\": \"" + deployment + "\", \"made\": {\n";
      std::size_t count = 0;
      for (const auto& [key, value] : record) {
        text += "  \"" + key + "\": " + value + (++count == record.size() ? "\n" : ",\n");
      }
      text += "}}\n";
      streams.out += fmt::format("@record {} {}\n{}", deployment, text.size(), text);
    }
    streams.out += "end\n";
  } else {
    status = Runner(*this, tokens_of(body)).list(streams);
  }
  return fmt::format("@mrc {} {} {} {}\n{}{}",
                     name,
                     status,
                     streams.out.size(),
                     streams.err.size(),
                     streams.out,
                     streams.err);
}

transport::Answer Shell::run(const shell::Script& script) {
  for (const auto& one : script.attachments()) {
    const auto* secret = std::get_if<Secret>(&one.bytes);
    files["MRC_D/" + one.name] = secret != nullptr
                                     ? secret->open(SecretKey{})
                                     : *std::get<std::shared_ptr<const std::string>>(one.bytes);
  }
  const std::string begin = "mrc_section_rc=0\n( set -eu\n";
  const std::string end = ") >\"$MRC_D\"/section.out 2>\"$MRC_D\"/section.err &\n";
  const std::string print = "mrc_section_print ";
  transport::Answer answer;
  std::string_view body = script.body();
  if (!body.starts_with(begin)) {
    Runner::Streams streams;
    answer.status = Runner(*this, tokens_of(std::string(body))).list(streams);
    answer.out = std::move(streams.out);
    answer.err = std::move(streams.err);
    return answer;
  }
  while (body.starts_with(begin)) {
    const auto stop = body.find(end);
    const auto name = body.find(print, stop) + print.size();
    answer.out += section(std::string(body.substr(name, body.find(' ', name) - name)),
                          std::string(body.substr(begin.size(), stop - begin.size())));
    body.remove_prefix(body.find('\n', name) + 1);
  }
  if (!body.empty()) throw Untaught("the probe goes on after its sections");
  return answer;
}

}  // namespace mrc::test::property

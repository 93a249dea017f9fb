#include "transport/shell_session.hpp"

#include <array>
#include <random>
#include <sstream>

#include "mrc/base/bug.hpp"
#include "remote_loop.sh.hpp"

namespace mrc::transport {
namespace {

std::string make_nonce() {
  std::random_device random;
  return fmt::format("mrc-{:08x}{:08x}", random(), random());
}

std::string join_lines(std::string_view text) {
  std::string out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string::npos || line[start] == '#') continue;
    out += (out.empty() ? "" : " ") + line.substr(start);
  }
  return out;
}

/// The one place where a secret becomes bytes for a host: into the session's stdin.
std::string_view open_bytes(const shell::Attachment& attachment) {
  if (const auto* secret = std::get_if<Secret>(&attachment.bytes)) {
    return secret->open(SecretKey{});
  }
  return *std::get<std::shared_ptr<const std::string>>(attachment.bytes);
}

std::string frame(std::string_view verb, std::string_view bytes, std::string_view name = {}) {
  std::string out = fmt::format("{} {} {}\n", verb, bytes.size(), name);
  out += bytes;
  return out;
}

}  // namespace

const std::string& remote_loop() {
  static const std::string text = join_lines(embedded::remote_loop_sh);
  return text;
}

Result<std::unique_ptr<Session>> ShellSession::open(const std::vector<std::string>& argv,
                                                    const std::optional<Secret>& first_line,
                                                    Explain explain,
                                                    std::chrono::seconds limit,
                                                    const std::stop_token& stop) {
  auto child = Child::spawn(argv);
  if (!child) return fail(std::move(child).error());
  std::unique_ptr<ShellSession> session(new ShellSession(std::move(*child), std::move(explain)));
  auto greeted = session->greet(first_line, std::chrono::steady_clock::now() + limit, stop);
  if (!greeted) return fail(session->broken(std::move(greeted).error()));
  return session;
}

Result<void> ShellSession::greet(const std::optional<Secret>& first_line,
                                 Deadline deadline,
                                 const std::stop_token& stop) {
  const auto nonce = make_nonce();
  std::string hello;
  if (first_line) hello = first_line->open(SecretKey{}) + "\n";
  hello += "MRC1 " + nonce + "\n";
  if (auto sent = m_child.write(hello, deadline, stop); !sent) return sent;
  for (;;) {  // what a login prints comes first, however much of it
    auto line = read_line(deadline, stop);
    if (!line) return fail(std::move(line).error());
    if (*line == nonce + " ready") return {};
  }
}

Result<std::string> ShellSession::read_line(Deadline deadline, const std::stop_token& stop) {
  std::size_t searched = 0;
  for (;;) {
    const auto end = m_child.inbox.find('\n', searched);
    if (end != std::string::npos) {
      auto line = m_child.inbox.substr(0, end);
      m_child.inbox.erase(0, end + 1);
      return line;
    }
    searched = m_child.inbox.size();
    if (auto more = m_child.read_more(deadline, stop); !more) return fail(std::move(more).error());
  }
}

Result<Answer> ShellSession::exchange(const std::string& frames,
                                      Deadline deadline,
                                      const RunOptions& options) {
  MRC_CHECK(!m_broken);
  if (auto sent = m_child.write(frames, deadline, options.stop); !sent) {
    return fail(broken(std::move(sent).error()));
  }
  for (;;) {
    auto line = read_line(deadline, options.stop);
    if (!line) return fail(broken(std::move(line).error()));
    if (line->starts_with("N ")) {
      if (options.on_note) options.on_note(std::string_view(*line).substr(2));
      continue;
    }
    std::istringstream header(*line);
    std::string verb;
    int status = 0;
    std::size_t out_size = 0;
    std::size_t err_size = 0;
    std::int64_t milliseconds = 0;
    if (!(header >> verb >> status >> out_size >> err_size >> milliseconds) || verb != "A") {
      return fail(broken({ErrorKind::unreadable,
                          "the session's answer does not parse: " + excerpt(*line),
                          {},
                          0,
                          {}}));
    }
    while (m_child.inbox.size() < out_size + err_size) {
      if (auto more = m_child.read_more(deadline, options.stop); !more) {
        return fail(broken(std::move(more).error()));
      }
    }
    Answer answer{status,
                  m_child.inbox.substr(0, out_size),
                  m_child.inbox.substr(out_size, err_size),
                  std::chrono::milliseconds(milliseconds)};
    m_child.inbox.erase(0, out_size + err_size);
    return answer;
  }
}

Result<Answer> ShellSession::run(const shell::Script& script, const RunOptions& options) {
  std::string frames;
  for (const auto& one : script.attachments()) frames += frame("F", open_bytes(one), one.name);
  frames += frame("R", script.text());
  return exchange(frames, std::chrono::steady_clock::now() + options.timeout, options);
}

Result<void> ShellSession::lock(std::string_view deployment, std::string_view holder) {
  const auto frames = frame("F", holder, "holder") + fmt::format("L {}\n", deployment);
  auto answer = exchange(frames, std::chrono::steady_clock::now() + std::chrono::seconds(30), {});
  if (!answer) return fail(std::move(answer).error());
  if (answer->status == 0) return {};
  if (answer->status == 75) {
    return fail(ErrorKind::locked,
                "locked by {}",
                answer->out.empty() ? "somebody who did not say who" : excerpt(answer->out, 200));
  }
  return fail({ErrorKind::exit_status,
               "cannot take the lock: " + excerpt(answer->err, 200),
               {},
               answer->status,
               answer->err});
}

Error ShellSession::broken(Error error) {
  m_broken = true;
  if (error.kind != ErrorKind::unreachable) return error;
  m_child.wait(std::chrono::seconds(2));  // its last words come with its end
  return m_explain(m_child.stderr_text(), std::move(error));
}

}  // namespace mrc::transport

#include "transport/shell_session.hpp"

#include <algorithm>
#include <sstream>

#include "mrc/base/bug.hpp"
#include "transport/remote_command.hpp"

namespace mrc::transport {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t k_noise_kept = 4000;
constexpr int k_lock_held = 75;  // remote_loop.sh's status for it

std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

Error lock_error(const Answer& answer) {
  if (answer.status == k_lock_held) {
    const auto who = excerpt(answer.out, 200);
    return {ErrorKind::locked,
            "locked by " + (who.empty() ? "somebody who did not say who" : who),
            {},
            0,
            {}};
  }
  return {ErrorKind::exit_status,
          "cannot take the lock: " + excerpt(answer.err, 200),
          {},
          answer.status,
          answer.err};
}

}  // namespace

Result<std::unique_ptr<ShellSession>> ShellSession::start(Opening opening) {
  auto child = Child::spawn(opening.argv);
  if (!child) return fail(std::move(child).error());
  return std::unique_ptr<ShellSession>(new ShellSession(std::move(*child), std::move(opening)));
}

Result<void> ShellSession::greet(const std::stop_token& stop) {
  Frames hello;
  if (auto done = login(hello, stop); !done) return done;
  const auto deadline = steady_clock::now() + m_opening.limit;
  if (auto sent = send(hello, deadline, stop); !sent) return fail(broken(std::move(sent).error()));
  return await_greeting(deadline, stop);
}

/// Readies the first request: the hello goes out in front of it. Where sudo wants a password
/// nothing may follow that before sudo is content, or it would be tried as the next password.
Result<void> ShellSession::login(Frames& frames, const std::stop_token& stop) {
  if (m_hello_sent) return {};
  if (m_opening.first_line) {
    const auto deadline = steady_clock::now() + m_opening.limit;
    if (auto done = pass_sudo(deadline, stop); !done) return done;
  }
  frames.add_line(m_opening.nonce);
  m_hello_sent = true;
  return {};
}

Result<void> ShellSession::pass_sudo(Deadline deadline, const std::stop_token& stop) {
  Frames password;
  password.add_line(m_opening.first_line->open(SecretKey{}));
  if (auto sent = send(password, deadline, stop); !sent) {
    return fail(broken(std::move(sent).error()));
  }
  while (!m_greeted) {
    // sudo speaks on stderr, which is a file: looked at now and then, until the loop has spoken.
    const auto glance = std::min(deadline, steady_clock::now() + std::chrono::milliseconds(50));
    auto done = await_greeting(glance, stop);
    if (done) break;
    if (done.error().kind != ErrorKind::timeout) return done;
    if (count_of(m_child.stderr_text(), k_sudo_prompt) > 1) {
      m_child.close_stdin();
      auto error = broken({ErrorKind::unreachable, {}, {}, 0, {}});
      error.kind = ErrorKind::auth;
      error.message = "sudo refuses the password: check ssh.become_password";
      return fail(std::move(error));
    }
    if (glance == deadline) return fail(broken(std::move(done).error()));
    m_broken = false;
  }
  return {};
}

/// What a login prints comes before the greeting, however much of it.
Result<void> ShellSession::await_greeting(Deadline deadline, const std::stop_token& stop) {
  while (!m_greeted) {
    if (const auto line = take_line()) {
      m_greeted = *line == m_opening.nonce + " ready";
      if (!m_greeted) m_noise += *line + "\n";
      if (m_noise.size() > 2 * k_noise_kept) m_noise.erase(0, m_noise.size() - k_noise_kept);
      continue;
    }
    if (auto more = m_child.read_more(deadline, stop); !more) {
      return fail(broken(std::move(more).error()));
    }
  }
  return {};
}

std::optional<std::string> ShellSession::take_line() {
  const auto end = m_child.inbox.find('\n', m_searched);
  if (end == std::string::npos) {
    m_searched = m_child.inbox.size();
    return {};
  }
  auto line = m_child.inbox.substr(0, end);
  m_child.inbox.erase(0, end + 1);
  m_searched = 0;
  return line;
}

Result<void> ShellSession::send(const Frames& frames,
                                Deadline deadline,
                                const std::stop_token& stop) {
  for (const auto piece : frames.pieces()) {
    if (auto sent = m_child.write(piece, deadline, stop); !sent) {
      // The far end has hung up; what it said before that tells why, so it is read first.
      if (sent.error().kind == ErrorKind::unreachable) return {};
      return sent;
    }
  }
  return {};
}

Result<Answer> ShellSession::read_answer(Deadline deadline, const RunOptions& options) {
  for (;;) {
    const auto line = take_line();
    if (!line) {
      if (auto more = m_child.read_more(deadline, options.stop); !more) {
        return fail(std::move(more).error());
      }
      continue;
    }
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
      return fail(ErrorKind::unreadable, "the session's answer does not parse: {}", excerpt(*line));
    }
    const auto came = steady_clock::now();
    while (m_child.inbox.size() < out_size + err_size) {
      if (auto more = m_child.read_more(deadline, options.stop); !more) {
        return fail(std::move(more).error());
      }
    }
    Answer answer{status,
                  m_child.inbox.substr(0, out_size),
                  m_child.inbox.substr(out_size, err_size),
                  std::chrono::milliseconds(milliseconds),
                  came};
    m_child.inbox.erase(0, out_size + err_size);
    return answer;
  }
}

Result<Answer> ShellSession::exchange(Frames frames, const RunOptions& options) {
  const bool first = !m_greeted;
  auto deadline =
      steady_clock::now() + (first ? m_opening.limit + options.timeout : options.timeout);
  if (auto sent = send(frames, deadline, options.stop); !sent) {
    return fail(broken(std::move(sent).error()));
  }
  if (!m_greeted) {
    const auto login_end = std::min(deadline, steady_clock::now() + m_opening.limit);
    if (auto done = await_greeting(login_end, options.stop); !done) return fail(done.error());
    deadline = steady_clock::now() + options.timeout;
  }
  if (first && options.on_connected) options.on_connected();
  for (std::size_t left = frames.answers(); left > 0; --left) {
    auto answer = read_answer(deadline, options);
    if (!answer) {
      auto error = std::move(answer).error();
      if (error.kind == ErrorKind::timeout) {
        error.message = fmt::format("not done within {} s",
                                    std::chrono::duration<double>(options.timeout).count());
      }
      return fail(broken(std::move(error)));
    }
    const bool is_lock = options.lock.has_value() && left == frames.answers();
    if (is_lock && answer->status != 0) {
      m_broken = true;
      return fail(lock_error(*answer));
    }
    if (left == 1) return answer;
  }
  throw Bug("a request without an answer");
}

Result<Answer> ShellSession::run(const shell::Script& script, const RunOptions& options) {
  MRC_CHECK(!m_broken);
  Frames frames;
  if (auto done = login(frames, options.stop); !done) return fail(std::move(done).error());
  if (options.lock) frames.add_lock(*options.lock);
  frames.add_script(script);
  return exchange(std::move(frames), options);
}

Result<void> ShellSession::lock(std::string_view deployment, std::string_view holder) {
  MRC_CHECK(!m_broken);
  RunOptions options;
  options.timeout = std::chrono::seconds(30);
  options.lock = LockRequest{std::string(deployment), std::string(holder)};
  Frames frames;
  if (auto done = login(frames, options.stop); !done) return done;
  frames.add_lock(*options.lock);
  auto answer = exchange(std::move(frames), options);
  if (!answer) return fail(std::move(answer).error());
  return {};
}

Error ShellSession::broken(Error error) {
  m_broken = true;
  if (error.kind == ErrorKind::timeout && !m_greeted) {
    error.message = fmt::format("the login did not end within {} s", m_opening.limit.count());
    error.evidence = m_child.stderr_text() + m_noise;
  }
  if (error.kind != ErrorKind::unreachable) return error;
  m_child.wait(std::chrono::seconds(2));  // its last words come with its end
  return m_opening.explain(m_child.stderr_text() + m_noise + m_child.inbox, std::move(error));
}

}  // namespace mrc::transport

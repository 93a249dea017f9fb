#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>

#include "blog-2016.yaml.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "current.yaml.hpp"

namespace mrc::cli {
namespace {

struct InitOptions {
  std::string file;
  bool from_blog = false;
};

/// Why it could not be written; empty when it was. A file that is there stays as it is.
std::string write_new(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) {
    return errno == EEXIST ? "it is there already, and stays as it is; name another file"
                           : std::strerror(errno);
  }
  std::string fault;
  while (!text.empty() && fault.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fault = std::strerror(errno);
    }
  }
  if (::close(file) != 0 && fault.empty()) fault = std::strerror(errno);
  // Half a topology would only be found by the next command.
  if (!fault.empty()) ::unlink(path.c_str());
  return fault;
}

ExitCode run_init(const InitOptions& options, Env& env) {
  const std::string_view text =
      options.from_blog ? embedded::blog_2016_yaml : embedded::current_yaml;
  const auto path = topology_path(options.file, env);
  if (path == "-") {
    env.out << text;
    return ExitCode::done;
  }
  if (const auto fault = write_new(path, text); !fault.empty()) {
    env.err << fmt::format("mrc: cannot write {}: {}\n", path, fault);
    return ExitCode::usage;
  }
  env.out << fmt::format(
      "{0} written. Put your hosts, addresses and names into it, then:\n"
      "  mrc validate {0}\n  mrc plan {0}\n  mrc apply {0}\n",
      path);
  return ExitCode::done;
}

}  // namespace

void add_init(CLI::App& root, Env& env) {
  auto options = std::make_shared<InitOptions>();
  auto* command = root.add_subcommand("init", "Write a topology file to start from");
  command->add_option("file", options->file, "Where to; - is stdout");
  command->add_flag("--from-blog", options->from_blog, "The 2016 article's three hosts");
  command->callback([options, &env] { env.exit_code = run_init(*options, env); });
}

}  // namespace mrc::cli

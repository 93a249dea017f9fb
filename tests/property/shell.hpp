#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "mrc/shell/script.hpp"
#include "mrc/transport/session.hpp"
#include "property/world.hpp"

/// Runs the scripts of mrc on a fake host: the few words of shell that script bodies are made of,
/// and, in place of the library functions that they call, effects on the model.
namespace mrc::test::property {

/// A script holds something that the fake does not know: teach it.
struct Untaught : std::logic_error {
  using std::logic_error::logic_error;
};

/// The link was cut: the script ends here, between two of its commands.
struct CutOff {};

class Shell;

/// One call of a function.
struct Call {
  Shell& shell;
  World& world;
  Host& host;
  std::vector<std::string> args;  ///< without the function's name
  std::string in;                 ///< stdin
  std::string out;                ///< stdout
  std::string err;

  /// Errors: Untaught, so that a call with fewer arguments than the fake knows is seen.
  const std::string& arg(std::size_t i) const;
  /// The contents of the file that the argument names: an attachment, or one the script made.
  std::string file(std::size_t i) const;
  int fail(std::string why) {
    err += why + "\n";
    return 1;
  }
};

/// Returns the exit status.
using Effect = std::function<int(Call&)>;
using Functions = std::map<std::string, Effect>;

/// All that the fakes know; each fake_*.cpp teaches its own.
Functions all_functions();
void teach_prelude(Functions& functions);
void teach_hosts(Functions& functions);
void teach_docker(Functions& functions);
void teach_etcd(Functions& functions);
void teach_calico(Functions& functions);
void teach_mysql(Functions& functions);
void teach_dnat(Functions& functions);
void teach_survival(Functions& functions);

/// One run of one script.
class Shell {
 public:
  Shell(World& world, Host& host) : m_world(world), m_host(host) {}

  /// The script is cut off after so many commands; those of the functions' inside count too.
  void cut_after(int commands) { m_left = commands; }
  transport::Answer run(const shell::Script& script);

  /// A command has been run: here the link may be cut.
  void tick();
  /// Runs a function as a script would: what effects call one another by.
  int call(const std::string& name, std::vector<std::string> args, Call& from);
  std::string variable(const std::string& name) const;
  std::map<std::string, std::string> files;  ///< what is in "$MRC_D", by its path

 private:
  friend class Runner;
  std::string section(const std::string& name, const std::string& body);

  World& m_world;
  Host& m_host;
  std::map<std::string, std::string> m_variables;
  int m_left = -1;
};

}  // namespace mrc::test::property

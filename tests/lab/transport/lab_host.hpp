#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "mrc/transport/openssh.hpp"
#include "support/temp_folder.hpp"

namespace mrc::test {

/// The first host of the lab that `tests/lab/lab env` names, reached through real ssh and sshd.
class LabHost : public ::testing::Test {
 protected:
  LabHost() {
    if (m_config.empty()) {
      throw std::runtime_error("MRC_SSH_CONFIG is not set: eval \"$(tests/lab/lab env)\"");
    }
    m_target.host = HostId("docker1");
    m_target.address = "docker1";
    m_arrange = open(m_target, m_config, m_control_of_arrange.path());
  }

  /// A connection of its own: sessions share one only within a folder of control sockets.
  static Result<std::unique_ptr<transport::Session>> try_open(const transport::Target& target,
                                                              const std::string& config,
                                                              const std::string& folder) {
    transport::OpenSshConnector connector({config, folder, std::chrono::seconds(30)});
    return connector.connect(target, {});
  }
  static std::unique_ptr<transport::Session> open(const transport::Target& target,
                                                  const std::string& config,
                                                  const std::string& folder) {
    auto session = try_open(target, config, folder);
    if (!session) throw std::runtime_error(session.error().text() + session.error().evidence);
    return std::move(*session);
  }
  std::unique_ptr<transport::Session> connect() const {
    return open(m_target, m_config, m_control.path());
  }
  /// How a login with this configuration and target fails.
  Error refused(const transport::Target& target, const std::string& config) const {
    const TempFolder control;
    auto session = try_open(target, config, control.path());
    if (session) throw std::runtime_error("the login succeeded");
    return session.error();
  }

  /// The script's output; it must succeed.
  static std::string run(transport::Session& session, const shell::Script& script) {
    auto answer = session.run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text() + answer.error().evidence);
    if (answer->status != 0) throw std::runtime_error(answer->err);
    return answer->out;
  }
  /// Something done on the host beside the session under test.
  std::string arrange(const shell::Script& script) const { return run(*m_arrange, script); }

  /// A configuration that says these lines first, then the lab's; ssh takes the first it meets.
  std::string config_with(const std::string& lines) const {
    const auto path = m_files / "config";
    write_file(path, lines + "\nInclude " + m_config + "\n");
    return path;
  }
  std::filesystem::path lab_file(const std::string& name) const {
    return std::filesystem::path(m_config).parent_path() / name;
  }

  static std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  }

  std::string m_config = variable("MRC_SSH_CONFIG");
  transport::Target m_target;
  TempFolder m_files;
  TempFolder m_control;
  TempFolder m_control_of_arrange;
  std::unique_ptr<transport::Session> m_arrange;
};

}  // namespace mrc::test

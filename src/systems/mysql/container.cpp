#include "systems/mysql/container.hpp"

#include <algorithm>

#include "mrc/base/hash.hpp"

namespace mrc::systems::mysql {
namespace {

using plan::Change;
using plan::DiffLine;
using Values = std::vector<std::string>;

constexpr std::string_view k_policy = "restart policy";

Values values(const Fields& fields, const std::string& name) {
  Values out;
  for (const auto& field : fields) {
    if (field.name == name) out.push_back(field.value);
  }
  return out;
}

/// The lines of one field, which may be there several times.
void compare(const std::string& name, const Values& now, const Values& want, Difference& out) {
  if (now == want) return;
  if (now.size() == 1 && want.size() == 1) {
    out.push_back({Change::update, name, now[0], want[0]});
    return;
  }
  const auto lacks = [](const Values& list, const std::string& value) {
    return std::find(list.begin(), list.end(), value) == list.end();
  };
  const auto before = out.size();
  for (const auto& value : now) {
    if (lacks(want, value)) out.push_back({Change::remove, name, value, ""});
  }
  for (const auto& value : want) {
    if (lacks(now, value)) out.push_back({Change::create, name, "", value});
  }
  // The same ones, in another order or number.
  if (out.size() == before) {
    out.push_back({Change::update,
                   name,
                   fmt::format("{}", fmt::join(now, " ")),
                   fmt::format("{}", fmt::join(want, " "))});
  }
}

bool all_of(const Difference& diff, std::string_view field) {
  return std::all_of(
      diff.begin(), diff.end(), [&](const DiffLine& line) { return line.field == field; });
}

std::string short_id(const std::string& id) { return id.substr(0, 19); }  // sha256: and 12 digits

}  // namespace

std::vector<std::string> run_words(const Desired& desired, const Server& server) {
  std::vector<std::string> words;
  if (!desired.network.empty()) words = {"--network", desired.network};
  words.insert(words.end(),
               {"--hostname",
                server.id.text(),
                "--restart",
                "unless-stopped",
                // Docker's own 10 s kill a master whose slaves are attached.
                "--stop-timeout",
                "120",
                // Where mysqld looks for a my.cnf of this server alone: see role_lines.
                "-e",
                "MYSQL_HOME=/var/lib/mysql",
                "--label",
                "mrc.deployment=" + desired.deployment,
                "--label",
                "mrc.server=" + server.id.text(),
                "-v",
                data_path(desired, server.id) + ":/var/lib/mysql"});
  return words;
}

std::string spec_hash(const Desired& desired, const Server& server) {
  std::string all = desired.image;
  for (const auto& word : run_words(desired, server)) all += '\0' + word;
  for (const auto& word : server.options) all += '\0' + word;
  return short_hash(all);
}

std::vector<std::string> labels(const Desired& desired, const Server& server) {
  std::vector<std::string> words{"--label", "mrc.spec=" + spec_hash(desired, server)};
  if (!desired.restart.empty()) {
    words.insert(words.end(), {"--label", std::string(k_restart_label) + desired.restart});
  }
  return words;
}

Fields wanted_fields(const Desired& desired, const Server& server) {
  Fields out{{"image", desired.image},
             {"hostname", server.id.text()},
             {std::string(k_policy), "unless-stopped"},
             {"stop timeout", "120"},
             {"environment", "MYSQL_HOME"},
             {"mount", data_path(desired, server.id) + ":/var/lib/mysql"},
             {"label", "mrc.deployment=" + desired.deployment},
             {"label", "mrc.server=" + server.id.text()},
             {"label", "mrc.spec=" + spec_hash(desired, server)}};
  if (!desired.network.empty()) out.push_back({"network", desired.network});
  if (!desired.restart.empty()) out.push_back({std::string(k_restart_field), desired.restart});
  for (const auto& option : server.options) out.push_back(argument_field(option));
  return out;
}

Difference container_difference(const Desired& desired,
                                const Server& server,
                                const Observed& seen) {
  const auto want = wanted_fields(desired, server);
  const auto now = seen.container ? seen.container->fields : Fields{};
  Difference out;
  std::vector<std::string> done;
  for (const auto* fields : {&want, &now}) {
    for (const auto& field : *fields) {
      if (std::find(done.begin(), done.end(), field.name) != done.end()) continue;
      done.push_back(field.name);
      if (field.name == k_restart_field && desired.restart.empty()) continue;
      compare(field.name, values(now, field.name), values(want, field.name), out);
    }
  }
  if (seen.container && !seen.wanted_image_id.empty() &&
      seen.wanted_image_id != seen.container->image_id) {
    out.push_back({Change::update,
                   "image id",
                   short_id(seen.container->image_id),
                   short_id(seen.wanted_image_id)});
  }
  return out;
}

bool is_restart(const Difference& diff) { return all_of(diff, k_restart_field); }

bool can_be_updated(const Difference& diff) { return all_of(diff, k_policy); }

}  // namespace mrc::systems::mysql

#include "systems/survival/steps.hpp"

namespace mrc::systems::survival {
namespace {

using Level = Verdict::Level;

/// `judge` gets the server's unit; null: there is none.
Check about(const std::string& deployment,
            const Keeper& want,
            std::string id,
            std::string title,
            std::function<Verdict(const Unit*)> judge) {
  Check check;
  check.id = std::move(id);
  check.group = "survival";
  check.host = want.host;
  check.subject = want.server.text();
  check.title = std::move(title);
  check.ask = probe_script(deployment);
  check.judge = [server = want.server,
                 judge = std::move(judge)](const Observation& answer) -> Verdict {
    const auto seen = parse_probe(answer.out);
    if (!seen) {
      return {Level::fail,
              seen.error().text() + (answer.err.empty() ? "" : ": " + excerpt(answer.err)),
              {}};
    }
    const auto unit = seen->units.find(server);
    return judge(unit == seen->units.end() ? nullptr : &unit->second);
  };
  return check;
}

}  // namespace

std::vector<Check> checks(const std::string& deployment, const std::vector<Keeper>& wanted) {
  std::vector<Check> all;
  for (const auto& want : wanted) {
    all.push_back(about(deployment,
                        want,
                        "MRC-V701",
                        "its unit runs, also at the next boot",
                        [unit = want.unit](const Unit* now) -> Verdict {
                          if (now == nullptr)
                            return {Level::fail, unit + " is not there", "mrc apply"};
                          if (now->active == "active" && now->enabled == "enabled") return {};
                          return {Level::fail,
                                  fmt::format("{} is {} and {}", unit, now->active, now->enabled),
                                  "mrc apply, or: systemctl enable --now " + unit};
                        }));
    all.push_back(
        about(deployment,
              want,
              "MRC-V702",
              "its unit brings back what the file says",
              [file = want.file_sum, script = want.script_sum](const Unit* now) -> Verdict {
                // Without a unit there is nothing to compare; the other check tells of that.
                if (now == nullptr || (now->file == file && now->script == script)) return {};
                return {Level::fail,
                        now->file != file ? "its file is not as mrc wrote it"
                                          : "its script is not as mrc wrote it",
                        "mrc apply"};
              }));
    all.push_back(about(deployment,
                        want,
                        "MRC-V703",
                        "nothing of it is still to be brought back",
                        [unit = want.unit](const Unit* now) -> Verdict {
                          if (now == nullptr || now->active != "active") return {};
                          if (now->whole) return {Level::ok, now->state, {}};
                          return {Level::fail, now->state, "journalctl -u " + unit};
                        }));
  }
  return all;
}

}  // namespace mrc::systems::survival

#include "cli/saved_plan.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mrc/transport/http.hpp"

namespace mrc::cli {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view k_schema = "mrc/saved-plan/1";

/// Of every script and every file beside it. Secrets are left out: a hash of one can be guessed at.
std::string fingerprint_of(const plan::Plan& plan, const std::string& plan_json) {
  std::string all = plan_json;
  for (const auto& step : plan.steps()) {
    all += step.apply.text();
    for (const auto& one : step.apply.attachments()) all += one.name + '\n';
  }
  return transport::sha256_of(all);
}

std::vector<std::string> step_ids(const std::string& plan_json) {
  std::vector<std::string> out;
  const auto plan = ordered_json::parse(plan_json);
  for (const auto& step : plan.at("steps")) out.push_back(step.at("id").get<std::string>());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> without(const std::vector<std::string>& all,
                                 const std::vector<std::string>& these) {
  std::vector<std::string> out;
  std::set_difference(all.begin(), all.end(), these.begin(), these.end(), std::back_inserter(out));
  return out;
}

}  // namespace

SavedPlan make_saved_plan(const std::string& file,
                          const std::string& text,
                          const Permits& permits,
                          const plan::Plan& plan) {
  auto json = plan::render_json(plan);
  auto fingerprint = fingerprint_of(plan, json);
  return {MRC_VERSION,
          file,
          transport::sha256_of(text),
          permits,
          std::move(fingerprint),
          std::move(json)};
}

std::string render_saved_plan(const SavedPlan& saved) {
  return ordered_json{{"schema", k_schema},
                      {"mrc", saved.mrc},
                      {"file", saved.file},
                      {"file_sha256", saved.file_sha256},
                      {"adopt", saved.permits.adopt},
                      {"forget", saved.permits.forget},
                      {"fingerprint", saved.fingerprint},
                      {"plan", ordered_json::parse(saved.plan_json)}}
             .dump(2) +
         "\n";
}

std::optional<SavedPlan> parse_saved_plan(const std::string& text) {
  const auto json = ordered_json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object() || json.value("schema", "") != k_schema) return {};
  if (!json.contains("plan") || !json["plan"].is_object() || !json["plan"].contains("steps")) {
    return {};
  }
  return SavedPlan{json.value("mrc", ""),
                   json.value("file", ""),
                   json.value("file_sha256", ""),
                   {json.value("adopt", false), json.value("forget", std::vector<std::string>{})},
                   json.value("fingerprint", ""),
                   json["plan"].dump(2) + "\n"};
}

std::string refusal(const SavedPlan& saved, const SavedPlan& now) {
  if (saved.mrc != now.mrc) {
    return fmt::format("it was made by mrc {}, and this is {}", saved.mrc, now.mrc);
  }
  if (saved.file_sha256 != now.file_sha256) {
    return fmt::format("{} has changed since", saved.file);
  }
  if (saved.fingerprint == now.fingerprint) return {};
  const auto then_ids = step_ids(saved.plan_json);
  const auto now_ids = step_ids(now.plan_json);
  std::string out = "the hosts have changed since";
  const auto tell = [&](std::string_view what, const std::vector<std::string>& ids) {
    if (!ids.empty()) out += fmt::format("; {}: {}", what, fmt::join(ids, ", "));
  };
  tell("no more needed", without(then_ids, now_ids));
  tell("needed now", without(now_ids, then_ids));
  if (then_ids == now_ids) out += "; the same steps would do something else";
  return out;
}

}  // namespace mrc::cli

#include "property/deployment.hpp"

#include "mrc/plan/plan.hpp"
#include "mrc/systems/registry.hpp"
#include "property/shell.hpp"

namespace mrc::test::property {
namespace {

topology::Topology parse(const Wish& wish) {
  const SourceText source{"topology.yaml", render_topology(wish)};
  Diagnostics diags;
  auto topology = topology::parse_topology(source, "/", diags);
  if (!topology) throw Broken("the generated topology is invalid:\n" + render(diags, source));
  return std::move(*topology);
}

std::vector<HostId> ids(const topology::Topology& topology) {
  std::vector<HostId> out;
  for (const auto& host : topology.hosts) out.push_back(host.id);
  return out;
}

}  // namespace

Deployment::Deployment(const Wish& wish, World& world)
    : m_world(world),
      m_topology(parse(wish)),
      m_secrets{Secret("mysql.root_password", root_password(wish)),
                wish.root_password_before ? std::optional(Secret("mysql.root_password_before",
                                                                 root_password_before(wish)))
                                          : std::nullopt,
                Secret("mysql.replication.password", replication_password(wish)),
                {}} {
  const std::string binary = "0.22.0";
  m_artefacts["calicoctl"] = {std::make_shared<const std::string>(binary), fake_sha256(binary)};
  m_systems = systems::make_systems(
      {.topology = m_topology, .secrets = m_secrets, .artefacts = m_artefacts, .adopt = false});
}

systems::Observations Deployment::observe() {
  const engine::RunAll run_all = [&](const std::map<HostId, shell::Script>& scripts) {
    std::map<HostId, Result<transport::Answer>> out;
    for (const auto& [host, script] : scripts) {
      out.emplace(host, Shell(m_world, m_world.hosts.at(host.text())).run(script));
    }
    return out;
  };
  auto reading = engine::observe(m_topology.name, ids(m_topology), m_systems, run_all);
  const auto check = [&] {
    for (const auto& [host, error] : reading.failed) throw Broken("reading: " + error.text());
  };
  check();
  auto departed = engine::departed_hosts(reading.seen, ids(m_topology));
  if (!departed) throw Broken("reading: " + departed.error().text());
  if (!departed->empty()) {
    engine::observe_departed(m_topology.name, std::move(*departed), m_systems, run_all, reading);
    check();
  }
  return std::move(reading.seen);
}

void Deployment::check_text(const plan::Plan& plan) const {
  auto text = render_text(plan, plan::Detail::full) + render_json(plan);
  for (const auto& step : plan.steps()) text += step.apply.text() + step.goal;
  if (text.find(k_secret_core) != std::string::npos) {
    throw Broken("the plan tells a secret:\n" + render_text(plan, plan::Detail::full));
  }
}

plan::Plan Deployment::plan() {
  const auto seen = observe();
  auto found = engine::preflight(m_systems, seen);
  if (!found) throw Broken("preflight: " + found.error().text());
  for (const auto& one : *found) {
    if (one.level != systems::Verdict::Level::fail) continue;
    throw Broken(fmt::format("preflight on {}: {}: {}", one.host, one.title, one.detail));
  }
  auto plan = engine::make_plan(m_topology.name, m_systems, seen);
  if (!plan) throw Broken("planning: " + plan.error().text());
  const auto again = engine::make_plan(m_topology.name, m_systems, observe());
  if (render_text(*plan, plan::Detail::full) != render_text(*again, plan::Detail::full) ||
      render_json(*plan) != render_json(*again)) {
    throw Broken("the same hosts give another plan:\n" + render_text(*plan, plan::Detail::full) +
                 "\nand\n" + render_text(*again, plan::Detail::full));
  }
  check_text(*plan);
  return std::move(*plan);
}

plan::Plan Deployment::teardown(bool delete_data) {
  auto plan = engine::make_teardown(m_systems, observe(), delete_data);
  if (!plan) throw Broken("planning the end: " + plan.error().text());
  check_text(*plan);
  return std::move(*plan);
}

bool apply(const plan::Plan& plan,
           World& world,
           Random& random,
           const std::optional<Cut>& cut,
           const std::function<void(const plan::Step&)>& watch) {
  const auto& steps = plan.steps();
  std::vector<bool> done(steps.size());
  for (std::size_t count = 0; count < steps.size(); ++count) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& before = plan.before(i);
      const bool free =
          std::all_of(before.begin(), before.end(), [&](std::size_t one) { return done[one]; });
      if (!done[i] && free) ready.push_back(i);
    }
    const auto next = ready[pick(random, ready.size())];
    const auto& step = steps[next];
    Shell shell(world, world.hosts.at(step.host.text()));
    const bool cuts = cut && cut->step == count;
    if (cuts) shell.cut_after(cut->commands);
    try {
      const auto answer = shell.run(step.apply);
      if (answer.status != 0) {
        throw Broken(
            fmt::format("the step {} fails with status {}: {}\nits script:\n{}\nthe plan:\n{}",
                        step.id,
                        answer.status,
                        answer.err,
                        step.apply.body(),
                        render_text(plan, plan::Detail::full)));
      }
    } catch (const CutOff&) {
    } catch (const Untaught& why) {
      throw Broken(
          fmt::format("{}\nin the script of {}:\n{}", why.what(), step.id, step.apply.body()));
    }
    world.settle();
    watch(step);
    done[next] = true;
    if (cuts) return false;
  }
  return true;
}

}  // namespace mrc::test::property

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <iostream>
#include <set>

#include "property/deployment.hpp"
#include "property/drift.hpp"
#include "property/shell.hpp"
#include "property/start.hpp"

/// Pairs of topologies, from A to B, on fakes of everything that mrc talks to.
///
/// MRC_PROPERTY_PAIRS=5000 for more of them, MRC_PROPERTY_SEED=N for those of an earlier run.
namespace mrc::test::property {

/// One pair and what happens on the way.
struct Case {
  Wish from;
  std::vector<Edit> edits;
  unsigned foreign = 0;
  unsigned luck = 0;  ///< seeds orders, cuts and drift
  bool cuts = false;
  bool drifts = false;
  bool delete_data = false;
  bool switches = false;  ///< behind B, another server becomes the master
};

void showValue(const Case& one, std::ostream& out) {  // NOLINT: rapidcheck's name for it
  out << "=== A\n"
      << render_topology(one.from) << "=== B (" << names(one.edits) << ")\n"
      << render_topology(edited(one.from, one.edits)) << "=== others' things: " << one.foreign
      << ", luck " << one.luck << ", cut off: " << one.cuts << ", drift: " << one.drifts
      << ", data deleted: " << one.delete_data << ", another master: " << one.switches << "\n";
}

}  // namespace mrc::test::property

namespace rc {

using mrc::test::property::Case;
using mrc::test::property::Edit;
using mrc::test::property::ServerWish;
using mrc::test::property::Wish;

/// Any of them with equal luck: rapidcheck's size, which is small inside short lists, would leave
/// only the first ones.
inline Gen<unsigned> below(unsigned end) {
  return gen::resize(kNominalSize, gen::inRange(0U, end));
}

template <>
struct Arbitrary<ServerWish> {
  static Gen<ServerWish> arbitrary() {
    return gen::build<ServerWish>(gen::set(&ServerWish::name, below(5)),
                                  gen::set(&ServerWish::host, below(4)),
                                  gen::set(&ServerWish::port, below(3)),
                                  gen::set(&ServerWish::option, below(3)),
                                  gen::set(&ServerWish::address, below(2)));
  }
};

template <>
struct Arbitrary<Edit> {
  static Gen<Edit> arbitrary() {
    return gen::build<Edit>(gen::set(&Edit::kind, below(1000)),
                            gen::set(&Edit::which, below(20)),
                            gen::set(&Edit::to, below(16)));
  }
};

template <>
struct Arbitrary<Wish> {
  static Gen<Wish> arbitrary() {
    return gen::build<Wish>(
        gen::set(&Wish::external_etcd, gen::weightedElement<bool>({{3, false}, {1, true}})),
        gen::set(&Wish::hosts, below(16)),
        gen::set(&Wish::members, below(16)),
        gen::set(&Wish::servers, gen::resize(5, gen::arbitrary<std::vector<ServerWish>>())),
        gen::set(&Wish::master, below(5)),
        gen::set(&Wish::image, below(2)),
        gen::set(&Wish::restart, below(3)),
        gen::set(&Wish::option, below(3)),
        gen::set(&Wish::pool_options, below(4)),
        gen::set(&Wish::profile, below(2)),
        gen::set(&Wish::libnetwork),
        gen::set(&Wish::node_image, below(2)),
        gen::set(&Wish::user, below(2)),
        gen::set(&Wish::password, below(2)),
        gen::set(&Wish::root_password, below(2)),
        gen::set(&Wish::root_anywhere),
        gen::set(&Wish::token, below(2)));
  }
};

template <>
struct Arbitrary<Case> {
  static Gen<Case> arbitrary() {
    return gen::build<Case>(
        gen::set(&Case::from),
        gen::set(&Case::edits, gen::resize(4, gen::arbitrary<std::vector<Edit>>())),
        gen::set(&Case::foreign, below(1U << 13U)),
        gen::set(&Case::luck, gen::noShrink(below(1U << 30U))),
        gen::set(&Case::cuts),
        gen::set(&Case::drifts),
        gen::set(&Case::delete_data),
        gen::set(&Case::switches));
  }
};

}  // namespace rc

namespace mrc::test::property {
namespace {

/// Before rapidcheck reads its parameters, which it does once.
const bool k_ready = [] {
  const auto variable = [](const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr && *value != '\0' ? value : otherwise);
  };
  const auto params = fmt::format("seed={} max_success={}",
                                  variable("MRC_PROPERTY_SEED", "20160101"),
                                  variable("MRC_PROPERTY_PAIRS", "60"));
  setenv("RC_PARAMS", params.c_str(), 1);
  std::cout << "pairs of topologies: " << params << " (MRC_PROPERTY_SEED, MRC_PROPERTY_PAIRS)\n";
  return true;
}();

/// From bare hosts to A, to B, through drift, and back to bare hosts.
class Story {
 public:
  explicit Story(const Case& one)
      : m_case(one),
        m_random(one.luck),
        m_world(start(one.foreign)),
        m_start(facts(m_world)),
        m_untouchable(untouchable(m_world)) {}

  void tell() {
    try {
      bring_about(m_case.from, "A");
      auto to = edited(m_case.from, m_case.edits);
      bring_about(to, "B");
      if (std::exchange(to.root_password_before, false)) nothing_left(to, "without the one before");
      if (m_case.switches) {
        to = switched(std::move(to), pick(m_random, 8));
        bring_about(to, "another master");
      }
      if (m_case.drifts) mend(to);
      end(to);
    } catch (const std::exception& why) {
      throw Broken(fmt::format("{}\nwhat was run: {}", why.what(), m_told));
    }
  }

 private:
  /// After every step: nobody else's things are touched, and no secret lies about.
  void watch(const plan::Step& step, const plan::Plan& plan) {
    const auto now = facts(m_world);
    std::string touched;
    for (const auto& [key, value] : m_untouchable) {
      const auto found = now.find(key);
      if (found == now.end()) {
        touched += fmt::format("- {}: {}\n", key, value);
      } else if (found->second != value) {
        touched += fmt::format("~ {}: {} -> {}\n", key, value, found->second);
      }
    }
    for (const auto& [key, value] : now) {
      if (key.find(k_secret_core) != std::string::npos ||
          value.find(k_secret_core) != std::string::npos) {
        touched += fmt::format("a secret: {}: {}\n", key, value);
      }
    }
    if (touched.empty()) return;
    throw Broken(fmt::format("{} touches what is not ours:\n{}\nits script:\n{}\nthe plan:\n{}",
                             step.id,
                             touched,
                             step.apply.body(),
                             render_text(plan, plan::Detail::full)));
  }

  bool run(const plan::Plan& plan, const std::optional<Cut>& cut, std::string_view what) {
    m_told += fmt::format("\n{}:", what);
    const bool whole = apply(plan, m_world, m_random, cut, [&](const plan::Step& step) {
      m_told += fmt::format(" {}", step.id);
      watch(step, plan);
    });
    if (whole) return true;
    m_told += fmt::format(" (cut off after {} commands)", cut->commands);
    m_was_cut = true;
    return false;
  }

  std::optional<Cut> cut(const plan::Plan& plan) {
    if (!m_case.cuts || plan.empty()) return {};
    return Cut{pick(m_random, plan.steps().size()), static_cast<int>(pick(m_random, 8))};
  }

  void bring_about(const Wish& wish, const char* which) {
    Deployment deployment(wish, m_world);
    see_data(deployment.topology());
    m_world.pass_time();
    auto plan = deployment.plan();
    if (!run(plan, cut(plan), which)) {
      if (pick(m_random, 2) == 0) m_world.pass_time();
      plan = deployment.plan();
      run(plan, {}, which);
    }
    const auto rest = deployment.plan();
    if (rest.empty()) return;
    throw Broken(fmt::format("the plan of {} is not empty after apply:\n{}\nthe plan before:\n{}",
                             which,
                             render_text(rest, plan::Detail::full),
                             render_text(plan, plan::Detail::full)));
  }

  /// What was brought about is the same for this file.
  void nothing_left(const Wish& wish, const char* which) {
    const auto rest = Deployment(wish, m_world).plan();
    if (rest.empty()) return;
    throw Broken(
        fmt::format("the plan {} is not empty:\n{}", which, render_text(rest, plan::Detail::full)));
  }

  /// Data of servers that left the file, or their host, stay whatever comes.
  void see_data(const topology::Topology& topology) {
    for (const auto& path : m_data) m_kept.insert(path);
    m_data.clear();
    for (const auto& server : topology.mysql.servers) {
      const auto path =
          fmt::format("{}/mysql/{}/{}/data", server.host, topology.mysql.data_root, server.id);
      m_data.insert(path);
      m_kept.erase(path);
    }
  }

  void mend(const Wish& wish) {
    Deployment deployment(wish, m_world);
    m_world.pass_time();
    const auto what = drift(m_world, deployment.topology(), m_random);
    if (what.empty()) return;
    const auto plan = deployment.plan();
    if (plan.empty()) throw Broken("not seen as drift: " + what);
    for (const auto& step : plan.steps()) {
      // What a run made last before it was cut off may lack its goal in the record.
      if (step.cause == plan::Cause::drift || m_was_cut) continue;
      throw Broken(fmt::format(
          "{} is no drift for {}:\n{}", what, step.id, render_text(plan, plan::Detail::full)));
    }
    try {
      run(plan, {}, what);
      const auto rest = deployment.plan();
      if (!rest.empty()) {
        throw Broken(fmt::format("the plan is not empty after mending:\n{}\nthe plan before:\n{}",
                                 render_text(rest, plan::Detail::full),
                                 render_text(plan, plan::Detail::full)));
      }
    } catch (const Broken& why) {
      throw Broken(fmt::format("mending {}: {}", what, why.what()));
    }
  }

  void end(const Wish& wish) {
    Deployment deployment(wish, m_world);
    auto plan = deployment.teardown(m_case.delete_data);
    if (!run(plan, cut(plan), "destroy")) {
      plan = deployment.teardown(m_case.delete_data);
      run(plan, {}, "destroy");
    }
    auto now = facts(m_world);
    for (const auto& path : m_kept) {
      if (!now.contains(path)) throw Broken("data that nobody told to delete are gone: " + path);
    }
    std::erase_if(now, [&](const auto& fact) {
      const auto root = fact.first.find("//opt/Docker");
      if (root == std::string::npos || m_start.contains(fact.first)) return false;
      const auto host = fact.first.substr(0, fact.first.find('/')) + "/";
      return !m_case.delete_data ||
             std::any_of(m_kept.begin(), m_kept.end(), [&](const std::string& path) {
               return path.starts_with(host);
             });
    });
    const auto rest = difference(m_start, now);
    if (!rest.empty()) {
      throw Broken(fmt::format("after destroy the world is not as it was:\n{}\nthe plan:\n{}",
                               rest,
                               render_text(plan, plan::Detail::full)));
    }
    const auto again = deployment.teardown(m_case.delete_data);
    if (!again.empty()) {
      throw Broken("destroy has more to do after destroy:\n" +
                   render_text(again, plan::Detail::full));
    }
  }

  const Case& m_case;
  Random m_random;
  World m_world;
  Facts m_start;
  Facts m_untouchable;
  std::set<std::string> m_data;  ///< of the servers of the file, by their facts
  std::set<std::string> m_kept;
  bool m_was_cut = false;
  std::string m_told;  ///< the steps, in the order in which they were run
};

RC_GTEST_PROP(Property, ApplyThenPlanIsEmptyAndNothingElseIsTouched, (const Case& one)) {
  try {
    Story(one).tell();
  } catch (const std::exception& why) {
    RC_FAIL(std::string(why.what()));
  }
}

}  // namespace
}  // namespace mrc::test::property

#pragma once

#include <memory>
#include <random>
#include <stdexcept>
#include <string>

#include "mrc/engine/engine.hpp"
#include "mrc/systems/registry.hpp"
#include "mrc/topology/topology.hpp"
#include "property/wish.hpp"
#include "property/world.hpp"

namespace mrc::test::property {

/// A property does not hold; the text says which and shows the plan.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Random = std::mt19937;
/// 0 to count - 1.
inline unsigned pick(Random& random, std::size_t count) {
  return static_cast<unsigned>(random() % count);
}

/// One file with the real systems made of it, on a fake world.
class Deployment {
 public:
  Deployment(const Wish& wish, World& world);
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  const topology::Topology& topology() const { return m_topology; }
  /// As `mrc plan` does it: reads, judges, plans. Errors of mrc are Broken.
  plan::Plan plan();
  plan::Plan teardown(bool delete_data);

 private:
  systems::Observations observe();
  void check_text(const plan::Plan& plan) const;

  World& m_world;
  topology::Topology m_topology;
  topology::Secrets m_secrets;
  std::map<std::string, systems::Artefact> m_artefacts;
  engine::Systems m_systems;
};

/// Where a run is cut off: in that step, after so many commands.
struct Cut {
  std::size_t step = 0;
  int commands = 0;
};

/// Runs the plan in a random order that its edges allow. `watch` is asked after every step.
/// False: it was cut off.
bool apply(const plan::Plan& plan,
           World& world,
           Random& random,
           const std::optional<Cut>& cut,
           const std::function<void(const plan::Step&)>& watch);

}  // namespace mrc::test::property

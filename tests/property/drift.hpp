#pragma once

#include <string>

#include "property/deployment.hpp"

namespace mrc::test::property {

/// Somebody changes something of the deployment's by hand. What it was; empty: there is nothing
/// that could be changed so.
std::string drift(World& world, const topology::Topology& topology, Random& random);

}  // namespace mrc::test::property

#pragma once

#include "property/world.hpp"

namespace mrc::test::property {

/// The hosts before mrc comes: bare, but for what other people and another deployment have there
/// (a bit of `foreign` for each kind of it).
World start(unsigned foreign);
/// What of that nobody may ever touch; more changes while a deployment lives, and comes back.
Facts untouchable(const World& start);

}  // namespace mrc::test::property

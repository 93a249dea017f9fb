#pragma once

#include "systems/mysql/desired.hpp"
#include "systems/mysql/probe.hpp"

namespace mrc::systems::mysql {

/// docker run's words between the name and the arguments of mysqld, without the labels of `labels`.
std::vector<std::string> run_words(const Desired& desired, const Server& server);
/// A hash of all that a container is made from: when it differs, the container must be replaced.
std::string spec_hash(const Desired& desired, const Server& server);
/// docker run's words for what a container was made from and for: its hash, and the restart that
/// the file asks for. That one is no part of the hash, as it may leave the file without another
/// restart.
std::vector<std::string> labels(const Desired& desired, const Server& server);
/// What `docker inspect` shall say of the container.
Fields wanted_fields(const Desired& desired, const Server& server);

/// What differs, a line each; of a container that is not there, everything.
Difference container_difference(const Desired& desired, const Server& server, const Observed& seen);
/// Nothing differs but that the file asks for a restart.
bool is_restart(const Difference& diff);
/// Nothing differs but what `docker update` changes in a running container.
bool can_be_updated(const Difference& diff);

}  // namespace mrc::systems::mysql

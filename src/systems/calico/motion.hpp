#pragma once

#include <string_view>

/// Hosts are not read at one moment: while a server's unit attaches a new container, etcd may tell
/// of one that the server's host does not, or not any more. What is said then behind a finding of a
/// stranger that has the address of a server which mrc has attached on that very host.
namespace mrc::systems::calico {

inline constexpr std::string_view k_maybe_moving =
    "; or the server's container was just made anew, and its unit gives it the address at this "
    "moment";
inline constexpr std::string_view k_wait_first =
    "see `mrc status`: when the server is whole again, run this again; if it still says so: ";

}  // namespace mrc::systems::calico

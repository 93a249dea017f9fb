#pragma once

#include <fmt/format.h>

#include <string>

#include "mrc/base/id.hpp"

/// The shared vocabulary of `Step::needs` and `Step::gives`. A milestone that no step of a plan
/// gives was reached already, so waiting for it costs nothing.
/// In a teardown the words mean the same thing gone: see the `_gone` ones.
namespace mrc::plan::milestone {

inline std::string host_ready(const HostId& host) { return fmt::format("host/{}/ready", host); }
inline std::string etcd_healthy() { return "etcd/healthy"; }
/// The Calico node on this host is up, the pool and the profile exist.
inline std::string network_ready(const HostId& host) {
  return fmt::format("network/{}/ready", host);
}
inline std::string image_present(const HostId& host) {
  return fmt::format("image/{}/present", host);
}
inline std::string container_running(const ServerId& server) {
  return fmt::format("container/{}/running", server);
}
/// The server's Calico address is on its interface, with its profile.
inline std::string endpoint_ready(const ServerId& server) {
  return fmt::format("endpoint/{}/ready", server);
}
/// Nothing is left to be done to the server's present endpoint: its container may be replaced.
inline std::string endpoint_replaceable(const ServerId& server) {
  return fmt::format("endpoint/{}/replaceable", server);
}
/// Port and address of the server can be reached from every other server.
inline std::string profile_open() { return "profile/open"; }
/// It serves, and as a slave has caught up and hears its master. Whoever cuts a server's
/// connections undoes this: what comes back by itself does so only at a slave's next try.
inline std::string server_ready(const ServerId& server) {
  return fmt::format("server/{}/ready", server);
}
/// The outside reaches the server at its host.
inline std::string exposure_ready(const ServerId& server) {
  return fmt::format("exposure/{}/ready", server);
}
/// The server's host brings it back by itself. Whoever ends its container undoes this first, so
/// that nobody starts it meanwhile (mrc_unwatch).
inline std::string survival_ready(const ServerId& server) {
  return fmt::format("survival/{}/ready", server);
}
inline std::string replication_account() { return "replication/account"; }
/// Another server becomes the master: the old one takes no writes any more, the new one takes them.
inline std::string handed_over() { return "master/handed-over"; }
inline std::string promoted() { return "master/promoted"; }

// Teardown runs the other way: survival, exposure, replication and containers, network, etcd,
// packages.
inline std::string survival_gone(const ServerId& server) {
  return fmt::format("gone/survival/{}", server);
}
inline std::string exposure_gone(const ServerId& server) {
  return fmt::format("gone/exposure/{}", server);
}
inline std::string endpoint_gone(const ServerId& server) {
  return fmt::format("gone/endpoint/{}", server);
}
inline std::string container_gone(const ServerId& server) {
  return fmt::format("gone/container/{}", server);
}
/// No container of the deployment that goes uses an image on this host any more.
inline std::string image_unused(const HostId& host) {
  return fmt::format("gone/image-users/{}", host);
}
/// All that the deployment had on a host that left the file; the engine gives it with every step
/// there.
inline std::string host_emptied(const HostId& host) {
  return fmt::format("gone/host/{}/emptied", host);
}
/// Everything that Calico kept in etcd and on this host.
inline std::string network_gone(const HostId& host) { return fmt::format("gone/network/{}", host); }
inline std::string etcd_gone(const HostId& host) { return fmt::format("gone/etcd/{}", host); }

}  // namespace mrc::plan::milestone

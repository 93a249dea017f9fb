#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

/// What a topology asks for, as small numbers that a generator picks and shrinks, and the edits
/// that make another topology of it.
namespace mrc::test::property {

struct ServerWish {
  unsigned name = 0;     ///< mysql-1 to mysql-5; one that another has is left out
  unsigned host = 0;     ///< where it is, when that is in the file; else on another
  unsigned port = 0;     ///< 0: not exposed; else one of two ports of its own
  unsigned option = 0;   ///< 0: none of its own
  unsigned address = 0;  ///< one of two of its own
};

struct Wish {
  bool external_etcd = false;
  unsigned hosts = 1;    ///< a bit for each of docker1 to docker4
  unsigned members = 1;  ///< likewise; only those in the file count
  std::vector<ServerWish> servers;
  unsigned master = 0;
  unsigned image = 0;
  unsigned restart = 0;  ///< 0: the file asks for none
  unsigned option = 0;
  unsigned pool_options = 0;  ///< bits: ipip, nat-outgoing
  unsigned profile = 0;
  bool libnetwork = false;
  unsigned node_image = 0;
  unsigned user = 0;
  unsigned limit = 0;  ///< of its connections
  unsigned password = 0;
  unsigned root_password = 0;
  bool root_password_before = false;  ///< the file has it too
  bool root_anywhere = false;
  unsigned token = 0;
  unsigned writer_port = 0;  ///< 0: none; else one of two, and each server has a port of its own
};

constexpr unsigned k_host_count = 4;
constexpr unsigned k_server_count = 5;

/// Always valid: what would not be is left out or moved.
std::string render_topology(const Wish& wish);
std::string root_password(const Wish& wish);
std::string root_password_before(const Wish& wish);
std::string replication_password(const Wish& wish);
/// Is in every password, and in nothing else.
constexpr auto k_secret_core = "s3cr3t";

/// One way in which an operator changes a file.
struct EditKind {
  const char* name;
  bool landed;  ///< mrc can bring it about; the others wait for their systems
  void (*apply)(Wish& wish, unsigned which, unsigned to);
};
const std::vector<EditKind>& edit_kinds();

struct Edit {
  unsigned kind = 0;  ///< of those that have landed
  unsigned which = 0;
  unsigned to = 0;
};
Wish edited(Wish wish, const std::vector<Edit>& edits);
/// Another master, and nothing else: as a switchover is.
Wish switched(Wish wish, unsigned to);
std::string names(const std::vector<Edit>& edits);

}  // namespace mrc::test::property

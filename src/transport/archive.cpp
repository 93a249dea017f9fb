#include "mrc/transport/archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "mrc/base/bug.hpp"
#include "mrc/base/read_all.hpp"

namespace mrc::transport {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_block = 512;
using Block = std::array<char, k_block>;

struct CloseGzip {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzipFile = std::unique_ptr<std::remove_pointer_t<gzFile>, CloseGzip>;

/// A field of a tar header: text up to its first NUL.
std::string field(const Block& block, std::size_t at, std::size_t size) {
  const std::string text(block.data() + at, size);
  return text.substr(0, text.find('\0'));
}

std::string member_name(const Block& header) {
  auto name = field(header, 0, 100);
  if (const auto prefix = field(header, 345, 155); !prefix.empty()) name = prefix + "/" + name;
  return name.starts_with("./") ? name.substr(2) : name;
}

std::uint64_t member_size(const Block& header) {
  std::uint64_t size = 0;
  for (const char c : field(header, 124, 12)) {
    if (c >= '0' && c <= '7') size = size * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return size;
}

tl::unexpected<Error> broken(const fs::path& archive) {
  return fail(ErrorKind::io, "{} is no whole tar archive compressed by gzip", archive.string());
}

bool read_block(gzFile file, Block& block) {
  return gzread(file, block.data(), k_block) == static_cast<int>(k_block);
}

/// What follows a header, to `out` or, without one, nowhere.
bool read_member(gzFile file, std::uint64_t size, std::ofstream* out) {
  Block block{};
  for (std::uint64_t left = size; left > 0;) {
    if (!read_block(file, block)) return false;
    const auto now = std::min<std::uint64_t>(left, k_block);
    if (out != nullptr) out->write(block.data(), static_cast<std::streamsize>(now));
    left -= now;
  }
  return true;
}

}  // namespace

Result<std::shared_ptr<const std::string>> gzip_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  auto bytes = in ? read_all(in) : std::nullopt;
  if (!bytes) return fail(ErrorKind::io, "cannot read {}", file.string());
  if (bytes->starts_with("\x1f\x8b")) return std::make_shared<const std::string>(std::move(*bytes));
  z_stream stream{};
  constexpr int window = 15 + 16;  // 16: with gzip's header
  MRC_CHECK(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes->size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes->data());
  stream.avail_in = static_cast<uInt>(bytes->size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  MRC_CHECK(done == Z_STREAM_END);
  return std::make_shared<const std::string>(std::move(out));
}

Result<void> extract(const fs::path& archive, const std::string& member, const fs::path& target) {
  const GzipFile file(gzopen(archive.c_str(), "rb"));
  if (file == nullptr) return fail(ErrorKind::io, "cannot read {}", archive.string());
  Block header{};
  while (read_block(file.get(), header)) {
    if (header[0] == '\0') break;
    const auto size = member_size(header);
    const bool regular = header[156] == '0' || header[156] == '\0';
    if (!regular || member_name(header) != member) {
      if (!read_member(file.get(), size, nullptr)) return broken(archive);
      continue;
    }
    const fs::path part = target.string() + ".part";
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    const bool whole = read_member(file.get(), size, &out);
    out.close();
    std::error_code error;
    if (whole && out) fs::rename(part, target, error);
    if (!whole) return broken(archive);
    if (!out || error) return fail(ErrorKind::io, "cannot write {}", target.string());
    return {};
  }
  return fail(ErrorKind::io, "there is no {} in {}", member, archive.string());
}

}  // namespace mrc::transport

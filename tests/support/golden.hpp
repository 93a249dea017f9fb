#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace mrc::test {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Compares with the file; MRC_UPDATE_GOLDEN=1 rewrites it instead, to be reviewed as a diff.
inline void expect_golden(const std::filesystem::path& path, const std::string& got) {
  const char* update = std::getenv("MRC_UPDATE_GOLDEN");
  if (update != nullptr && *update == '1') {
    std::ofstream(path, std::ios::binary) << got;
    return;
  }
  ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing; MRC_UPDATE_GOLDEN=1 makes it";
  EXPECT_EQ(read_text(path), got) << path;
}

}  // namespace mrc::test

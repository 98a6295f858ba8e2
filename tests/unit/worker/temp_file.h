// A file with given content that is gone with the object.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "shared/ids.h"

namespace consilium {

class TempFile {
 public:
  explicit TempFile(const std::string& content)
      : path_(testing::TempDir() + "consilium-" + RandomHexId() + ".jsonl") {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TempFile() { std::remove(path_.c_str()); }
  TempFile(const TempFile&) = delete;  // owns the file
  TempFile& operator=(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace consilium

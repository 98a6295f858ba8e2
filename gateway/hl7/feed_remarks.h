// Remarks while a message is read: one of each code and text, with the first place and how many.
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gateway/clinical/record.h"

namespace consilium {

class FeedRemarks {
 public:
  void Add(const char* code, std::string where, const char* text) {
    for (auto& [remark, places] : remarks_) {
      if (remark.code == code && remark.text == text) {
        ++places;
        return;
      }
    }
    remarks_.push_back({{code, std::move(where), text}, 1});
  }

  // "<text> (3 places)"
  std::vector<Remark> Take() {
    std::vector<Remark> taken;
    for (auto& [remark, places] : remarks_) {
      if (places > 1) remark.text += " (" + std::to_string(places) + " places)";
      taken.push_back(std::move(remark));
    }
    remarks_.clear();
    return taken;
  }

 private:
  std::vector<std::pair<Remark, std::size_t>> remarks_;  // codes are words of ours: few
};

}  // namespace consilium

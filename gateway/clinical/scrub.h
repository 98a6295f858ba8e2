// Takes what names a patient out of text that models will see: the exact names and numbers of this
// very record, which is cheap and finds most (clinical.md section 5). Names of others, dates and
// places stay. Threads: functions without state.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"

namespace consilium {

// Names (the patient's, and FeedRecord::names): their words of 3 letters and more, wherever they
// stand as whole words in whatever case and accents, become "[name]". A name that is also an
// ordinary or clinical word ("Long", "Graves") does only where it cannot be one: capitalised,
// beside another name of the patient or after "Mr", "patient" and the like. Numbers: ids, account,
// visit, order and FeedRecord::numbers of 4 characters and more (5 where they are digits only:
// years, doses) become "[id]".
class Scrubber {
 public:
  explicit Scrubber(const FeedRecord& record);
  std::string Scrub(std::string_view text) const;

 private:
  void AddName(std::string_view name);
  std::string ScrubIds(std::string_view text) const;

  std::vector<std::string> ids_;  // longest first
  // Which of them have a word, each under one of its own: a text without it cannot hold the id.
  std::map<std::string, std::vector<std::size_t>, std::less<>> ids_by_word_;
  std::vector<std::string> names_;  // folded words, in order
};

}  // namespace consilium

// A list of facts as it changes by further statements.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/clinical/patient_context.h"

namespace consilium {

// Two statements are about the same thing if they are of one kind and one instance and, where both
// are coded in one system, have the same code, else the same text (folded, not empty);
// immunizations also need the same time. "There is none" is the same thing as itself.
//
// Facts are found by what is compared, folded once for each: a long record costs no more for each
// statement than a short one.
// Threads: one.
class FactList {
 public:
  explicit FactList(std::vector<SeenFact> facts = {});

  // Applies a statement: it replaces what was stated about the same thing; kWithdrawn and kInactive
  // remove it; of two measurements the one with the later time stays. "There is none" removes what
  // is stated of that kind, except allergies: those stay beside it until they are withdrawn one by
  // one (a default "NKDA" of a form must not hide one), and a statement of one ends "there is
  // none". `remarks` gets "fact_contradiction" where a statement and "there is none" met.
  void Apply(const Fact& fact, std::int64_t seen_ms, std::vector<Remark>& remarks);

  // In the order in which they were stated.
  std::vector<SeenFact> Take() &&;

 private:
  struct Entry {
    SeenFact seen;
    std::optional<std::int64_t> begin_ms;  // of a measurement: when, as far as it says
    bool gone = false;
  };
  // What a statement is found by.
  struct Keys {
    bool none = false;   // it says that there is none
    std::string code;    // kind, instance, system and code; "" = not coded
    std::string text;    // kind, instance and folded text; "" = no text
    std::string system;  // that the code is of; "" = not coded
  };
  using Places = std::vector<std::size_t>;  // in entries_; some may be gone

  static Keys KeysOf(const Fact& fact);
  std::vector<Places*> SameAs(const Fact& fact, const Keys& keys);
  void Tidy(Places& places);
  bool Remove(Places& places);
  bool HasLater(const std::vector<Places*>& same, std::int64_t begin_ms) const;
  void Add(const SeenFact& seen, const Keys& keys);

  std::vector<Entry> entries_;
  std::map<std::string, Places> by_code_;
  std::map<std::string, std::map<std::string, Places>> by_text_;  // then by system
  struct OfKind {
    Places stated;
    Places none;
  };
  std::array<OfKind, std::size(kFactKindNames)> kinds_;
};

}  // namespace consilium

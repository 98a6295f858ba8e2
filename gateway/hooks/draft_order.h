// A medication that the clinician is about to order: part of the question, never a fact.
// Threads: plain data.
#pragma once

#include <string>

namespace consilium {

struct DraftOrder {
  std::string reference;  // "MedicationRequest/103"; "" = it has no id
  std::string text;       // for people, as the client names it
  std::string code;       // "" = not coded
  std::string system;
  std::string dosage;     // as stated; "" = not yet
  bool selected = false;  // just now (order-select), or every one of them (order-sign)

  friend bool operator==(const DraftOrder&, const DraftOrder&) = default;
};

}  // namespace consilium

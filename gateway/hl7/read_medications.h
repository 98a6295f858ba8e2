// Medications and immunizations: ORC and the RX segments of its order. Threads: none of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/message.h"

namespace consilium {

// Takes the segments of a record in their order and makes one fact of each order, from the segment
// that says most exactly what is taken: RXE, RXD, RXG, RXA, RXO. Components (RXC) are facts of
// their own. An order that was cancelled, discontinued or replaced is inactive (table 0119, ORC-5).
// An RXA of a vaccine (CVX, or any of a VXU) is an immunization; one that was refused or not given
// (table 0322) leaves the remark "not_given".
class MedicationReader {
 public:
  MedicationReader(bool is_vaccination, FeedRemarks& remarks)
      : is_vaccination_(is_vaccination), remarks_(remarks) {}

  // ORC, RXO, RXE, RXD, RXG, RXA, RXR, RXC, TQ1.
  void Take(const Hl7Segment& segment, std::vector<Fact>& facts);
  // A comment on the order (NTE).
  void Comment(std::string_view text);
  // Ends the order.
  void Flush(std::vector<Fact>& facts);
  // Whether an order with a medication is open: observations that follow describe it.
  bool open() const { return Best() != nullptr; }
  bool is_immunization() const;

 private:
  // What was asked for, encoded, dispensed or given: a main segment with what belongs to it.
  struct Part {
    const Hl7Segment* main = nullptr;
    std::vector<const Hl7Segment*> components;
    bool is_vaccine = false;  // RXA: its code is of CVX
    std::string route;
    std::string timing;
  };
  Part& Current();
  const Part* Best() const;
  bool IsEnded() const;
  bool IsGiven(const Hl7Segment& main, const Fact& fact);
  void AddComponents(const Part& part, const Fact& fact, std::vector<Fact>& facts) const;

  const bool is_vaccination_;
  FeedRemarks& remarks_;
  std::string control_;      // ORC-1
  std::string status_;       // ORC-5
  std::string time_;         // ORC-15, ORC-9
  std::vector<Part> parts_;  // of the order; the first may have no main segment: TQ1 after ORC
  std::string comments_;
};

}  // namespace consilium

// Values of fields as the readers of segments need them. Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/message.h"

namespace consilium {

// CE, CWE, CNE, CF: what people call it, and its code.
struct Coded {
  std::string text;
  std::string code;
  std::string system;
  bool empty() const { return text.empty() && code.empty(); }
};

// The triplet of `preferred` (code_system.h: "loinc") where one of the two is of it, else the first
// one that has a code. The text is the first of: that triplet's, the other's, CWE-9, the code.
Coded ReadCoded(const Hl7Repetition& one, std::string_view preferred = {});
// Of the first repetition.
Coded ReadCoded(const Hl7Segment& segment, std::size_t field, std::string_view preferred = {});

// The texts of all repetitions: "a; b".
std::string CodedTexts(const Hl7Segment& segment, std::size_t field);

// A time; remarks "time_form" (read, but not of the standard) and "time_unreadable" (left out).
std::string TimeOf(const Hl7Segment& segment, std::size_t field, FeedRemarks& remarks);

// CX: every repetition with a value.
std::vector<PatientId> ReadIds(const Hl7Segment& segment, std::size_t field);

// Leaves the first of those that are equal.
void DropRepeated(std::vector<PatientId>& ids);

// EI, CX: the number alone; "" = none.
std::string NumberOf(const Hl7Segment& segment, std::size_t field);
// EI with its namespace, "123^LAB": the number of one of several systems behind a sender.
std::string NumberInSystem(const Hl7Segment& segment, std::size_t field);
// EI whole.
EntityId EntityOf(const Hl7Segment& segment, std::size_t field);

// Adds `part` after `separator`; nothing for an empty part.
void Append(std::string& text, std::string_view separator, std::string_view part);

std::string UpperCase(std::string_view text);

}  // namespace consilium

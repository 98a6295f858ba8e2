#include "gateway/hl7/read_feed.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/feed_values.h"
#include "gateway/hl7/record_reader.h"
#include "shared/ids.h"
#include "shared/message_rule.h"
#include "shared/text.h"

namespace consilium {
namespace {

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Type {
  std::string code;   // "MDM"
  std::string event;  // "T02"; "" = not stated
};

std::string Code(const Hl7Segment& segment, std::size_t field, std::size_t component) {
  return UpperCase(Trimmed(segment.Get(field, component)));
}

Type TypeOf(const Hl7Message& message) {
  const Hl7Segment& msh = message.msh();
  Type type{Code(msh, 9, 1), Code(msh, 9, 2)};
  // "ORU_R01" in one component, or as the structure only.
  for (const std::string& words : {type.code, Code(msh, 9, 3)}) {
    const std::size_t bar = words.find('_');
    if (bar != 3) continue;
    if (type.code.empty() || type.code == words) type.code = words.substr(0, bar);
    if (type.event.empty()) type.event = words.substr(bar + 1);
  }
  const Hl7Segment* evn = message.Find("EVN");
  if (type.event.empty() && evn != nullptr) type.event = Code(*evn, 1, 1);
  return type;
}

// HD: the name, else the universal id.
std::string HdOf(const Hl7Segment& msh, std::size_t field) {
  const std::string name(Trimmed(msh.Get(field, 1)));
  return name.empty() ? std::string(Trimmed(msh.Get(field, 2))) : name;
}

FeedFault Fault(std::string segment, std::size_t number, std::size_t field, int code,
                std::string text) {
  return {std::move(segment), number, field, code, std::move(text)};
}

bool NeedsPatient(std::string_view code) {
  static constexpr std::array<std::string_view, 8> kCodes = {"ADT", "BAR", "DFT", "MDM",
                                                             "ORU", "PPR", "REF", "VXU"};
  return IsOneOf(code, kCodes);
}

// 2.1 to 2.9, with further parts ("2.5.1"). Of others nobody here knows what they mean.
bool IsKnownVersion(std::string_view version) {
  return version.size() >= 3 && version.starts_with("2.") && version[2] >= '1' &&
         version[2] <= '9' && (version.size() == 3 || version[3] == '.') &&
         version.find_first_not_of("0123456789.") == std::string_view::npos;
}

// What is read of MSH; a fault where it is not one of ours.
std::optional<FeedFault> ReadMsh(const Hl7Message& message, const Type& type, FeedMessage& feed,
                                 FeedRemarks& remarks) {
  const Hl7Segment& msh = message.msh();
  if (type.code.empty()) return Fault("MSH", 1, 9, 101, "MSH-9: missing, expected a message type");
  feed.type = type.event.empty() ? type.code : type.code + "^" + type.event;
  if (!IsHl7PatientMessage(type.code)) {
    return Fault("MSH", 1, 9, 200,
                 "MSH-9 = " + Quoted(feed.type, 16) + ", expected a message about a patient");
  }
  feed.id = Trimmed(msh.Get(10));
  if (feed.id.empty()) return Fault("MSH", 1, 10, 101, "MSH-10: missing, expected an id");
  const std::string application = HdOf(msh, 3);
  const std::string facility = HdOf(msh, 4);
  if (!application.empty() || !facility.empty()) {
    feed.sender = application + "|" + facility;
    feed.domain = facility;
  } else {
    remarks.Add("sender_missing", msh.Where(3), "neither an application nor a facility");
  }
  feed.time = TimeOf(msh, 7, remarks);
  const std::string processing = Code(msh, 11, 1);
  if (processing.empty()) {
    remarks.Add("processing_id_missing", msh.Where(11), "expected P, T or D: taken as production");
  } else if (processing != "P" && processing != "T" && processing != "D") {
    return Fault("MSH", 1, 11, 202, "MSH-11 = " + Quoted(processing, 16) + ", expected P, T or D");
  }
  feed.production = processing.empty() || processing == "P";
  if (const std::string version = Code(msh, 12, 1); !IsKnownVersion(version)) {
    return Fault("MSH", 1, 12, 203, "MSH-12 = " + Quoted(version, 16) + ", expected 2.1 to 2.9");
  }
  return std::nullopt;
}

// Segments that say something about a patient.
bool IsOfPatient(std::string_view name) {
  static constexpr std::array<std::string_view, 19> kNames = {
      "MRG", "PV1", "PV2", "RF1", "DG1", "AL1", "IAM", "PRB", "ORC", "RXO",
      "RXE", "RXD", "RXG", "RXA", "RXR", "RXC", "OBR", "OBX", "TXA"};
  return IsOneOf(name, kNames);
}

using Segments = std::vector<const Hl7Segment*>;

// The segments of each patient; those that come before the only PID follow it.
std::variant<std::vector<Segments>, FeedFault> Divide(const Hl7Message& message) {
  std::vector<Segments> patients;
  Segments before;
  bool is_kept = false;
  for (const Hl7Segment& segment : message.segments()) {
    if (segment.name() == "PID") {
      patients.push_back({&segment});
    } else if (segment.name() == "MSH") {
      continue;
    } else if (patients.empty()) {
      // A comment belongs to the segment before it.
      is_kept = IsOfPatient(segment.name()) || (segment.name() == "NTE" && is_kept);
      if (is_kept) before.push_back(&segment);
    } else {
      patients.back().push_back(&segment);
    }
  }
  if (patients.size() > 1 && !before.empty()) {
    return Fault(std::string(before.front()->name()), before.front()->number(), 0, 100,
                 before.front()->Where(0) + ": before the first of " +
                     std::to_string(patients.size()) +
                     " PID, expected after the one it belongs to");
  }
  if (patients.size() == 1) {
    auto& only = patients.front();
    only.insert(only.begin() + 1, before.begin(), before.end());
  }
  return patients;
}

std::optional<FeedFault> CheckBounds(const FeedRecord& record) {
  const std::size_t ids = std::max(record.patient.ids.size(), record.merged.size());
  if (ids > kFeedIdsMax) {
    const bool is_merged = record.merged.size() == ids;
    return Fault(is_merged ? "MRG" : "PID", 1, is_merged ? 1 : 3, 198,
                 std::string(is_merged ? "MRG-1: " : "PID-3: ") + std::to_string(ids) +
                     " identifiers of a patient, expected at most " + std::to_string(kFeedIdsMax));
  }
  if (record.facts.size() <= kFeedFactsMax && record.notes.size() <= kFeedNotesMax) {
    return std::nullopt;
  }
  return Fault("PID", 1, 0, 198,
               "message: " + std::to_string(record.facts.size()) + " statements and " +
                   std::to_string(record.notes.size()) +
                   " notes about a patient, expected at most " + std::to_string(kFeedFactsMax) +
                   " and " + std::to_string(kFeedNotesMax));
}

}  // namespace

std::variant<FeedMessage, FeedFault> ReadFeed(const Hl7Message& message, std::string_view payload) {
  FeedMessage feed;
  feed.door = "hl7";
  feed.digest = Sha256Hex(payload);
  FeedRemarks remarks;
  const Type type = TypeOf(message);
  if (auto fault = ReadMsh(message, type, feed, remarks)) return *std::move(fault);
  auto divided = Divide(message);
  if (auto* fault = std::get_if<FeedFault>(&divided)) return std::move(*fault);
  auto& patients = std::get<std::vector<Segments>>(divided);
  if (patients.empty() && NeedsPatient(type.code)) {
    return Fault("PID", 1, 0, 101, "PID: missing, expected one in " + Quoted(feed.type, 16));
  }
  if (type.code == "MDM" && message.Find("TXA") == nullptr) {
    return Fault("TXA", 1, 0, 101, "TXA: missing, expected one in " + Quoted(feed.type, 16));
  }
  if (patients.empty()) remarks.Add("no_patient", "PID", "missing: nothing is kept");
  if (patients.size() > kFeedRecordsMax) {
    return Fault("PID", kFeedRecordsMax + 1, 0, 198,
                 "PID: " + std::to_string(patients.size()) + " patients, expected at most " +
                     std::to_string(kFeedRecordsMax));
  }
  for (Segments& segments : patients) {
    feed.records.push_back(
        RecordReader(type.code, type.event, std::move(segments), remarks).Read());
    if (auto fault = CheckBounds(feed.records.back())) return *std::move(fault);
  }
  feed.remarks = message.remarks();
  for (Remark& remark : remarks.Take()) feed.remarks.push_back(std::move(remark));
  return feed;
}

}  // namespace consilium

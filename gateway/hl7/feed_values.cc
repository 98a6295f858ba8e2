#include "gateway/hl7/feed_values.h"

#include <set>
#include <tuple>
#include <utility>

#include "gateway/clinical/code_system.h"
#include "gateway/hl7/feed_time.h"
#include "shared/text.h"

namespace consilium {
namespace {

std::string Clean(const std::string& text) { return std::string(Trimmed(text)); }

}  // namespace

Coded ReadCoded(const Hl7Repetition& one, std::string_view preferred) {
  const auto part = [&](std::size_t component) { return Clean(one.Text(component)); };
  Coded first{part(2), Clean(one.Get(1)), Clean(one.Get(3))};
  Coded second{part(5), Clean(one.Get(4)), Clean(one.Get(6))};
  const bool is_second = (first.code.empty() && !second.code.empty()) ||
                         (!preferred.empty() && CodeSystemKey(second.system) == preferred &&
                          !second.code.empty() && CodeSystemKey(first.system) != preferred);
  if (is_second) std::swap(first, second);
  if (first.text.empty()) first.text = second.text;
  if (first.text.empty()) first.text = part(9);
  if (first.text.empty()) first.text = first.code;
  return first;
}

Coded ReadCoded(const Hl7Segment& segment, std::size_t field, std::string_view preferred) {
  return ReadCoded(segment.Repetition(field), preferred);
}

std::string CodedTexts(const Hl7Segment& segment, std::size_t field) {
  std::string texts;
  for (const Hl7Repetition one : segment.Each(field)) Append(texts, "; ", ReadCoded(one).text);
  return texts;
}

std::string TimeOf(const Hl7Segment& segment, std::size_t field, FeedRemarks& remarks) {
  FeedTime time = ReadFeedTime(segment.Get(field));
  if (time.odd && time.iso.empty()) {
    remarks.Add("time_unreadable", segment.Where(field), "expected YYYYMMDD...: left out");
  } else if (time.odd) {
    remarks.Add("time_form", segment.Where(field), "expected YYYYMMDD...: read as what it must be");
  }
  return std::move(time.iso);
}

std::vector<PatientId> ReadIds(const Hl7Segment& segment, std::size_t field) {
  std::vector<PatientId> ids;
  for (const Hl7Repetition one : segment.Each(field)) {
    PatientId id;
    id.value = Clean(one.Get(1));
    if (id.value.empty()) continue;
    id.authority = Clean(one.Get(4));
    if (id.authority.empty()) id.authority = Clean(one.Get(4, 2));
    id.type = UpperCase(Clean(one.Get(5)));
    ids.push_back(std::move(id));
  }
  return ids;
}

void DropRepeated(std::vector<PatientId>& ids) {
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  std::erase_if(ids, [&](const PatientId& id) {
    return !seen.emplace(id.authority, id.value, id.type).second;
  });
}

std::string NumberOf(const Hl7Segment& segment, std::size_t field) {
  const std::string number = Clean(segment.Get(field, 1));
  return number.empty() ? Clean(segment.Get(field, 3)) : number;
}

std::string NumberInSystem(const Hl7Segment& segment, std::size_t field) {
  const std::string number = NumberOf(segment, field);
  const std::string system = Clean(segment.Get(field, 2));
  return number.empty() || system.empty() ? number : number + "^" + system;
}

EntityId EntityOf(const Hl7Segment& segment, std::size_t field) {
  return {Clean(segment.Get(field, 1)), Clean(segment.Get(field, 2)), Clean(segment.Get(field, 3)),
          Clean(segment.Get(field, 4))};
}

void Append(std::string& text, std::string_view separator, std::string_view part) {
  if (part.empty()) return;
  if (!text.empty()) text += separator;
  text += part;
}

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

}  // namespace consilium

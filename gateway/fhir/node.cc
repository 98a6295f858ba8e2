#include "gateway/fhir/node.h"

#include <algorithm>
#include <utility>

#include "shared/text.h"

namespace consilium {
namespace {

using Kind = FhirValue::Kind;

bool Digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                     text.begin() + static_cast<std::ptrdiff_t>(at + count),
                     [](char c) { return c >= '0' && c <= '9'; });
}

int Two(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

bool IsClock(std::string_view text, std::size_t at) {
  return Digits(text, at, 2) && Two(text, at) < 24 && text.substr(at + 2, 1) == ":" &&
         Digits(text, at + 3, 2) && Two(text, at + 3) < 60;
}

int DaysOf(int year, int month) {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace

FhirNode::FhirNode(const FhirValue* value, std::string path, std::vector<FhirIssue>& issues)
    : value_(value), path_(std::move(path)), issues_(&issues) {}

std::string FhirNode::PathOf(const std::string& member) const {
  return member.empty() ? path_ : path_ + "." + member;
}

void FhirNode::Refuse(const char* code, const std::string& member, std::string diagnostics) const {
  if (issues_->size() >= kFhirIssuesMax) return;
  FhirIssue issue{"error", code, PathOf(member), std::move(diagnostics)};
  if (std::find(issues_->begin(), issues_->end(), issue) != issues_->end()) return;
  issues_->push_back(std::move(issue));
}

const FhirValue* FhirNode::Member(const char* name, Kind kind, const char* expected) const {
  if (value_ == nullptr) return nullptr;
  const FhirValue* const found = value_->Find(name);
  if (found == nullptr || found->kind == kind) return found;
  Refuse("structure", name, std::string("expected ") + expected);
  return nullptr;
}

bool FhirNode::Has(const char* name) const {
  return value_ != nullptr && value_->Find(name) != nullptr;
}

FhirNode FhirNode::Object(const char* name) const {
  return {Member(name, Kind::kObject, "an object"), PathOf(name), *issues_};
}

std::vector<FhirNode> FhirNode::Objects(const char* name) const {
  std::vector<FhirNode> found;
  const FhirValue* const array = Member(name, Kind::kArray, "an array of objects");
  if (array == nullptr) return found;
  for (std::size_t i = 0; i < array->items.size(); ++i) {
    const std::string member = std::string(name) + "[" + std::to_string(i) + "]";
    if (array->items[i].kind == Kind::kObject) {
      found.emplace_back(&array->items[i], PathOf(member), *issues_);
    } else {
      Refuse("structure", member, "expected an object");
    }
  }
  return found;
}

std::string FhirNode::Text(const char* name) const {
  const FhirValue* const found = Member(name, Kind::kText, "a text");
  return found == nullptr ? "" : found->text;
}

std::vector<std::string> FhirNode::Texts(const char* name) const {
  std::vector<std::string> found;
  const FhirValue* const array = Member(name, Kind::kArray, "an array of texts");
  if (array == nullptr) return found;
  for (const FhirValue& item : array->items) {
    if (item.kind == Kind::kText) {
      found.push_back(item.text);
    } else if (item.kind != Kind::kNull) {  // null: only its twin says something
      Refuse("structure", name, "expected an array of texts");
    }
  }
  return found;
}

std::optional<std::string> FhirNode::Number(const char* name) const {
  const FhirValue* const found = Member(name, Kind::kNumber, "a number");
  if (found == nullptr) return std::nullopt;
  return found->text;
}

std::optional<bool> FhirNode::Flag(const char* name) const {
  const FhirValue* const found = Member(name, Kind::kBoolean, "true or false");
  if (found == nullptr) return std::nullopt;
  return found->text == "true";
}

std::string FhirNode::Code(const char* name, const std::vector<std::string_view>& allowed) const {
  std::string code = Text(name);
  if (code.empty() || std::find(allowed.begin(), allowed.end(), code) != allowed.end()) return code;
  std::string expected;
  for (const std::string_view one : allowed) {
    if (!expected.empty()) expected += ", ";
    expected += one;
  }
  Refuse("code-invalid", name, Quoted(code, 32) + ", expected one of: " + expected);
  return "";
}

std::string FhirNode::Time(const char* name) const {
  std::string time = Text(name);
  if (time.empty() || IsFhirTime(time)) return time;
  Refuse("value", name,
         "expected a date (YYYY, YYYY-MM, YYYY-MM-DD) or YYYY-MM-DDThh:mm:ss with a time zone");
  return "";
}

bool IsFhirTime(std::string_view text) {
  if (!Digits(text, 0, 4) || text.substr(0, 4) == "0000") return false;
  if (text.size() == 4) return true;
  if (text[4] != '-' || !Digits(text, 5, 2)) return false;
  const int year = Two(text, 0) * 100 + Two(text, 2);
  const int month = Two(text, 5);
  if (month < 1 || month > 12) return false;
  if (text.size() == 7) return true;
  if (text[7] != '-' || !Digits(text, 8, 2)) return false;
  const int day = Two(text, 8);
  if (day < 1 || day > DaysOf(year, month)) return false;
  if (text.size() == 10) return true;
  // A second may be the 60th (a leap second).
  if (text[10] != 'T' || !IsClock(text, 11) || text.substr(16, 1) != ":" || !Digits(text, 17, 2) ||
      Two(text, 17) > 60) {
    return false;
  }
  std::size_t at = 19;
  if (text.substr(at, 1) == ".") {
    const std::size_t digits = ++at;
    while (Digits(text, at, 1)) ++at;
    if (at == digits) return false;
  }
  const std::string_view zone = text.substr(at);
  if (zone == "Z") return true;
  return zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && IsClock(zone, 1);
}

}  // namespace consilium

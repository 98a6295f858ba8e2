#include "gateway/hl7/message.h"

#include <algorithm>
#include <utility>

#include "gateway/hl7/escape.h"
#include "gateway/hl7/message_core.h"

namespace consilium {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::size_t CountParts(std::string_view text, char delimiter) {
  if (text.empty()) return 0;
  if (delimiter == '\0') return 1;
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), delimiter));
}

std::size_t FindDelimiter(std::string_view text, char delimiter) {
  return delimiter == '\0' ? kNone : text.find(delimiter);
}

// With escape sequences read; "" for a null.
std::string Read(std::string_view raw, const Hl7Core& core) {
  if (raw == "\"\"") return {};
  return UnescapeHl7(raw, core.delimiters, *core.charset).text;
}

// Part `number`, from 1; empty when there is none.
std::string_view Part(std::string_view text, char delimiter, std::size_t number) {
  if (number == 0) return {};
  if (delimiter == '\0') return number == 1 ? text : std::string_view();
  for (;;) {
    const std::size_t end = text.find(delimiter);
    if (--number == 0) return text.substr(0, end);
    if (end == kNone) return {};
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string_view Hl7Segment::name() const {
  return core_->Token(core_->spans[index_], 0).substr(0, 3);
}

std::size_t Hl7Segment::number() const { return core_->spans[index_].number; }

std::string Hl7Segment::Where(std::size_t field) const {
  std::string where(name());
  const std::size_t which = number();
  if (which > 1) where += "[" + std::to_string(which) + "]";
  if (field > 0) where += "-" + std::to_string(field);
  return where;
}

std::size_t Hl7Segment::Fields() const {
  const std::size_t tokens = core_->spans[index_].tokens;
  return index_ == 0 ? tokens : tokens - 1;
}

std::string_view Hl7Segment::Raw(std::size_t field) const {
  if (field == 0) return {};
  const Hl7Core::Span& span = core_->spans[index_];
  if (index_ > 0) return core_->Token(span, field);
  // MSH-1 stands between the name and MSH-2.
  if (field == 1) return std::string_view(core_->text).substr(core_->starts[1] - 1, 1);
  // A line that continues the header behind MSH-2 is no delimiter.
  const std::string_view raw = core_->Token(span, field - 1);
  return field == 2 ? raw.substr(0, core_->msh2_bytes) : raw;
}

std::size_t Hl7Segment::Repetitions(std::size_t field) const {
  const std::string_view raw = Raw(field);
  if (IsPlain(field)) return raw.empty() ? 0 : 1;
  return CountParts(raw, core_->delimiters.repetition);
}

Hl7Repetitions Hl7Segment::Each(std::size_t field) const {
  return {*core_, Raw(field), IsPlain(field)};
}

Hl7Repetition Hl7Segment::Repetition(std::size_t field, std::size_t repetition) const {
  const std::string_view raw = Raw(field);
  const char delimiter = IsPlain(field) ? '\0' : core_->delimiters.repetition;
  return {*core_, Part(raw, delimiter, repetition), IsPlain(field)};
}

std::size_t Hl7Segment::Components(std::size_t field, std::size_t repetition) const {
  const std::string_view raw = RawRepetition(field, repetition);
  if (IsPlain(field)) return raw.empty() ? 0 : 1;
  return CountParts(raw, core_->delimiters.component);
}

std::string Hl7Repetition::Get(std::size_t component, std::size_t subcomponent) const {
  if (plain_) return component == 1 && subcomponent == 1 ? std::string(raw_) : std::string();
  const Hl7Delimiters& d = core_->delimiters;
  return Read(Part(Part(raw_, d.component, component), d.subcomponent, subcomponent), *core_);
}

std::string Hl7Repetition::Text(std::size_t component) const {
  if (plain_) return component == 1 ? std::string(raw_) : std::string();
  return Read(Part(raw_, core_->delimiters.component, component), *core_);
}

Hl7Repetitions::Iterator::Iterator(const Hl7Core& core, std::string_view raw, bool plain)
    : core_(&core),
      rest_(raw),
      end_(plain ? kNone : FindDelimiter(raw, core.delimiters.repetition)),
      plain_(plain),
      done_(raw.empty()) {}

Hl7Repetitions::Iterator& Hl7Repetitions::Iterator::operator++() {
  done_ = end_ == kNone;
  if (done_) return *this;
  rest_.remove_prefix(end_ + 1);
  end_ = FindDelimiter(rest_, core_->delimiters.repetition);
  return *this;
}

std::string Hl7Segment::Text(std::size_t field) const {
  const Hl7Delimiters& d = core_->delimiters;
  if (IsPlain(field)) return std::string(Raw(field));
  std::string text;
  bool first = true;
  for (const Hl7Repetition repetition : Each(field)) {
    if (!std::exchange(first, false)) text += '\n';
    std::string_view one = repetition.Raw();
    while (!one.empty() && (one.back() == d.component ||
                            (d.subcomponent != '\0' && one.back() == d.subcomponent))) {
      one.remove_suffix(1);
    }
    // "^\.sp\" is how FT ended a line in early versions: the '^' is no text.
    const char command[] = {d.component, d.escape, '.'};
    const std::string_view line_end(command, sizeof(command));
    std::string plain;
    if (d.escape != '\0' && one.find(line_end) != kNone) {
      for (std::size_t at = one.find(line_end); at != kNone; at = one.find(line_end)) {
        plain += one.substr(0, at);
        one.remove_prefix(at + 1);
      }
      plain += one;
      one = plain;
    }
    text += Read(one, *core_);
  }
  return text;
}

bool Hl7Segment::IsNull(std::size_t field) const { return Raw(field) == "\"\""; }

Hl7Message::Hl7Message(std::unique_ptr<const Hl7Core> core) : core_(std::move(core)) {}
Hl7Message::Hl7Message(Hl7Message&&) noexcept = default;
Hl7Message& Hl7Message::operator=(Hl7Message&&) noexcept = default;
Hl7Message::~Hl7Message() = default;

const std::vector<Hl7Segment>& Hl7Message::segments() const { return core_->segments; }

const Hl7Segment* Hl7Message::Find(std::string_view name) const {
  for (const Hl7Segment& segment : core_->segments) {
    if (segment.name() == name) return &segment;
  }
  return nullptr;
}

const Hl7Delimiters& Hl7Message::delimiters() const { return core_->delimiters; }
const Hl7Charset& Hl7Message::charset() const { return *core_->charset; }
const std::vector<Remark>& Hl7Message::remarks() const { return core_->remarks; }

}  // namespace consilium

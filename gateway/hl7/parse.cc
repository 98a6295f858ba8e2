// ParseHl7: from bytes to where the parts of a message are.
#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "gateway/hl7/escape_token.h"
#include "gateway/hl7/lead.h"
#include "gateway/hl7/message_core.h"

namespace consilium {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Upper(char c) { return IsLower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

// MSH-18 and the repetition separator, from the bytes as they came.
struct CharsetField {
  std::string_view value;
  char repetition = '\0';
};

CharsetField FindCharsetField(std::string_view bytes) {
  CharsetField found;
  if (bytes.substr(0, kUtf8Mark.size()) == kUtf8Mark) bytes.remove_prefix(kUtf8Mark.size());
  bytes = bytes.substr(0, bytes.find_first_of("\r\n"));
  if (bytes.size() < 4) return found;
  const Result<DeclaredDelimiters> declared = ReadDelimiters(bytes.substr(3));
  if (!declared.ok()) return found;
  const Hl7Delimiters& d = declared->delimiters;
  found.repetition = d.repetition;
  bytes.remove_prefix(3 + declared->bytes);
  // `bytes` begins with the separator before MSH-3.
  for (int field = 3; field <= 18; ++field) {
    if (bytes.empty()) return found;
    bytes.remove_prefix(1);
    if (field < 18) bytes.remove_prefix(std::min(bytes.size(), bytes.find(d.field)));
  }
  found.value = bytes.substr(0, bytes.find(d.field));
  return found;
}

Hl7Decoded Decode(std::string_view payload, const Hl7Charset* default_charset) {
  if (BeginsWide(payload)) {
    Hl7Decoded decoded = DecodeHl7(payload, nullptr);
    const CharsetField field = FindCharsetField(WithoutLead(decoded.text));
    const Hl7Charset* stated = StatedCharset(field.value, field.repetition);
    if (stated != nullptr && stated->kind == Hl7Charset::Kind::kWide &&
        decoded.charset->kind == Hl7Charset::Kind::kWide) {
      std::erase_if(decoded.remarks,
                    [](const Remark& remark) { return remark.code == "charset_doubt"; });
    }
    return decoded;
  }
  const CharsetField field = FindCharsetField(payload);
  const Hl7Charset* stated = StatedCharset(field.value, field.repetition);
  const bool blank = std::all_of(field.value.begin(), field.value.end(), IsHl7Blank);
  Hl7Decoded decoded = DecodeHl7(payload, stated == nullptr ? default_charset : stated);
  if (stated == nullptr && !blank && field.value != "\"\"") {
    std::string text = "names a character set that is not known, read as ";
    text += decoded.charset->name;
    decoded.remarks.push_back({"charset_unknown", "MSH-18", std::move(text)});
  }
  return decoded;
}

// Segments that are met without a field. A list, since a line of a note may be "NKA".
bool IsBareSegment(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "AL1", "BTS", "DG1", "DSC", "ERR", "EVN", "FTS", "GT1", "IAM", "IN1", "IN2", "MRG",
      "MSA", "NK1", "NTE", "OBR", "OBX", "ORC", "PD1", "PID", "PR1", "PRB", "PV1", "PV2",
      "ROL", "RXA", "RXC", "RXD", "RXE", "RXG", "RXO", "RXR", "SFT", "TQ1", "TXA"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool BeginsSegment(std::string_view text, char field) {
  if (text.size() < 3) return false;
  const auto letter = [](char c) { return IsUpper(c) || IsLower(c); };
  const auto of_name = [letter](char c) { return letter(c) || IsDigit(c); };
  if (!letter(text[0]) || !of_name(text[1]) || !of_name(text[2])) return false;
  if (text.size() > 3 && text[3] == field) return true;
  const std::size_t rest = text.find_first_not_of(" \t", 3);
  if (rest != kNone && !IsHl7LineEnd(text[rest])) return false;
  return IsBareSegment(text.substr(0, 3));
}

// A thing that is remarked on once, however often it occurs.
struct Places {
  std::size_t count = 0;
  std::size_t segment = 0;  // of the first
  std::size_t field = 0;

  void Add(std::size_t at_segment, std::size_t at_field) {
    if (count++ > 0) return;
    segment = at_segment;
    field = at_field;
  }
};

class Parser {
 public:
  Parser(Hl7Decoded decoded, const Hl7Limits& limits)
      : core_(std::make_unique<Hl7Core>()), limits_(limits) {
    core_->text = std::move(decoded.text);
    core_->charset = decoded.charset;
    core_->remarks = std::move(decoded.remarks);
  }

  Result<Hl7Message> Run() {
    const std::string_view text = core_->text;
    const std::size_t begin = text.size() - WithoutLead(text).size();
    if (!BeginsWithMsh(text.substr(begin))) {
      return Invalid("the text does not begin with MSH and a field separator");
    }
    const Result<DeclaredDelimiters> declared = ReadDelimiters(text.substr(begin + 3));
    if (!declared.ok()) return declared.error();
    core_->delimiters = declared->delimiters;
    core_->msh2_bytes = declared->bytes - 1;
    const std::size_t fields_begin = begin + 3 + declared->bytes;

    BeginSegment(begin);
    core_->starts.push_back(static_cast<std::uint32_t>(begin + 4));
    Status walked = Walk(fields_begin);
    if (!walked.ok()) return walked.error();

    core_->segments.reserve(core_->spans.size());
    for (std::size_t i = 0; i < core_->spans.size(); ++i) core_->segments.emplace_back(*core_, i);
    NumberSegments();
    if (HasTooManyRepetitions(fields_begin)) return TooManyRepetitions();
    FindUnknownEscapes(fields_begin);
    if (declared->repeated) {
      core_->remarks.push_back({"delimiters_doubt", "MSH-2", "a character stands there twice"});
    }
    Note("lower_case_segment", lower_case_, "segment name not in capitals");
    Note("indented_segment", indented_, "segment name after spaces");
    Note("continuation_line", continued_,
         "line without a segment name, kept in the field before it");
    Note("unknown_escape", unknown_escapes_, "escape sequence that is not known, kept as it came");
    return Hl7Message(std::move(core_));
  }

 private:
  static bool BeginsWithMsh(std::string_view text) {
    return text.size() > 3 && Upper(text[0]) == 'M' && Upper(text[1]) == 'S' &&
           Upper(text[2]) == 'H' && !IsHl7Blank(text[3]);
  }

  static Error TooLarge(const char* what, std::size_t limit) {
    std::string text = "the message has more than ";
    text += std::to_string(limit);
    text += ' ';
    text += what;
    return {ErrorCode::kTooLarge, std::move(text)};
  }

  void NumberSegments() {
    std::map<std::string_view, std::uint32_t> counts;
    std::string_view before;
    std::uint32_t* count = nullptr;  // of that name: most stand in a row
    for (std::size_t i = 0; i < core_->spans.size(); ++i) {
      const std::string_view name = core_->segments[i].name();
      if (name != before) count = &counts[name];
      before = name;
      core_->spans[i].number = ++*count;
    }
  }

  bool HasTooManyRepetitions(std::size_t from) const {
    const char delimiter = core_->delimiters.repetition;
    std::size_t count = 0;
    if (delimiter == '\0') return false;
    for (std::size_t at = core_->text.find(delimiter, from);
         at != kNone && count <= limits_.repetitions; at = core_->text.find(delimiter, at + 1)) {
      ++count;
    }
    return count > limits_.repetitions;
  }

  // Names the field that has most.
  Error TooManyRepetitions() const {
    std::string where;
    std::size_t most = 0;
    for (const Hl7Segment& segment : core_->segments) {
      for (std::size_t field = 1; field <= segment.Fields(); ++field) {
        const std::size_t count = segment.Repetitions(field);
        if (count <= most) continue;
        most = count;
        where = segment.Where(field);
      }
    }
    return {ErrorCode::kTooLarge,
            "the message has more than " + std::to_string(limits_.repetitions) +
                " repetitions, most of them in " + where + ": " + std::to_string(most)};
  }

  void BeginSegment(std::size_t at) {
    Hl7Core::Span span;
    span.first = static_cast<std::uint32_t>(core_->starts.size());
    core_->spans.push_back(span);
    core_->starts.push_back(static_cast<std::uint32_t>(at));
    bool lower = false;
    for (std::size_t i = at; i < at + 3; ++i) {
      lower |= IsLower(core_->text[i]);
      core_->text[i] = Upper(core_->text[i]);
    }
    if (lower) lower_case_.Add(core_->spans.size() - 1, 0);
  }

  Status EndSegment(std::size_t at) {
    Hl7Core::Span& span = core_->spans.back();
    span.end = static_cast<std::uint32_t>(std::min(at, end_));
    span.tokens = static_cast<std::uint32_t>(core_->starts.size() - span.first);
    if (span.tokens > limits_.fields_per_segment + 1) {
      return TooLarge("fields in a segment", limits_.fields_per_segment);
    }
    return Ok();
  }

  // The number of the field that is being read.
  std::size_t Field() const {
    const std::size_t tokens = core_->starts.size() - core_->spans.back().first;
    return core_->spans.size() == 1 ? tokens : tokens - 1;
  }

  Status Walk(std::size_t at) {
    const char field = core_->delimiters.field;
    const std::size_t size = core_->text.size();
    const char* const text = core_->text.data();
    while (at < size) {
      const char c = text[at];
      if (c == field) {
        if (core_->starts.size() >= limits_.fields) return TooLarge("fields", limits_.fields);
        core_->starts.push_back(static_cast<std::uint32_t>(at + 1));
        ++at;
      } else if (IsHl7LineEnd(c)) {
        const Result<std::size_t> next = EndLine(at);
        if (!next.ok()) return next.error();
        at = *next;
      } else {
        ++at;
      }
    }
    return EndSegment(size);
  }

  // The line end at `at` ends the segment, unless the next line continues it. Returns where to read
  // on.
  Result<std::size_t> EndLine(std::size_t at) {
    const std::string_view text = core_->text;
    std::size_t line = at;  // where the next line that is not blank begins
    std::size_t word = at;
    for (; word < text.size() && IsHl7Blank(text[word]); ++word) {
      if (IsHl7LineEnd(text[word])) line = word + 1;
    }
    const std::string_view rest = text.substr(word);
    if (rest.empty()) {
      end_ = at;
      return text.size();
    }
    if (BeginsHl7Header(rest)) return SecondHeader();
    if (!BeginsSegment(rest, core_->delimiters.field)) {
      continued_.Add(core_->spans.size() - 1, Field());
      return word;
    }
    if (BeginsWithMsh(rest)) return SecondHeader();
    Status ended = EndSegment(at);
    if (!ended.ok()) return ended.error();
    if (core_->spans.size() >= limits_.segments) return TooLarge("segments", limits_.segments);
    if (word != line) indented_.Add(core_->spans.size(), 0);
    BeginSegment(word);
    return word + 3;
  }

  static Error SecondHeader() {
    return Invalid("the text holds a second header (MSH, BHS or FHS), expected one message");
  }

  void FindUnknownEscapes(std::size_t from) {
    const char escape = core_->delimiters.escape;
    if (escape == '\0') return;
    const std::string_view text = core_->text;
    for (std::size_t at = text.find(escape, from); at != kNone; at = text.find(escape, at)) {
      const Hl7Escape found = ReadHl7Escape(text.substr(at), escape);
      if (found.kind == Hl7Escape::Kind::kUnknown || found.kind == Hl7Escape::Kind::kLocal) {
        AddPlace(unknown_escapes_, at);
      }
      at += found.bytes;
    }
  }

  void AddPlace(Places& places, std::size_t at) const {
    const auto token = std::upper_bound(core_->starts.begin(), core_->starts.end(), at) - 1;
    const auto index = static_cast<std::uint32_t>(token - core_->starts.begin());
    const auto segment =
        std::upper_bound(core_->spans.begin(), core_->spans.end(), index,
                         [](std::uint32_t i, const Hl7Core::Span& s) { return i < s.first; }) -
        1;
    const bool header = segment == core_->spans.begin();
    places.Add(static_cast<std::size_t>(segment - core_->spans.begin()),
               index - segment->first + (header ? 1 : 0));
  }

  void Note(const char* code, const Places& places, const char* what) {
    if (places.count == 0) return;
    std::string text = what;
    if (places.count > 1) text += " (" + std::to_string(places.count) + " times)";
    core_->remarks.push_back(
        {code, core_->segments[places.segment].Where(places.field), std::move(text)});
  }

  std::unique_ptr<Hl7Core> core_;
  const Hl7Limits& limits_;
  std::size_t end_ = kNone;  // of the text, without the blanks behind the last segment
  Places lower_case_;
  Places indented_;
  Places continued_;
  Places unknown_escapes_;
};

}  // namespace

Result<Hl7Message> ParseHl7(std::string_view payload, const Hl7Charset* default_charset,
                            const Hl7Limits& limits) {
  // Decoding at most triples the bytes; offsets are of 32 bits.
  const std::size_t most = std::min<std::size_t>(limits.bytes, 1U << 30);
  if (payload.size() > most) {
    return Error{ErrorCode::kTooLarge, "the message has " + std::to_string(payload.size()) +
                                           " bytes, expected at most " + std::to_string(most)};
  }
  payload = WithoutLead(payload);
  return Parser(Decode(payload, default_charset), limits).Run();
}

}  // namespace consilium

#include "cli/read_cases.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "shared/codec.h"
#include "shared/config.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/messages.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr std::size_t kProblemsMax = 100;  // more of them help nobody
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::array<std::string_view, 10> kFields{
    "id",         "text",     "question",      "options", "patient",
    "deadline_s", "strategy", "ensemble_size", "models",  "gold_medications"};

struct Piece {
  std::size_t line = 1;
  std::string_view text;
};

std::size_t CountLines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string At(const std::string& name, std::size_t line) {
  return name + ":" + std::to_string(line) + ": ";
}

bool IsJson(std::string_view text) { return json::accept(text); }

Error TooLarge(const std::string& what, std::size_t bytes, std::size_t most) {
  return {ErrorCode::kTooLarge,
          what + ": " + std::to_string(bytes) + " bytes, expected at most " + std::to_string(most)};
}

// What people are told about a piece beyond its case: where it breaks, which fields it has and
// which of them is too long. Takes nlohmann's SAX events: no tree, so that depth costs nothing.
class Outline {
 public:
  explicit Outline(std::string_view text) : text_(text) { json::sax_parse(text, this); }

  bool object() const { return object_; }
  const std::optional<std::size_t>& broken_at() const { return broken_at_; }
  const std::vector<std::string>& fields() const { return fields_; }
  const std::optional<Error>& too_large() const { return too_large_; }

  // NOLINTBEGIN(readability-identifier-naming): the names are nlohmann's
  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(json::number_integer_t) { return true; }
  bool number_unsigned(json::number_unsigned_t) { return true; }
  bool number_float(json::number_float_t, const std::string&) { return true; }
  bool binary(json::binary_t&) { return true; }
  bool string(std::string& value) {
    return Measure(field_.empty() ? "a string" : field_, value.size());
  }
  bool key(std::string& name) {
    if (depth_ == 1) {
      field_ = Escaped(CutUtf8(name, 40));
      if (fields_.size() < limits::kMapItemsMax) fields_.push_back(field_);  // a case has no more
    }
    return Measure("a key", name.size());
  }
  bool start_object(std::size_t) {
    object_ = object_ || depth_ == 0;
    ++depth_;
    return true;
  }
  bool end_object() { return Close(); }
  bool start_array(std::size_t) {
    ++depth_;
    return true;
  }
  bool end_array() { return Close(); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) {
    broken_at_ = std::min(position > 0 ? position - 1 : 0, text_.size());
    return false;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  bool Close() {
    --depth_;
    return true;
  }
  bool Measure(const std::string& what, std::size_t bytes) {
    if (bytes > limits::kStringBytesMax && !too_large_) {
      too_large_ = TooLarge(what, bytes, limits::kStringBytesMax);
    }
    return true;
  }

  std::string_view text_;
  std::size_t depth_ = 0;
  bool object_ = false;
  std::string field_;
  std::vector<std::string> fields_;  // of the outermost object, fit for a message
  std::optional<std::size_t> broken_at_;
  std::optional<Error> too_large_;  // the first one
};

// Where the JSON parser stopped: `offset` from the start of `piece`.
std::string SyntaxError(const std::string& name, const Piece& piece, std::size_t offset) {
  const std::string_view before = piece.text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? offset : offset - newline - 1;
  return At(name, piece.line + CountLines(before)) + "not valid JSON at column " +
         std::to_string(column + 1);
}

// What is sent for a case; the socket refuses more than one message may have.
std::string Packed(const CaseRequest& request) { return Pack(SubmitRequest{request}); }

Status CheckPacked(std::size_t bytes) {
  if (bytes <= limits::kMessageBytesMax) return Ok();
  return TooLarge("the case as a message", bytes, limits::kMessageBytesMax);
}

// The elements of a valid JSON array, each with the line on which it starts.
std::vector<Piece> ElementsOf(const Piece& array) {
  std::vector<Piece> pieces;
  std::size_t line = array.line;
  std::size_t start = 0;
  std::size_t start_line = 0;
  int depth = 0;
  bool in_string = false;
  const auto end_element = [&](std::size_t at) {
    if (start != 0) pieces.push_back({start_line, array.text.substr(start, at - start)});
    start = 0;
  };
  for (std::size_t i = 0; i < array.text.size(); ++i) {
    const char c = array.text[i];
    if (c == '\n') ++line;
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (depth == 1 && (c == ',' || c == ']')) end_element(i);
    if (depth == 1 && start == 0 && c != ',' && c != ']' &&
        kSpace.find(c) == std::string_view::npos) {
      start = i;
      start_line = line;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
  }
  return pieces;
}

std::vector<Piece> LinesOf(const Piece& text) {
  std::vector<Piece> pieces;
  std::size_t line = text.line;
  for (std::size_t at = 0; at < text.text.size(); ++line) {
    const std::size_t end = std::min(text.text.find('\n', at), text.text.size());
    const std::string_view row = text.text.substr(at, end - at);
    if (row.find_first_not_of(kSpace) != std::string_view::npos) pieces.push_back({line, row});
    at = end + 1;
  }
  return pieces;
}

bool EndsWith(std::string_view name, std::string_view tail) {
  return name.size() >= tail.size() && name.substr(name.size() - tail.size()) == tail;
}

bool NamedLines(std::string_view name) {
  return EndsWith(name, ".jsonl") || EndsWith(name, ".ndjson");
}

// `[Triage] 54-year-old ...` and `{sic}` are prose; JSON goes on with one of these.
bool LooksLikeJson(std::string_view text) {
  if (text.front() != '{' && text.front() != '[') return false;
  const std::size_t next = text.find_first_not_of(kSpace, 1);
  if (next == std::string_view::npos) return true;
  return text.front() == '{' ? text[next] == '"' || text[next] == '}'
                             : text[next] == '{' || text[next] == ']';
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  void Text(const Piece& piece) {
    const std::size_t bytes = piece.text.size();
    if (bytes > limits::kStringBytesMax) {
      return Problem(piece.line, TooLarge("text", bytes, limits::kStringBytesMax));
    }
    CaseRequest request;
    request.vignette.text = std::string(piece.text);
    Add(std::move(request), piece.line);
  }

  void Objects(const std::vector<Piece>& pieces) {
    for (const Piece& piece : pieces) Object(piece);
    if (unused_.empty()) return;
    std::string fields;
    for (const std::string& field : unused_) fields += (fields.empty() ? "" : ", ") + field;
    file_.notes.push_back(name_ + ": not used: " + fields);
  }

  void Problem(ErrorCode code, std::string text) {
    ++problems_;
    if (problems_ <= kProblemsMax) file_.problems.push_back({code, std::move(text)});
  }

  CasesFile Finish() && {
    if (problems_ > kProblemsMax) {
      file_.problems.push_back(
          Invalid(name_ + ": and " + std::to_string(problems_ - kProblemsMax) + " more problems"));
    }
    return std::move(file_);
  }

 private:
  void Problem(std::size_t line, const Error& error) {
    Problem(error.code, At(name_, line) + error.text);
  }

  void Object(const Piece& piece) {
    // First of all: it knows the limits of what may be read.
    auto request = FromJson<CaseRequest>(piece.text);
    const Outline outline(piece.text);
    if (!request.ok()) {
      if (outline.broken_at()) {
        return Problem(ErrorCode::kInvalid, SyntaxError(name_, piece, *outline.broken_at()));
      }
      if (!outline.object()) {
        return Problem(piece.line, Invalid("expected a JSON object"));
      }
      return Problem(piece.line, outline.too_large().value_or(request.error()));
    }
    for (const std::string& field : outline.fields()) {
      if (std::find(kFields.begin(), kFields.end(), field) != kFields.end()) continue;
      unused_.insert(field);
      if (unused_.size() > 12) unused_.erase(std::prev(unused_.end()));
    }
    Add(std::move(request).value(), piece.line);
  }

  Status Check(const CaseRequest& request) const {
    if (request.vignette.text.find_first_not_of(kSpace) == std::string::npos) {
      return Invalid("text: empty, expected the vignette");
    }
    if (request.strategy) {
      if (Status known = CheckStrategy(*request.strategy); !known) return known;
    }
    if (request.ensemble_size && *request.ensemble_size < 1) {
      return Invalid("ensemble_size = " + std::to_string(*request.ensemble_size) +
                     ", expected at least 1");
    }
    if (request.deadline_s && !(*request.deadline_s > 0)) {
      return Invalid("deadline_s: not above 0, expected seconds");
    }
    return CheckCaseId(request.id);
  }

  void Add(CaseRequest request, std::size_t line) {
    if (request.id.empty()) request.id = DerivedId(request.vignette);
    // Whoever submits through this program is its user, whatever the file's own provenance.
    request.source = "cli";
    if (auto checked = Check(request); !checked.ok()) return Problem(line, checked.error());
    const std::string packed = Packed(request);
    if (auto checked = CheckPacked(packed.size()); !checked.ok()) {
      return Problem(line, checked.error());
    }
    const std::string digest = Sha256Hex(packed);
    const auto [first, fresh] = lines_.try_emplace(request.id, line, digest);
    if (fresh) {
      file_.cases.push_back(std::move(request));
    } else if (first->second.second == digest) {
      file_.notes.push_back(At(name_, line) + "the same case as in line " +
                            std::to_string(first->second.first) + "; submitted once");
    } else {
      Problem(ErrorCode::kConflict, At(name_, line) + "id = " + Quoted(request.id) + ", line " +
                                        std::to_string(first->second.first) +
                                        " has it with other content");
    }
  }

  std::string name_;
  CasesFile file_;
  std::size_t problems_ = 0;
  std::set<std::string> unused_;
  std::map<std::string, std::pair<std::size_t, std::string>> lines_;  // id -> line, digest
};

}  // namespace

CasesFile ParseCases(std::string_view text, const std::string& name) {
  Reader reader(name);
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  const std::size_t bad = FindInvalidUtf8(text);
  if (bad != std::string_view::npos) {
    const std::string_view before = text.substr(0, bad);
    const std::size_t newline = before.rfind('\n');
    const std::size_t column = newline == std::string_view::npos ? bad : bad - newline - 1;
    reader.Problem(ErrorCode::kInvalid, At(name, 1 + CountLines(before)) +
                                            "not valid UTF-8 at byte " +
                                            std::to_string(column + 1) + " of the line");
    return std::move(reader).Finish();
  }
  const std::size_t start = text.find_first_not_of(kSpace);
  if (start == std::string_view::npos) {
    reader.Problem(ErrorCode::kInvalid, name + ": empty, expected a vignette, JSON or NDJSON");
    return std::move(reader).Finish();
  }
  const Piece body{1 + CountLines(text.substr(0, start)), text.substr(start)};
  if (!NamedLines(name) && !EndsWith(name, ".json") && !LooksLikeJson(body.text)) {
    const std::size_t end = body.text.find_last_not_of(kSpace) + 1;
    reader.Text({body.line, body.text.substr(0, end)});
    return std::move(reader).Finish();
  }
  if (body.text.front() == '[') {
    if (const Outline outline(body.text); outline.broken_at()) {
      reader.Problem(ErrorCode::kInvalid, SyntaxError(name, body, *outline.broken_at()));
    } else if (const auto elements = ElementsOf(body); elements.empty()) {
      reader.Problem(ErrorCode::kInvalid, name + ": an empty array, expected at least one case");
    } else {
      reader.Objects(elements);
    }
    return std::move(reader).Finish();
  }
  const auto lines = LinesOf(body);
  const bool one_per_line = IsJson(lines.front().text) || NamedLines(name);
  reader.Objects(IsJson(body.text) || !one_per_line ? std::vector<Piece>{body} : lines);
  return std::move(reader).Finish();
}

std::string DerivedId(const Vignette& vignette) {
  Vignette plain;
  plain.text = vignette.text;
  const std::string whole = Pack(vignette);
  const std::string hash = Sha256Hex(whole == Pack(plain) ? vignette.text : whole);
  return "case-" + hash.substr(0, 16);
}

Status ApplyOverrides(const CaseOverrides& overrides, std::vector<CaseRequest>& cases) {
  if (overrides.id) {
    if (cases.size() != 1) {
      return Invalid("--id " + Quoted(*overrides.id) + " with " + std::to_string(cases.size()) +
                     " cases, expected exactly one case");
    }
    if (auto checked = CheckCaseId(*overrides.id); !checked.ok()) {
      return Invalid("--id: " + checked.error().text);
    }
    cases.front().id = *overrides.id;
  }
  for (CaseRequest& request : cases) {
    if (!overrides.models.empty()) {
      request.models = overrides.models;
      request.strategy = "named";
    }
    if (overrides.kind) request.kind = overrides.kind;
    if (overrides.strategy) request.strategy = overrides.strategy;
    if (overrides.size) request.ensemble_size = overrides.size;
    if (overrides.deadline_s) request.deadline_s = overrides.deadline_s;
    if (auto checked = CheckPacked(Packed(request).size()); !checked.ok()) {
      return Error{checked.error().code,
                   "case " + Quoted(request.id) + " with the flags: " + checked.error().text};
    }
  }
  return Ok();
}

}  // namespace consilium

#include "gateway/hl7/batch.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "gateway/hl7/delimiters.h"
#include "gateway/hl7/lead.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kIdMax = 200;

// Field `number` (from 1, the separator being none) of a line.
std::string_view FieldOf(std::string_view line, char field, std::size_t number) {
  for (; number > 0; --number) {
    const std::size_t at = line.find(field);
    if (at == kNone) return {};
    line.remove_prefix(at + 1);
  }
  return line.substr(0, line.find(field));
}

bool IsName(std::string_view line, std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (i >= line.size() || (line[i] != name[i] && line[i] != (name[i] | 0x20))) return false;
  }
  return true;
}

// A batch or a file that is open.
struct Level {
  char field = '|';
  std::size_t parts = 0;  // messages of a batch, batches of a file
};

class Splitter {
 public:
  Splitter(std::string_view payload, std::size_t messages_max)
      : text_(payload), messages_max_(messages_max) {}

  Result<Hl7Batch> Run() {
    for (std::size_t line = 0; line < text_.size(); line = NextLine(line)) {
      const Status read = ReadLine(line);
      if (!read.ok()) return read.error();
    }
    EndMessage(text_.size());
    CloseBatch();
    CloseFile();
    if (stray_ > 0) {
      std::string text = std::to_string(stray_);
      text += stray_ == 1 ? " line stands" : " lines stand";
      text += " outside of any message";
      Note("stray_lines", "", std::move(text));
    }
    return std::move(batch_);
  }

 private:
  std::size_t NextLine(std::size_t at) const {
    at = FindEither(text_, at, '\r', '\n');
    while (at < text_.size() && IsHl7Blank(text_[at])) ++at;
    return std::min(at, text_.size());
  }

  void Note(const char* code, const char* where, std::string text) {
    batch_.remarks.push_back({code, where, std::move(text)});
  }

  Status ReadLine(std::size_t at) {
    const std::string_view rest = text_.substr(at);
    if (BeginsHl7Header(rest)) {
      EndMessage(at);
      if (IsName(rest, "MSH")) return BeginMessage(at);
      BeginLevel(LineAt(at));
      return Ok();
    }
    const bool batch_ends = IsName(rest, "BTS");
    if ((batch_ends || IsName(rest, "FTS")) && EndsName(rest)) {
      EndMessage(at);
      if (batch_ends) {
        EndBatch(LineAt(at));
      } else {
        EndFile(LineAt(at));
      }
      return Ok();
    }
    if (message_ == kNone) ++stray_;
    return Ok();
  }

  std::string_view LineAt(std::size_t at) const {
    return text_.substr(at, std::min(FindEither(text_, at, '\r', '\n'), text_.size()) - at);
  }

  // The trailer's name is the whole line or a field follows.
  bool EndsName(std::string_view rest) const {
    if (rest.size() <= 3 || IsHl7LineEnd(rest[3])) return true;
    if (batch_level_ && rest[3] == batch_level_->field) return true;
    if (file_level_ && rest[3] == file_level_->field) return true;
    return rest[3] == field_;
  }

  Status BeginMessage(std::size_t at) {
    if (batch_.messages.size() >= messages_max_) {
      std::string text = "the batch has more than ";
      text += std::to_string(messages_max_);
      text += " messages";
      return Error{ErrorCode::kTooLarge, std::move(text)};
    }
    message_ = at;
    field_ = text_[at + 3];
    if (batch_level_) ++batch_level_->parts;
    return Ok();
  }

  void EndMessage(std::size_t at) {
    if (message_ == kNone) return;
    batch_.messages.push_back(text_.substr(message_, at - message_));
    message_ = kNone;
  }

  void BeginLevel(std::string_view line) {
    batch_.has_headers = true;
    const char field = line[3];
    // BHS-1 is the separator itself, so that field 11 is the tenth after it.
    const std::string_view id = FieldOf(line, field, 10);
    CloseBatch();
    if (IsName(line, "BHS")) {
      batch_level_ = Level{field, 0};
      if (file_level_) ++file_level_->parts;
      if (!id.empty()) batch_.id = CutUtf8(id, kIdMax);
    } else {
      CloseFile();
      file_level_ = Level{field, 0};
      if (batch_.id.empty()) batch_.id = CutUtf8(id, kIdMax);
    }
  }

  // Without a trailer.
  void CloseBatch() {
    if (batch_level_) Note("batch_trailer_missing", "BTS", "the batch ends without BTS");
    batch_level_.reset();
  }
  void CloseFile() {
    if (file_level_) Note("batch_trailer_missing", "FTS", "the file ends without FTS");
    file_level_.reset();
  }

  void CheckCount(std::string_view line, const Level& level, const char* where, const char* what) {
    const std::string_view stated = Trimmed(FieldOf(line, line.size() > 3 ? line[3] : '|', 1));
    if (stated.empty() || stated == "\"\"") return;
    const bool number = stated.size() <= 9 && stated.find_first_not_of("0123456789") == kNone;
    if (number && std::stoul(std::string(stated)) == level.parts) return;
    std::string text = "states ";
    text += number ? std::string(stated) : std::string("no number");
    text += ", but ";
    text += std::to_string(level.parts);
    text += ' ';
    text += what;
    text += " came";
    Note("batch_count", where, std::move(text));
  }

  void EndBatch(std::string_view line) {
    if (!batch_level_) {
      Note("batch_header_missing", "BHS", "BTS came without BHS");
      return;
    }
    CheckCount(line, *batch_level_, "BTS-1", "messages");
    batch_level_.reset();
  }

  void EndFile(std::string_view line) {
    CloseBatch();
    if (!file_level_) {
      Note("batch_header_missing", "FHS", "FTS came without FHS");
      return;
    }
    // A file of messages without a batch counts them or nothing: both are met.
    if (file_level_->parts > 0) CheckCount(line, *file_level_, "FTS-1", "batches");
    file_level_.reset();
  }

  std::string_view text_;
  std::size_t messages_max_;
  Hl7Batch batch_;
  std::size_t message_ = kNone;  // where the one that is being read begins
  char field_ = '|';             // of the last message
  std::optional<Level> batch_level_;
  std::optional<Level> file_level_;
  std::size_t stray_ = 0;
};

}  // namespace

Result<Hl7Batch> SplitBatch(std::string_view payload, std::size_t messages_max) {
  std::string_view text = WithoutLead(payload);
  Hl7Batch one;
  one.messages = {payload};
  if (BeginsWide(text)) return one;
  const bool marked = text.substr(0, kUtf8Mark.size()) == kUtf8Mark;
  if (marked) text.remove_prefix(kUtf8Mark.size());

  Result<Hl7Batch> split = Splitter(text, messages_max).Run();
  if (!split.ok()) return split;
  if (split->messages.empty() && !split->has_headers) return one;
  if (marked) split->charset = FindHl7Charset("UNICODE UTF-8");
  return split;
}

}  // namespace consilium

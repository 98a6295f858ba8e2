#include "aggregator/chemistry/history_csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <unordered_map>
#include <utility>

#include "aggregator/chemistry/csv_reader.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kTextBytesMax = std::size_t{1} << 30;
constexpr std::size_t kRowsMax = 5'000'000;
constexpr std::size_t kBadKept = 1000;
constexpr std::size_t kStrategyBytesMax = 64;
constexpr std::size_t kVersionBytesMax = 128;
constexpr double kLatencyMax = 1e9;  // seconds; longer is no latency
constexpr std::size_t kNone = std::string_view::npos;

// The columns that mean something here; the needed ones first.
enum Column : std::size_t {
  kTrial,
  kModel,
  kTask,
  kQuality,
  kAccuracy,
  kLatency,
  kResult,
  kGenerationAccuracy,
  kReviewAccuracy,
  kStrategy,
  kCreated,
  kCaseId,
  kWeight,
  kVersion,
  kSimulated,
  kColumnCount
};
constexpr std::size_t kNeeded = 5;
constexpr std::array<std::string_view, kColumnCount> kColumnNames = {
    "trial",           "model",    "task",     "quality",
    "accuracy",        "latency",  "result",   "generation_accuracy",
    "review_accuracy", "strategy", "created",  "case_id",
    "weight",          "version",  "simulated"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// "3" -> 3, "" -> nullopt. `why` says what is wrong with anything but a number in [0, max].
std::optional<double> ReadNumber(std::string_view cell, Column column, double max,
                                 std::string& why) {
  cell = Trimmed(cell);
  if (cell.empty()) return std::nullopt;
  double value = 0.0;
  const char* const end = cell.data() + cell.size();
  const auto [stop, problem] = std::from_chars(cell.data(), end, value);
  const bool number = problem == std::errc() && stop == end;
  if (number && std::isfinite(value) && value >= 0.0 && value <= max) return value + 0.0;  // no -0
  why = std::string(kColumnNames[column]) + " = " + (number ? std::string(cell) : Quoted(cell)) +
        ", expected 0.." +
        (max == 10.0  ? "10"
         : max == 1.0 ? "1"
                      : "1000000000");
  return std::nullopt;
}

// Days since 1970-01-01 of a date of the Gregorian calendar, from 1970 on.
std::int64_t DaysSince1970(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;  // years begin in March, so that leap days come last
  const int shifted = month <= 2 ? month + 9 : month - 3;
  const std::int64_t leaps = y / 4 - y / 100 + y / 400;
  return std::int64_t{365} * y + leaps + (153 * shifted + 2) / 5 + day - 1 - 719468;
}

bool IsDate(int year, int month, int day) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1970 || month < 1 || month > 12 || day < 1) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// "2025-07-11 09:43:21", also with T between; a fraction of a second (of which three digits count)
// and a Z may follow.
std::optional<std::int64_t> ReadTime(std::string_view cell) {
  constexpr std::string_view kForm = "dddd-dd-dd dd:dd:dd";
  if (cell.size() < kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool fits = kForm[i] == 'd'   ? IsDigit(cell[i])
                      : kForm[i] == ' ' ? cell[i] == ' ' || cell[i] == 'T'
                                        : cell[i] == kForm[i];
    if (!fits) return std::nullopt;
  }
  std::string_view rest = cell.substr(kForm.size());
  if (!rest.empty() && rest.back() == 'Z') rest.remove_suffix(1);
  if (!rest.empty() &&
      (rest.size() < 2 || rest[0] != '.' || !std::all_of(rest.begin() + 1, rest.end(), IsDigit))) {
    return std::nullopt;
  }
  const auto number = [cell](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (cell[i] - '0');
    return value;
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!IsDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::int64_t hours = DaysSince1970(year, month, day) * 24 + hour;
  std::int64_t ms = 0;
  for (std::size_t i = 1; i < 4; ++i) ms = ms * 10 + (i < rest.size() ? rest[i] - '0' : 0);
  return ((hours * 60 + minute) * 60 + second) * 1000 + ms;
}

bool IsWord(std::string_view text) {
  return text.size() <= kStrategyBytesMax && IsLetter(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsLetter(c) || IsDigit(c) || c == '_' || c == '-' || c == ' ';
         });
}

// What is left of a text when only its meaning counts: letters and digits, in lower case. A text
// without any is left as it is. Bytes beyond ASCII belong to letters.
void Fold(std::string_view text, std::string& folded) {
  folded.clear();
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || static_cast<unsigned char>(c) >= 0x80) folded += Lower(c);
  }
  if (folded.empty()) folded = text;
}

// Lets each trial have one case id, and each case id one trial.
class CaseIds {
 public:
  // `id` is "" where none is stated. What is wrong with it; "" when it is taken.
  std::string Take(const std::string& task, const std::string& trial, const std::string& id) {
    const auto [known, is_new] = id_of_.emplace(std::to_string(task.size()) + task + trial, id);
    if (!is_new && known->second != id) {
      return "case_id = " + Quoted(id) + ", expected " +
             (known->second.empty() ? "none" : Quoted(known->second)) +
             " as in the rows before of trial " + Quoted(trial);
    }
    if (id.empty()) return "";
    const auto [owner, is_first] = trial_of_.emplace(id, trial);
    if (is_first || owner->second == trial) return "";
    id_of_.erase(known);
    return "case_id = " + Quoted(id) + ", but that is the id of trial " + Quoted(owner->second);
  }

 private:
  std::unordered_map<std::string, std::string> id_of_;     // by task and trial
  std::unordered_map<std::string, std::string> trial_of_;  // by id
};

// Numbers texts in the order in which they first come.
class Numbering {
 public:
  std::size_t Of(std::string_view text) {
    if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
    numbers_.emplace(text, next_);
    return next_++;
  }
  std::size_t OfNothing() { return next_++; }
  std::size_t count() const { return next_; }

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's word
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> numbers_;
  std::size_t next_ = 0;
};

class HistoryParser {
 public:
  HistoryParser(std::string_view text, const std::string& name) : reader_(text), name_(name) {}

  Result<HistoryTable> Run() {
    if (!reader_.Next()) {
      return Invalid(name_ + ": empty, expected a first line with the names of the columns");
    }
    if (auto known = ReadHeader(); !known.ok()) return known.error();
    while (reader_.Next()) {
      if (auto whole = CheckRecord(); !whole.ok()) return whole.error();
      if (table_.rows.size() + table_.bad_count == kRowsMax) {
        return Error{ErrorCode::kTooLarge,
                     name_ + ": more than " + std::to_string(kRowsMax) + " rows, the limit"};
      }
      HistoryRow row;
      const std::string why = ReadRow(row);
      if (why.empty()) {
        table_.rows.push_back(std::move(row));
      } else {
        ++table_.bad_count;
        if (table_.bad.size() < kBadKept) table_.bad.push_back({reader_.line(), why});
      }
    }
    table_.results = results_.count();
    return std::move(table_);
  }

 private:
  std::string Where() const { return name_ + ":" + std::to_string(reader_.line()) + ": "; }

  // What no row can be read beyond.
  Status CheckRecord() const {
    if (reader_.unclosed()) {
      return Invalid(Where() + "the text ends inside quotes that open in this row");
    }
    if (reader_.oversized()) {
      return Error{ErrorCode::kTooLarge, Where() + "a field is larger than " +
                                             std::to_string(CsvReader::kFieldBytesMax) +
                                             " bytes, the limit"};
    }
    return Ok();
  }

  Status ReadHeader() {
    if (auto whole = CheckRecord(); !whole.ok()) return whole;
    columns_ = reader_.count();
    if (columns_ > CsvReader::kFieldsKept) {
      return Error{ErrorCode::kTooLarge, Where() + std::to_string(columns_) +
                                             " columns, expected at most " +
                                             std::to_string(CsvReader::kFieldsKept)};
    }
    at_.fill(kNone);
    for (std::size_t i = 0; i < columns_; ++i) {
      const std::string title = CsvText(reader_.fields()[i]);
      const auto known = std::find(kColumnNames.begin(), kColumnNames.end(), Trimmed(title));
      if (known == kColumnNames.end()) continue;
      std::size_t& at = at_[static_cast<std::size_t>(known - kColumnNames.begin())];
      if (at != kNone) {
        return Invalid(Where() + "column " + std::string(*known) + " stands twice, expected once");
      }
      at = i;
    }
    return CheckNeeded();
  }

  Status CheckNeeded() const {
    std::string missing;
    std::string needed;
    for (std::size_t i = 0; i < kNeeded; ++i) {
      const std::string title(kColumnNames[i]);
      needed += (needed.empty() ? "" : ", ") + title;
      if (at_[i] == kNone) missing += (missing.empty() ? "" : ", ") + title;
    }
    if (missing.empty()) return Ok();
    return Invalid(Where() + "no column " + missing + "; needed are " + needed);
  }

  // The cell as written, "" where there is no such column.
  CsvField Cell(Column column) const {
    return at_[column] == kNone ? CsvField{} : reader_.fields()[at_[column]];
  }

  // What is wrong with the record; "" when `row` holds it.
  std::string ReadRow(HistoryRow& row) {
    if (reader_.count() != columns_) {
      return std::to_string(reader_.count()) + (reader_.count() == 1 ? " field" : " fields") +
             ", expected " + std::to_string(columns_);
    }
    if (reader_.loose()) return "text after a closing quote, expected a comma";
    row.line = reader_.line();
    std::string why = ReadWords(row);
    if (why.empty()) why = ReadNumbers(row);
    if (why.empty() && at_[kCaseId] != kNone) why = ReadCaseId(row);
    if (why.empty()) ReadTexts(row);
    return why;
  }

  std::string ReadWords(HistoryRow& row) const {
    const std::string_view strategy = Trimmed(Cell(kStrategy).raw);
    if (ReadTime(strategy)) {
      return "strategy = " + Quoted(strategy) + " is a time, its columns are shifted";
    }
    if (!strategy.empty() && !IsWord(strategy)) {
      return "strategy = " + Quoted(strategy) + ", expected a word of at most " +
             std::to_string(kStrategyBytesMax) + " letters, digits, _ and -";
    }
    row.strategy = strategy;
    std::transform(row.strategy.begin(), row.strategy.end(), row.strategy.begin(), Upper);
    row.trial = Trimmed(CsvText(Cell(kTrial)));
    if (row.trial.empty()) return "trial is blank";
    row.model = Trimmed(Cell(kModel).raw);
    if (auto good = CheckModelName(row.model); !good.ok()) return good.error().text;
    if (Trimmed(Cell(kTask).raw).empty()) return "task is blank";
    const std::string_view created = Trimmed(Cell(kCreated).raw);
    const auto time = ReadTime(created);
    if (!created.empty() && !time) {
      return "created = " + Quoted(created) + ", expected YYYY-MM-DD hh:mm:ss from 1970 on";
    }
    row.created_ms = time.value_or(0);
    row.version = Trimmed(CsvText(Cell(kVersion)));
    if (row.version.size() > kVersionBytesMax) {
      return "version has " + std::to_string(row.version.size()) + " bytes, expected at most " +
             std::to_string(kVersionBytesMax);
    }
    return "";
  }

  // Last of what may be wrong, so that a row that is left out gives no trial its id.
  std::string ReadCaseId(HistoryRow& row) {
    const std::string_view id = Trimmed(Cell(kCaseId).raw);
    if (CheckCaseId(id).ok()) row.case_id = id;
    const std::string task = CsvText(Cell(kTask));
    return case_ids_.Take(std::string(Trimmed(task)), row.trial, row.case_id);
  }

  std::string ReadNumbers(HistoryRow& row) const {
    std::string why;
    const auto read = [&](Column column, double max) {
      return why.empty() ? ReadNumber(Cell(column).raw, column, max, why) : std::nullopt;
    };
    const auto quality = read(kQuality, 10.0);
    if (why.empty() && !quality) return "quality is blank, expected 0..10";
    const auto accuracy = read(kAccuracy, 1.0);
    if (why.empty() && !accuracy) return "accuracy is blank, expected 0..1";
    row.latency_s = read(kLatency, kLatencyMax);
    row.generation_accuracy = read(kGenerationAccuracy, 1.0);
    row.review_accuracy = read(kReviewAccuracy, 1.0);
    row.weight = read(kWeight, 1.0);
    row.simulated = read(kSimulated, 1.0).value_or(0.0) >= 0.5;
    row.quality = quality.value_or(0.0);
    row.accuracy = accuracy.value_or(0.0);
    return why;
  }

  // Only rows that are taken give tasks and answers a number.
  void ReadTexts(HistoryRow& row) {
    const std::string task = CsvText(Cell(kTask));
    row.task = tasks_.Of(Trimmed(task));
    if (row.task == table_.tasks.size()) table_.tasks.emplace_back(Trimmed(task));
    const std::string_view result = Trimmed(Cell(kResult).raw);
    if (result.empty()) {
      row.result = results_.OfNothing();  // nothing says that it equals another
      return;
    }
    Fold(result, folded_);
    row.result = results_.Of(folded_);
  }

  CsvReader reader_;
  const std::string& name_;
  std::size_t columns_ = 0;
  std::array<std::size_t, kColumnCount> at_{};  // of each column in a record
  HistoryTable table_;
  Numbering tasks_;
  Numbering results_;
  CaseIds case_ids_;
  std::string folded_;
};

}  // namespace

Result<HistoryTable> ParseHistory(std::string_view text, const std::string& name) {
  if (text.size() > kTextBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 name + ": larger than " + std::to_string(kTextBytesMax) + " bytes, the limit"};
  }
  if (const std::size_t at = FindInvalidUtf8(text); at != kNone) {
    const std::string_view before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return Invalid(name + ":" + std::to_string(line) + ": not UTF-8");
  }
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return HistoryParser(text, name).Run();
}

}  // namespace consilium

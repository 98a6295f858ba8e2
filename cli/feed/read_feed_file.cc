#include "cli/feed/read_feed_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/feed/mdm_message.h"
#include "cli/read_cases.h"
#include "gateway/hl7/ack.h"
#include "gateway/hl7/batch.h"
#include "gateway/hl7/delimiters.h"
#include "gateway/hl7/message.h"
#include "gateway/hl7/mllp_frame.h"
#include "shared/codec.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kMessagesMax = 1'000'000;

std::string_view WithoutBlanks(std::string_view text) {
  constexpr std::string_view kBlanks("\0 \t\r\n\x1a", 6);
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Gathers what one file has.
class Gathering {
 public:
  explicit Gathering(const std::string& file) : file_(file) {}

  void Add(FeedDoor door, std::string id, std::string bytes, bool unanswered = false) {
    ++number_;
    if (bytes.size() > kFeedMessageBytesMax) {
      return Bad({ErrorCode::kTooLarge, std::to_string(bytes.size()) + " bytes, expected at most " +
                                            std::to_string(kFeedMessageBytesMax)});
    }
    FeedItem item;
    item.door = door;
    item.file = file_;
    item.number = number_;
    item.id = std::move(id);
    item.bytes = std::move(bytes);
    item.unanswered = unanswered;
    found_.items.push_back(std::move(item));
  }
  void AddBad(const Error& error) {
    ++number_;
    Bad(error);
  }
  // Said of the file, or says itself where it is.
  void Problem(Error error) { found_.problems.push_back(std::move(error)); }
  void Note(const std::string& text) { found_.notes.push_back(text); }
  FeedMessages Take() { return std::move(found_); }

 private:
  void Bad(const Error& error) {
    found_.problems.push_back(
        {error.code, file_ + ", message " + std::to_string(number_) + ": " + error.text});
  }

  const std::string& file_;
  std::int64_t number_ = 0;
  FeedMessages found_;
};

void AddHl7Message(std::string_view bytes, const Hl7Charset* charset, Gathering& found) {
  bytes = WithoutBlanks(bytes);
  if (bytes.empty()) return found.AddBad(Invalid("empty"));
  std::string id;
  bool unanswered = false;
  // One that we cannot read is the gateway's to judge: it is what it came for.
  if (const auto message = ParseHl7(bytes, charset)) {
    if (message->Find("MSA") != nullptr) {
      return found.AddBad({ErrorCode::kUnsupported, "is an acknowledgement, which has no answer"});
    }
    unanswered = !AckCode(*message, Hl7Verdict::kAccept);
    id = message->msh().Get(10);
  }
  found.Add(FeedDoor::kMllp, std::move(id), std::string(bytes), unanswered);
}

void AddHl7Payload(std::string_view payload, const std::string& file, Gathering& found) {
  const Result<Hl7Batch> batch = SplitBatch(payload, kMessagesMax);
  if (!batch) return found.AddBad(batch.error());
  for (const Remark& remark : batch->remarks) found.Note(file + ": " + remark.text);
  // A mark of the byte order stands before the message, and is part of it.
  if (batch->messages.size() == 1 && !batch->has_headers) {
    return AddHl7Message(payload, batch->charset, found);
  }
  for (const std::string_view message : batch->messages) {
    AddHl7Message(message, batch->charset, found);
  }
}

void ReadHl7(const std::string& file, std::string_view text, Gathering& found) {
  if (text.find('\x0b') == std::string_view::npos) return AddHl7Payload(text, file, found);
  MllpReader reader(kFeedMessageBytesMax);
  const auto take = [&](const Result<MllpPayload>& payload) {
    if (!payload) return found.AddBad(payload.error());
    AddHl7Payload(payload->bytes, file, found);
  };
  reader.Feed(text);
  while (const auto payload = reader.Next()) take(*payload);
  if (const auto last = reader.Finish()) take(*last);
}

void ReadFhir(FeedFormat format, std::string_view text, Gathering& found) {
  const std::string_view whole = WithoutBlanks(text);
  if (whole.empty()) return found.AddBad(Invalid("empty"));
  if (format == FeedFormat::kBulk) return found.Add(FeedDoor::kBulk, "", std::string(whole) + "\n");
  // Which resource it is, without making numbers of its numbers.
  std::string type;
  const auto on_event = [&type, last = std::string()](int depth,
                                                      nlohmann::json::parse_event_t event,
                                                      nlohmann::json& parsed) mutable {
    if (event == nlohmann::json::parse_event_t::key && depth == 1) last = parsed;
    if (event == nlohmann::json::parse_event_t::value && depth == 1 && last == "resourceType" &&
        parsed.is_string()) {
      type = parsed;
    }
    return depth <= 1;
  };
  const auto parsed = nlohmann::json::parse(whole, on_event, /*allow_exceptions=*/false);
  if (parsed.is_discarded() && type.empty()) {
    return found.AddBad(Invalid("expected one JSON object with resourceType"));
  }
  if (type == "Bundle") return found.Add(FeedDoor::kFhir, "", std::string(whole));
  // Any other one is a line: outside of strings, line ends are blanks, and none stands in one.
  std::string line(whole);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  found.Add(FeedDoor::kBulk, "", line + "\n");
}

void ReadCases(const std::string& file, std::string_view text, bool mdm, Gathering& found) {
  // Told by the content: a name that says it is no JSON would make one case of the whole file.
  CasesFile cases = ParseCases(text, file);
  for (const std::string& note : cases.notes) found.Note(note);
  for (Error& problem : cases.problems) found.Problem(std::move(problem));
  for (const CaseRequest& request : cases.cases) {
    if (BeginsHl7Header(WithoutBlanks(request.vignette.text))) {
      found.AddBad(
          Invalid("text: is an HL7 message, expected a vignette; put messages into files "
                  "of their own (.hl7)"));
    } else if (mdm) {
      found.Add(FeedDoor::kMllp, request.id, MdmOf(request));
    } else {
      found.Add(FeedDoor::kCases, request.id, CaseLine(request));
    }
  }
}

}  // namespace

std::string CaseLine(const CaseRequest& request) {
  nlohmann::ordered_json line = nlohmann::ordered_json::parse(ToJson(request));
  const auto strip = [](nlohmann::ordered_json& object) {
    for (auto at = object.begin(); at != object.end();) {
      at = at->is_null() ? object.erase(at) : std::next(at);
    }
  };
  line.erase("source");
  strip(line);
  if (line.contains("patient")) strip(line["patient"]);
  return line.dump() + "\n";
}

FeedMessages ReadFeedFile(const std::string& file, FeedFormat format, std::string_view text,
                          bool mdm) {
  Gathering found(file);
  switch (format) {
    case FeedFormat::kHl7:
      ReadHl7(file, text, found);
      break;
    case FeedFormat::kFhir:
    case FeedFormat::kBulk:
      ReadFhir(format, text, found);
      break;
    case FeedFormat::kCases:
      ReadCases(file, text, mdm, found);
      break;
  }
  return found.Take();
}

}  // namespace consilium

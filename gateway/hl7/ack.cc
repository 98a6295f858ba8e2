#include "gateway/hl7/ack.h"

#include <algorithm>
#include <utility>

#include "gateway/hl7/ack_error.h"
#include "gateway/hl7/escape.h"
#include "gateway/hl7/lead.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kEchoMax = 1024;
constexpr std::size_t kHeadMax = 4096;
constexpr std::size_t kTextMax = 80;  // of MSA-3 in 2.3

// Does `condition` (table 0155, not blank) ask for an answer to that verdict?
bool IsWanted(std::string_view condition, Hl7Verdict verdict) {
  if (condition == "NE") return false;
  if (condition == "ER") return verdict != Hl7Verdict::kAccept;
  if (condition == "SU") return verdict == Hl7Verdict::kAccept;
  return true;
}

std::string Condition(const Hl7Segment& msh, std::size_t field) {
  return std::string(Trimmed(msh.Get(field)));
}

std::string_view ApplicationCode(Hl7Verdict verdict) {
  if (verdict == Hl7Verdict::kAccept) return "AA";
  return verdict == Hl7Verdict::kError ? "AE" : "AR";
}
std::string_view AcceptCode(Hl7Verdict verdict) {
  if (verdict == Hl7Verdict::kAccept) return "CA";
  return verdict == Hl7Verdict::kError ? "CE" : "CR";
}

// A field of the message as it came, fit for one line.
std::string Echo(const Hl7Segment& segment, std::size_t field) {
  std::string echo;
  for (const char c : CutUtf8(segment.Raw(field), kEchoMax)) {
    if (!IsHl7Blank(c) || c == ' ') echo += c;
  }
  return echo;
}

// MSH-5 and MSH-6 are our names as the sender has them; else ours.
std::string OwnName(const Hl7Segment& msh, std::size_t field, const std::string& own,
                    const Hl7Delimiters& delimiters) {
  std::string name = Echo(msh, field);
  return Trimmed(name).empty() || msh.IsNull(field) ? EscapeHl7(own, delimiters) : name;
}

// MSH-2 as the sender has it; a doubled escape character is written once.
std::string DelimitersField(const Hl7Segment& msh, const Hl7Delimiters& d) {
  const std::string_view raw = msh.Raw(2);
  std::string once;
  for (const char c : raw) {
    if (c != d.escape || once.empty() || once.back() != c) once += c;
  }
  return once;
}

// ACK^A01^ACK; without an event when there is none or it is no word.
std::string AckType(const Hl7Segment& msh, char component) {
  const std::string event = msh.Get(9, 2);
  const bool word =
      !event.empty() && event.size() <= 10 && std::all_of(event.begin(), event.end(), [](char c) {
        const char lower = static_cast<char>(c | 0x20);
        return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
      });
  if (!word) return "ACK";
  std::string type = "ACK";
  type += component;
  type += event;
  type += component;
  type += "ACK";
  return type;
}

class SegmentLine {
 public:
  SegmentLine(std::string name, char field) : line_(std::move(name)), field_(field) {}
  SegmentLine& Add(std::string_view value) {
    line_ += field_;
    line_ += value;
    return *this;
  }
  // Without empty fields at its end.
  std::string Take() {
    while (line_.back() == field_) line_.pop_back();
    return line_ + "\r";
  }

 private:
  std::string line_;
  char field_;
};

std::string Msa(const AckContent& content, std::string_view code, std::string_view about,
                const Hl7Delimiters& delimiters) {
  SegmentLine msa("MSA", delimiters.field);
  msa.Add(code).Add(about);
  return msa.Add(EscapeHl7(CutUtf8(content.text, kTextMax), delimiters)).Take();
}

// Of a sender whose delimiters are not known. `about`: MSA-2.
std::string GenericAck(const AckContent& content, std::string_view about = "") {
  const Hl7Delimiters usual;
  SegmentLine msh("MSH", usual.field);
  msh.Add("^~\\&").Add(EscapeHl7(content.application, usual));
  msh.Add(EscapeHl7(content.facility, usual)).Add("").Add("");
  msh.Add(EscapeHl7(content.time, usual)).Add("").Add("ACK");
  msh.Add(EscapeHl7(content.control_id, usual)).Add("P").Add("2.5.1");
  return msh.Take() +
         Msa(content, ApplicationCode(content.verdict), EscapeHl7(about, usual), usual) +
         ErrorSegments(content.faults, usual, "2.5.1");
}

// The MSH line within the first bytes; empty when there is none.
std::string_view FindHeader(std::string_view bytes) {
  bytes = bytes.substr(0, kHeadMax);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::string_view rest = bytes.substr(at);
    if ((rest[0] | 0x20) != 'm' || !BeginsHl7Header(rest)) continue;
    return rest.substr(0, FindEither(rest, 0, '\r', '\n'));
  }
  return {};
}

bool HasAcknowledgement(std::string_view bytes) {
  bytes = bytes.substr(0, kHeadMax);
  for (std::size_t at = FindEither(bytes, 0, '\r', '\n'); at != kNone;
       at = FindEither(bytes, at + 1, '\r', '\n')) {
    if (bytes.substr(at + 1, 3) == "MSA") return true;
  }
  return false;
}

}  // namespace

std::optional<std::string_view> AckCode(const Hl7Message& message, Hl7Verdict verdict) {
  const Hl7Segment& msh = message.msh();
  const std::string type = msh.Get(9);
  if (type == "ACK" || type == "MCF" || message.Find("MSA") != nullptr) return std::nullopt;
  const std::string accept = Condition(msh, 15);
  const std::string application = Condition(msh, 16);
  if (accept.empty() && application.empty()) return ApplicationCode(verdict);
  if (!accept.empty() && accept != "NE") {
    if (IsWanted(accept, verdict)) return AcceptCode(verdict);
    return std::nullopt;
  }
  if (!application.empty() && IsWanted(application, verdict)) return ApplicationCode(verdict);
  return std::nullopt;
}

std::optional<std::string> AckFor(const Hl7Message& message, const AckContent& content) {
  const std::optional<std::string_view> code = AckCode(message, content.verdict);
  if (!code) return std::nullopt;
  const Hl7Segment& in = message.msh();
  const Hl7Delimiters& d = message.delimiters();
  SegmentLine msh("MSH", d.field);
  msh.Add(DelimitersField(in, d));
  msh.Add(OwnName(in, 5, content.application, d)).Add(OwnName(in, 6, content.facility, d));
  msh.Add(Echo(in, 3)).Add(Echo(in, 4)).Add(EscapeHl7(content.time, d)).Add("");
  msh.Add(AckType(in, d.component)).Add(EscapeHl7(content.control_id, d));
  msh.Add(Echo(in, 11)).Add(Echo(in, 12));
  for (int field = 13; field < 18; ++field) msh.Add("");
  msh.Add(Echo(in, 18));

  std::string ack = msh.Take() + Msa(content, *code, Echo(in, 10), d);
  if (content.verdict != Hl7Verdict::kAccept) {
    ack += ErrorSegments(content.faults, d, in.Get(12));
  }
  return EncodeHl7(ack, message.charset());
}

std::optional<std::string> AckForUnreadable(std::string_view bytes, const AckContent& content,
                                            const Hl7Charset* default_charset) {
  AckContent refusal = content;
  if (refusal.verdict == Hl7Verdict::kAccept) refusal.verdict = Hl7Verdict::kReject;
  if (HasAcknowledgement(bytes)) return std::nullopt;
  const std::string_view header = FindHeader(bytes);
  if (!header.empty()) {
    const Result<Hl7Message> message = ParseHl7(header, default_charset);
    if (message.ok()) return AckFor(*message, refusal);
  }
  return GenericAck(refusal);
}

std::string AckForEmptyBatch(std::string_view id, const AckContent& content) {
  return GenericAck(content, id);
}

Result<Hl7Ack> ReadAck(std::string_view bytes, const Hl7Charset* default_charset) {
  const Result<Hl7Message> message = ParseHl7(bytes, default_charset);
  if (!message.ok()) return message.error();
  const std::vector<Hl7Segment>& segments = message->segments();
  const auto is_msa = [](const Hl7Segment& segment) { return segment.name() == "MSA"; };
  const auto found = std::count_if(segments.begin(), segments.end(), is_msa);
  if (found != 1) {
    return Invalid("the acknowledgement has " + std::to_string(found) + " MSA, expected 1");
  }
  const Hl7Segment& msa = *message->Find("MSA");
  Hl7Ack ack;
  ack.code = Trimmed(msa.Get(1));
  constexpr std::string_view kCodes[] = {"AA", "AE", "AR", "CA", "CE", "CR"};
  if (std::find(std::begin(kCodes), std::end(kCodes), ack.code) == std::end(kCodes)) {
    return Invalid("MSA-1 = " + Quoted(ack.code, 8) + ", expected AA, AE, AR, CA, CE or CR");
  }
  ack.control_id = Trimmed(msa.Text(2));
  if (ack.accepted() && ack.control_id.empty()) {
    return Invalid("MSA-2 is empty, expected the control id of the message that is accepted");
  }
  ack.text = msa.Text(3);
  if (const Hl7Segment* err = message->Find("ERR"); ack.text.empty() && err != nullptr) {
    ack.text = err->Text(8);
    if (ack.text.empty()) ack.text = err->Text(3, 2);
    if (ack.text.empty()) ack.text = err->Get(1, 4, 1, 2);
  }
  return ack;
}

}  // namespace consilium

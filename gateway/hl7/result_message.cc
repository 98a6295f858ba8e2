#include "gateway/hl7/result_message.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/clinical/authority.h"
#include "gateway/hl7/delimiters.h"
#include "gateway/hl7/escape.h"
#include "gateway/hl7/hl7_time.h"
#include "gateway/hl7/result_lines.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr Hl7Delimiters kDelimiters;
constexpr const char* kLocalTable = "99CSL";

std::string E(std::string_view text) { return EscapeHl7(text, kDelimiters); }

std::string Components(std::vector<std::string> parts) { return JoinHl7(std::move(parts), '^'); }

// Fields by their numbers in the standard; their values are ready for the wire.
class Segment {
 public:
  explicit Segment(std::string name) : fields_{std::move(name)} {}
  Segment& Set(std::size_t field, std::string value) {
    if (fields_.size() <= field) fields_.resize(field + 1);
    fields_[field] = std::move(value);
    return *this;
  }
  std::string Text() const { return JoinHl7(fields_, '|') + "\r"; }

 private:
  std::vector<std::string> fields_;
};

// "1980-03-14" as 19800314, as precise as stated; "" for what is no date.
std::string DateOf(std::string_view iso) {
  const std::string_view date = iso.substr(0, iso.find('T'));
  std::string text;
  for (std::size_t i = 0; i < date.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? date[i] != '-' : std::isdigit(static_cast<unsigned char>(date[i])) == 0) return "";
    if (!dash) text += date[i];
  }
  return text.size() == 4 || text.size() == 6 || text.size() == 8 ? text : "";
}

std::string SexOf(const std::string& sex) {
  if (sex == "female") return "F";
  if (sex == "male") return "M";
  if (sex == "other") return "O";
  if (sex == "unknown") return "U";
  return "";
}

// HD: a name, or "&id&type" of a universal id (table 0301).
std::string AuthorityOf(std::string_view text) {
  const auto universal = [](std::string_view id, const char* type) {
    return "&" + E(id) + "&" + type;
  };
  const Authority authority = ReadAuthority(text);
  switch (authority.kind) {
    case AuthorityKind::kOid:
      return universal(authority.id, "ISO");
    case AuthorityKind::kUuid:
      return universal(authority.id, "UUID");
    case AuthorityKind::kUri:
      return universal(authority.id, "URI");
    case AuthorityKind::kLocal:
      break;
  }
  return E(text);
}

std::string IdsOf(const std::vector<PatientId>& ids) {
  std::vector<std::string> list;
  for (const PatientId& id : ids) {
    if (id.value.empty()) continue;
    list.push_back(Components({E(id.value), "", "", AuthorityOf(id.authority), E(id.type)}));
  }
  return JoinHl7(std::move(list), '~');
}

std::string LocalCode(const std::string& code, const std::string& name) {
  return Components({E(code), E(name), kLocalTable});
}

// EI; within a component its parts are one level down.
std::string EntityText(const EntityId& entity, char between = kDelimiters.component) {
  return JoinHl7(
      {E(entity.id), E(entity.authority), E(entity.universal_id), E(entity.universal_type)},
      between);
}

class Builder {
 public:
  Builder(const ResultHeader& header, const CaseOrigin& origin, const Recommendation& now,
          const Recommendation* before, const std::string& link, std::int64_t made_ms)
      : header_(header), origin_(origin), now_(now), before_(before), link_(link) {
    made_ = Hl7Time(made_ms);
    decided_ = Hl7Time(now.decided_ms > 0 ? now.decided_ms : made_ms);
    withdrawn_ = now.status == CaseState::kCancelled;
    revised_ = now.revision > 1;
  }

  std::string Oru() {
    AddMsh("ORU^R01^ORU_R01");
    AddPid();
    if (!origin_.visit.empty()) AddPv1();
    AddObr();
    AddLines();
    return std::move(text_);
  }

  std::string Mdm() {
    const std::string event = withdrawn_ ? "T11" : revised_ ? "T10" : "T02";
    AddMsh("MDM^" + event + (withdrawn_ ? "^MDM_T01" : "^MDM_T02"));
    Add(Segment("EVN").Set(1, event).Set(2, decided_));
    AddPid();
    AddPv1();
    AddTxa();
    if (!withdrawn_) AddLines();
    return std::move(text_);
  }

 private:
  void Add(const Segment& segment) { text_ += segment.Text(); }

  void AddMsh(const std::string& type) {
    // The field separator is MSH-1, so the fields that follow stand one to the left.
    Add(Segment("MSH")
            .Set(1, "^~\\&")
            .Set(2, E(header_.application))
            .Set(3, E(header_.facility))
            .Set(4, E(header_.receiving_application))
            .Set(5, E(header_.receiving_facility))
            .Set(6, made_)
            .Set(8, type)
            .Set(9, ResultControlId(now_.case_id, now_.revision))
            .Set(10, E(header_.processing_id))
            .Set(11, "2.5.1")
            .Set(17, "UNICODE UTF-8"));
  }

  void AddPid() {
    const Demographics& patient = origin_.patient;
    Add(Segment("PID")
            .Set(1, "1")
            .Set(3, IdsOf(patient.ids))
            .Set(5, Components({E(patient.family), E(patient.given)}))
            .Set(7, DateOf(patient.birth_date))
            .Set(8, SexOf(patient.sex))
            .Set(18, E(origin_.account)));
  }

  void AddPv1() { Add(Segment("PV1").Set(1, "1").Set(2, "U").Set(19, E(origin_.visit))); }

  void AddObr() {
    const std::string status = withdrawn_ ? "X" : revised_ ? "C" : "F";
    Add(Segment("OBR")
            .Set(1, "1")
            .Set(3, Components({E(now_.case_id), E(header_.application)}))
            .Set(4, LocalCode("MEDREC", "Medication recommendation (AI decision support)"))
            .Set(7, decided_)
            .Set(22, decided_)
            .Set(25, status)
            .Set(29, Components({EntityText(origin_.placer, kDelimiters.subcomponent),
                                 EntityText(origin_.filler, kDelimiters.subcomponent)})));
  }

  std::string DocumentNumber(std::int64_t revision) const {
    const std::string suffix = revision > 1 ? "." + std::to_string(revision) : "";
    return Components({E(now_.case_id + suffix), E(header_.application)});
  }

  void AddTxa() {
    // A withdrawal is no document: it ends the last one.
    const std::int64_t own =
        withdrawn_ ? std::max<std::int64_t>(1, now_.revision - 1) : now_.revision;
    std::string parent;
    if (!withdrawn_ && revised_) {
      parent = DocumentNumber(now_.revision - 1);
    } else if (!withdrawn_ && !origin_.documents.empty()) {
      parent = origin_.entity.empty() ? E(origin_.documents.back()) : EntityText(origin_.entity);
    }
    Add(Segment("TXA")
            .Set(1, "1")
            .Set(2, E(header_.document_type))
            .Set(3, "TX")
            .Set(4, decided_)
            .Set(6, decided_)
            .Set(12, DocumentNumber(own))
            .Set(13, parent)
            .Set(17, "DO")
            .Set(19, withdrawn_ ? "CA" : ""));
  }

  void AddObx(const ResultLine& line, const std::string& value, const char* status) {
    Add(Segment("OBX")
            .Set(1, std::to_string(++obx_))
            .Set(2, "TX")
            .Set(3, LocalCode(line.code, line.name))
            .Set(4, line.sub > 0 ? std::to_string(line.sub) : "")
            .Set(5, E(value))
            .Set(8, line.flag)
            .Set(11, status)
            .Set(14, decided_));
  }

  void AddLines() {
    const std::vector<ResultLine> lines = ResultLines(now_, origin_, link_);
    std::vector<ResultLine> old;
    if (before_ != nullptr && revised_) old = ResultLines(*before_, origin_, link_);
    const auto is_in = [](const std::vector<ResultLine>& list, const ResultLine& line) {
      return std::any_of(list.begin(), list.end(), [&](const ResultLine& other) {
        return other.code == line.code && other.sub == line.sub;
      });
    };
    for (const ResultLine& line : lines) {
      const bool corrects = revised_ && (before_ == nullptr || is_in(old, line));
      AddObx(line, line.text, corrects ? "C" : "F");
    }
    for (ResultLine& line : old) {
      if (is_in(lines, line)) continue;
      line.flag.clear();
      // What is withdrawn is not repeated: not every receiver looks at OBX-11.
      AddObx(line, withdrawn_ ? "WITHDRAWN" : "no longer stated", withdrawn_ ? "W" : "D");
    }
  }

  const ResultHeader& header_;
  const CaseOrigin& origin_;
  const Recommendation& now_;
  const Recommendation* before_;
  const std::string& link_;
  std::string made_;
  std::string decided_;
  bool withdrawn_ = false;
  bool revised_ = false;
  std::size_t obx_ = 0;
  std::string text_;
};

}  // namespace

std::string ResultControlId(const std::string& case_id, std::int64_t revision) {
  std::string id = Sha256Hex("result " + std::to_string(revision) + " " + case_id).substr(0, 20);
  std::transform(id.begin(), id.end(), id.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return id;
}

std::string WriteResultMessage(const ResultHeader& header, const CaseOrigin& origin,
                               const Recommendation& recommendation, const Recommendation* before,
                               const std::string& link, std::int64_t made_ms) {
  Builder builder(header, origin, recommendation, before, link, made_ms);
  return header.form == ResultForm::kMdm ? builder.Mdm() : builder.Oru();
}

}  // namespace consilium

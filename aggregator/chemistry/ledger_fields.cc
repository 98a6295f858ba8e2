#include "aggregator/chemistry/ledger_fields.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <vector>

#include "shared/ids.h"

namespace consilium {
namespace {

class Writer {
 public:
  void operator()(std::int64_t number) {
    std::array<char, 24> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    Put({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
  }
  void operator()(double number) {
    std::array<char, 40> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::hex)
            .ptr;
    Put({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
  }
  void operator()(const std::vector<std::string>& texts) {
    (*this)(static_cast<std::int64_t>(texts.size()));
    for (const std::string& text : texts) {
      (*this)(static_cast<std::int64_t>(text.size()));
      text_ += ':';
      text_ += text;
    }
  }
  std::string Take() { return std::move(text_); }

 private:
  void Put(std::string_view number) {
    if (!text_.empty()) text_ += ' ';
    text_ += number;
  }
  std::string text_;
};

// Reads what Writer writes; after anything else `ok` is false and what is read means nothing.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void operator()(std::int64_t& number) {
    Number(number);
    ok_ = ok_ && number >= 0;
  }
  void operator()(double& number) {
    Number(number, std::chars_format::hex);
    ok_ = ok_ && std::isfinite(number);
  }
  void operator()(std::vector<std::string>& texts) {
    std::int64_t count = 0;
    (*this)(count);
    ok_ = ok_ && count <= static_cast<std::int64_t>(kVersionsMax);
    for (std::int64_t i = 0; ok_ && i < count; ++i) {
      std::int64_t bytes = 0;
      (*this)(bytes);
      ok_ = ok_ && bytes <= static_cast<std::int64_t>(kVersionBytesMax) &&
            rest_.size() > static_cast<std::size_t>(bytes) && rest_.front() == ':';
      if (!ok_) return;
      texts.emplace_back(rest_.substr(1, static_cast<std::size_t>(bytes)));
      rest_.remove_prefix(1 + static_cast<std::size_t>(bytes));
    }
  }
  bool Done() const { return ok_ && rest_.empty(); }

 private:
  template <class Value, class... Format>
  void Number(Value& number, Format... format) {
    if (!first_ && ok_) {
      ok_ = !rest_.empty() && rest_.front() == ' ';
      if (ok_) rest_.remove_prefix(1);
    }
    first_ = false;
    if (!ok_) return;
    const char* const end = rest_.data() + rest_.size();
    const auto [stop, problem] = std::from_chars(rest_.data(), end, number, format...);
    ok_ = problem == std::errc();
    rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
  }

  std::string_view rest_;
  bool ok_ = true;
  bool first_ = true;
};

// One list of the parts of each field, for both directions.
template <class Visitor, class Sums>
void VisitMoments(Visitor& visit, Sums& sums) {
  visit(sums.count);
  visit(sums.w);
  visit(sums.w2);
  visit(sums.wx);
  visit(sums.wx2);
}
template <class Visitor, class Meta>
void VisitMeta(Visitor& visit, Meta& meta) {
  visit(meta.format);
  visit(meta.rules.half_life_d);
  visit(meta.rules.version_weight);
  visit(meta.epoch);
}
template <class Visitor, class Sums>
void VisitKind(Visitor& visit, Sums& sums) {
  visit(sums.cases);
  visit(sums.gold);
  visit(sums.simulated);
}
template <class Visitor, class Sums>
void VisitModel(Visitor& visit, Sums& sums) {
  visit(sums.seated);
  visit(sums.answered);
  VisitMoments(visit, sums.quality);
  VisitMoments(visit, sums.accuracy);
  VisitMoments(visit, sums.generation);
  VisitMoments(visit, sums.log_latency);
  VisitMoments(visit, sums.cost);
  visit(sums.versions);
}
template <class Visitor, class Sums>
void VisitPair(Visitor& visit, Sums& sums) {
  visit(sums.together);
  VisitMoments(visit, sums.synergy);
  visit(sums.gold);
  visit(sums.both_right);
  visit(sums.only_first);
  visit(sums.only_second);
  visit(sums.both_wrong);
  visit(sums.same_wrong);
}

template <class Sums, class Pack, class Visit>
std::optional<Sums> UnpackWith(std::string_view text, Pack pack, Visit visit) {
  Sums sums;
  Reader reader(text);
  visit(reader, sums);
  // What reads back otherwise ("+1", "01", "0x1p0") did not come from us.
  if (!reader.Done() || pack(sums) != text) return std::nullopt;
  return sums;
}

}  // namespace

std::string KindField(std::string_view kind) {
  std::string field = "k|";
  field += kind;
  return field;
}

std::string ModelField(std::string_view kind, std::string_view model) {
  std::string field = "m|";
  field.append(kind).append("|").append(model);
  return field;
}

std::string PairField(std::string_view kind, std::string_view first, std::string_view second) {
  std::string field = "p|";
  field.append(kind).append("|").append(first).append("|").append(second);
  return field;
}

std::optional<FieldName> ParseFieldName(std::string_view field) {
  if (field.size() < 2 || field[1] != '|') return std::nullopt;
  FieldName name;
  name.what = field[0];
  const std::size_t wanted = name.what == 'k' ? 1 : name.what == 'm' ? 2 : name.what == 'p' ? 3 : 0;
  std::vector<std::string_view> parts;
  std::string_view rest = field.substr(2);
  for (std::size_t bar = rest.find('|'); bar != std::string_view::npos; bar = rest.find('|')) {
    parts.push_back(rest.substr(0, bar));
    rest.remove_prefix(bar + 1);
  }
  parts.push_back(rest);
  if (wanted == 0 || parts.size() != wanted || !CheckKind(parts[0])) return std::nullopt;
  for (std::size_t i = 1; i < wanted; ++i) {
    if (!CheckModelName(parts[i])) return std::nullopt;
  }
  if (wanted == 3 && !(parts[1] < parts[2])) return std::nullopt;
  name.kind = parts[0];
  if (wanted > 1) name.first = parts[1];
  if (wanted > 2) name.second = parts[2];
  return name;
}

std::string PackMeta(const LedgerMeta& meta) {
  Writer writer;
  VisitMeta(writer, meta);
  return writer.Take();
}

std::string PackKind(const KindSums& sums) {
  Writer writer;
  VisitKind(writer, sums);
  return writer.Take();
}

std::string PackModel(const ModelSums& sums) {
  Writer writer;
  VisitModel(writer, sums);
  return writer.Take();
}

std::string PackPair(const PairSums& sums) {
  Writer writer;
  VisitPair(writer, sums);
  return writer.Take();
}

std::optional<LedgerMeta> UnpackMeta(std::string_view text) {
  return UnpackWith<LedgerMeta>(text, PackMeta, VisitMeta<Reader, LedgerMeta>);
}

std::optional<KindSums> UnpackKind(std::string_view text) {
  return UnpackWith<KindSums>(text, PackKind, VisitKind<Reader, KindSums>);
}

std::optional<ModelSums> UnpackModel(std::string_view text) {
  return UnpackWith<ModelSums>(text, PackModel, VisitModel<Reader, ModelSums>);
}

std::optional<PairSums> UnpackPair(std::string_view text) {
  return UnpackWith<PairSums>(text, PackPair, VisitPair<Reader, PairSums>);
}

}  // namespace consilium

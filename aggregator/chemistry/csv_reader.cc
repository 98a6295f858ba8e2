#include "aggregator/chemistry/csv_reader.h"

#include <algorithm>

namespace consilium {

std::string CsvText(const CsvField& field) {
  std::string text(field.raw);
  if (!field.doubled) return text;
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[end++] = text[i];
    if (text[i] == '"') ++i;  // the second of two
  }
  text.resize(end);
  return text;
}

bool CsvReader::Next() {
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) EndLine();
  if (at_ == text_.size()) return false;
  line_ = next_line_;
  fields_.clear();
  count_ = 0;
  oversized_ = unclosed_ = loose_ = false;
  ReadField();
  while (at_ < text_.size() && text_[at_] == ',') {
    ++at_;
    ReadField();
  }
  if (at_ < text_.size()) EndLine();
  return true;
}

void CsvReader::EndLine() {
  if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
  ++at_;
  ++next_line_;
}

std::size_t CsvReader::FindFieldEnd(std::size_t from) const {
  while (from < text_.size() && text_[from] != ',' && text_[from] != '\n' && text_[from] != '\r') {
    ++from;
  }
  return from;
}

void CsvReader::ReadField() {
  CsvField field;
  if (at_ < text_.size() && text_[at_] == '"') {
    field = ReadQuoted();
  } else {
    const std::size_t end = FindFieldEnd(at_);
    field.raw = text_.substr(at_, end - at_);
    at_ = end;
  }
  if (field.raw.size() > kFieldBytesMax) oversized_ = true;
  ++count_;
  if (count_ <= kFieldsKept) fields_.push_back(field);
}

CsvField CsvReader::ReadQuoted() {
  CsvField field;
  const std::size_t start = ++at_;
  while (!unclosed_) {
    const std::size_t quote = text_.find('"', at_);
    const std::string_view part = text_.substr(at_, quote - at_);
    next_line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    at_ += part.size();
    unclosed_ = quote == std::string_view::npos;
    const bool again = at_ + 1 < text_.size() && text_[at_ + 1] == '"';
    if (unclosed_ || !again) break;
    field.doubled = true;
    at_ += 2;
  }
  field.raw = text_.substr(start, at_ - start);
  if (unclosed_) return field;
  const std::size_t end = FindFieldEnd(++at_);
  if (end != at_) loose_ = true;
  at_ = end;
  return field;
}

}  // namespace consilium

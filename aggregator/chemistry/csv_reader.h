// The records of a comma-separated text (RFC 4180), one after the other, without copying it.
//
// Lines may end in LF, CRLF or CR; blank ones are left out. Quotes inside a field that does not
// begin with one are ordinary characters.
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace consilium {

struct CsvField {
  std::string_view raw;  // without the quotes around it
  bool doubled = false;  // holds "" for "
};
// The field's text.
std::string CsvText(const CsvField& field);

class CsvReader {
 public:
  static constexpr std::size_t kFieldsKept = 1024;
  static constexpr std::size_t kFieldBytesMax = std::size_t{1} << 20;

  // Borrows the text.
  explicit CsvReader(std::string_view text) : text_(text) {}

  // False at the end of the text.
  bool Next();

  std::size_t line() const { return line_; }    // where the record begins, from 1
  std::size_t count() const { return count_; }  // of its fields; the first kFieldsKept are kept
  const std::vector<CsvField>& fields() const { return fields_; }
  bool oversized() const { return oversized_; }  // a field is larger than kFieldBytesMax
  bool unclosed() const { return unclosed_; }    // the text ended inside quotes
  bool loose() const { return loose_; }          // text between a closing quote and the comma

 private:
  void EndLine();
  std::size_t FindFieldEnd(std::size_t from) const;
  void ReadField();
  CsvField ReadQuoted();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t next_line_ = 1;
  std::size_t line_ = 1;
  std::vector<CsvField> fields_;
  std::size_t count_ = 0;
  bool oversized_ = false;
  bool unclosed_ = false;
  bool loose_ = false;
};

}  // namespace consilium

#include "aggregator/council/tsv.h"

#include <fstream>
#include <utility>

#include "shared/text.h"

namespace consilium {
namespace {

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ", ";
    text += part;
  }
  return text;
}

std::string Where(const std::string& file, std::size_t line) {
  std::string text = file;
  text += ':';
  text += std::to_string(line);
  text += ": ";
  return text;
}

bool IsSpace(char c) { return c == ' '; }

// A reason why `cell` may not stand in a table, or "".
std::string_view Fault(std::string_view cell) {
  if (cell.empty()) return "is empty, expected a value, or \"-\" for none";
  for (const char c : cell) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return "has a control character, expected printable text and LF line ends";
    }
  }
  if (IsSpace(cell.front()) || IsSpace(cell.back())) {
    return "starts or ends with a space, expected none";
  }
  return {};
}

Result<TsvTable> Parse(const std::string& file, std::string_view text,
                       const std::vector<std::string>& columns, bool has_header) {
  TsvTable table{file, columns, {}};
  if (text.size() > kTableBytesMax) {
    return Invalid(file + ": " + std::to_string(text.size()) + " bytes, expected at most " +
                   std::to_string(kTableBytesMax));
  }
  bool header_seen = !has_header;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string_view current = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (const std::size_t bad = FindInvalidUtf8(current); bad != std::string_view::npos) {
      return Invalid(Where(file, line) + "byte " + std::to_string(bad + 1) + " of " +
                     Quoted(current) + " is not UTF-8");
    }
    if (current.empty() || current.front() == '#') continue;
    TsvRow row{line,
               has_header ? Split(current, '\t') : std::vector<std::string>{std::string(current)}};
    if (!header_seen) {
      header_seen = true;
      if (row.cells == columns) continue;
      return Invalid(Where(file, line) + "header " + Quoted(current) +
                     ", expected the columns (tab-separated) " + Join(columns));
    }
    if (row.cells.size() != columns.size()) {
      return Invalid(Where(file, line) + std::to_string(row.cells.size()) + " columns in " +
                     Quoted(current) + ", expected " + std::to_string(columns.size()) +
                     " (tab-separated): " + Join(columns));
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (const auto fault = Fault(row.cells[i]); !fault.empty()) {
        return Invalid(Where(file, line) + columns[i] + " = " + Quoted(row.cells[i]) + " " +
                       std::string(fault));
      }
    }
    table.rows.push_back(std::move(row));
  }
  if (!header_seen) {
    return Invalid(file + ": no header, expected the columns (tab-separated) " + Join(columns));
  }
  return table;
}

}  // namespace

Result<std::string> ReadTableFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::kNotFound, path + ": cannot be opened, expected a table"};
  std::string text;
  std::string chunk(std::size_t{64} << 10, '\0');
  // The parser refuses what is longer than allowed; there is no need to read all of it.
  while (in && text.size() <= kTableBytesMax) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    text.append(chunk, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return Error{ErrorCode::kNotFound, path + ": cannot be read, expected a table"};
  return text;
}

Result<TsvTable> ParseTsv(const std::string& file, std::string_view text,
                          const std::vector<std::string>& columns) {
  return Parse(file, text, columns, true);
}

Result<TsvTable> ParseWordList(const std::string& file, std::string_view text) {
  return Parse(file, text, {"word"}, false);
}

Result<std::vector<std::string>> ValuesOf(const TsvTable& table, const TsvRow& row,
                                          std::size_t column) {
  const std::string& cell = row.cells[column];
  if (cell == "-") return std::vector<std::string>{};
  std::vector<std::string> values = Split(cell, '|');
  for (const std::string& value : values) {
    if (value == "-") {
      return BadValue(table, row, column, cell, "values separated by \"|\", or \"-\" alone");
    }
    if (const auto fault = Fault(value); !fault.empty()) {
      return Invalid(Where(table.file, row.line) + table.columns[column] + ": a value of " +
                     Quoted(cell) + " " + std::string(fault));
    }
  }
  return values;
}

Error BadValue(const TsvTable& table, const TsvRow& row, std::size_t column, std::string_view value,
               std::string_view expected) {
  return Invalid(Where(table.file, row.line) + table.columns[column] + " = " + Quoted(value) +
                 ", expected " + std::string(expected));
}

}  // namespace consilium

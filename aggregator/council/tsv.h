// Tables of configs/: tab-separated text, UTF-8, LF, read strictly so that a slip stops the start.
//
// Lines that are empty or start with '#' are comments. The first other line of a table is its
// header; a word list has none. No cell is empty: "-" says "none", '|' separates several values.
// Errors: kInvalid "file:line: what, the value, what was allowed".
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

// A bound on what is read into memory: the shipped tables are below 200 KiB.
inline constexpr std::size_t kTableBytesMax = 8u << 20;

struct TsvRow {
  std::size_t line = 0;  // 1 = the first line of the file
  std::vector<std::string> cells;
};

struct TsvTable {
  std::string file;  // as in messages
  std::vector<std::string> columns;
  std::vector<TsvRow> rows;
};

// The bytes of a file of at most kTableBytesMax. kNotFound when it cannot be opened.
Result<std::string> ReadTableFile(const std::string& path);

Result<TsvTable> ParseTsv(const std::string& file, std::string_view text,
                          const std::vector<std::string>& columns);
// One value per line, in one column without a name.
Result<TsvTable> ParseWordList(const std::string& file, std::string_view text);

// The values of a cell; {} for "-". An empty value, or "-" among others, is kInvalid.
Result<std::vector<std::string>> ValuesOf(const TsvTable& table, const TsvRow& row,
                                          std::size_t column);

// `file:line: column = "value", expected `expected``.
Error BadValue(const TsvTable& table, const TsvRow& row, std::size_t column, std::string_view value,
               std::string_view expected);

}  // namespace consilium

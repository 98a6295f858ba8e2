#include "shared/archive.h"

#include <algorithm>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kShownBytesMax = 32;

// Short values as they are; long ones could be case text, which no error may carry.
std::string Describe(const Tree& tree) {
  if (tree.is_array()) return "a list";
  if (tree.is_object()) return "a map";
  if (tree.is_string()) {
    const auto& text = tree.get_ref<const std::string&>();
    if (text.size() > kShownBytesMax) {
      return "a string of " + std::to_string(text.size()) + " bytes";
    }
    return Quoted(text);
  }
  return tree.dump();
}

}  // namespace

std::string TreePath::Spell() const {
  std::string text;
  for (const TreePath* step = this; step->parent != nullptr; step = step->parent) {
    if (step->name.data() == nullptr) {
      text.insert(0, "[" + std::to_string(step->index) + "]");
    } else {
      const bool inner = step->parent->parent != nullptr;
      text.insert(0, (inner ? "." : "") + Escaped(CutUtf8(step->name, kShownBytesMax)));
    }
  }
  if (text.empty() || text.front() == '[') text.insert(0, "body");
  return text;
}

void TreeProblem::Missing(const TreePath& path) { text_ = path.Spell() + ": missing"; }

void TreeProblem::Wrong(const TreePath& path, const Tree& found, std::string_view expected) {
  text_ = path.Spell() + " = " + Describe(found) + ", expected ";
  text_ += expected;
}

void TreeReader::Read(Tree& tree, const TreePath& path, TreeProblem& problem, bool& value) {
  if (!tree.is_boolean()) return problem.Wrong(path, tree, "true or false");
  value = tree.get<bool>();
}

void TreeReader::Read(Tree& tree, const TreePath& path, TreeProblem& problem, std::int64_t& value) {
  // Beyond 2^53 a double no longer says which whole number was meant.
  constexpr double kExactMax = 9007199254740992.0;
  if (tree.is_number_unsigned() && std::in_range<std::int64_t>(tree.get<std::uint64_t>())) {
    value = static_cast<std::int64_t>(tree.get<std::uint64_t>());
  } else if (tree.is_number_integer() && !tree.is_number_unsigned()) {
    value = tree.get<std::int64_t>();
  } else if (tree.is_number_float() && std::fabs(tree.get<double>()) <= kExactMax &&
             std::trunc(tree.get<double>()) == tree.get<double>()) {
    value = static_cast<std::int64_t>(tree.get<double>());
  } else {
    problem.Wrong(path, tree, "a whole number");
  }
}

void TreeReader::Read(Tree& tree, const TreePath& path, TreeProblem& problem, double& value) {
  if (!tree.is_number()) return problem.Wrong(path, tree, "a number");
  value = tree.get<double>();
}

void TreeReader::Read(Tree& tree, const TreePath& path, TreeProblem& problem, std::string& value) {
  if (!tree.is_string()) return problem.Wrong(path, tree, "a string");
  value = std::move(tree.get_ref<std::string&>());
}

Tree* TreeReader::Find(std::string_view name) {
  const auto start = map_.begin() + next_;
  const auto is_named = [name](const auto& field) { return field.first == name; };
  auto found = std::find_if(start, map_.end(), is_named);
  if (found == map_.end()) {
    found = std::find_if(map_.begin(), start, is_named);
    if (found == start) return nullptr;
  }
  next_ = found - map_.begin() + 1;
  return &found->second;
}

int TreeReader::FindName(const Tree& tree, const TreePath& path, TreeProblem& problem,
                         const char* const* names, std::size_t count) {
  std::string expected = "one of ";
  for (std::size_t i = 0; i < count; ++i) {
    if (tree.is_string() && tree.get_ref<const std::string&>() == names[i]) {
      return static_cast<int>(i);
    }
    expected += (i == 0 ? "" : ", ");
    expected += names[i];
  }
  problem.Wrong(path, tree, expected);
  return -1;
}

}  // namespace consilium

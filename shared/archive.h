// What a field list (shared/fields.h) is applied to: PackWriter makes MessagePack of a struct,
// TreeWriter a tree (of which JSON is made), TreeReader fills a struct from a tree and keeps the
// first error with its path. Heavy header: included by shared/fields_*.cc only.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "shared/msgpack.h"
#include "shared/tree.h"

namespace consilium {

// Enumerators are written as their names. EnumNames is specialised beside the field lists.
template <class E>
struct EnumNames;

// How many fields of a struct are there.
class FieldCounter {
 public:
  static constexpr bool kReads = false;
  std::size_t count() const { return count_; }

  template <class T>
  void Must(const char* /*name*/, const T& /*value*/) {
    ++count_;
  }
  template <class T>
  void May(const char* /*name*/, const T& /*value*/) {
    ++count_;
  }
  template <class T>
  void May(const char* /*name*/, const std::optional<T>& value) {
    if (value) ++count_;
  }

 private:
  std::size_t count_ = 0;
};

// Absent optionals are left out.
class PackWriter {
 public:
  static constexpr bool kReads = false;
  explicit PackWriter(PackStream& out) : out_(out) {}

  template <class T>
  void Must(const char* name, const T& value) {
    out_.Text(name);
    Write(out_, value);
  }
  template <class T>
  void May(const char* name, const T& value) {
    Must(name, value);
  }
  template <class T>
  void May(const char* name, const std::optional<T>& value) {
    if (value) Must(name, *value);
  }

  template <class T>
  static void Write(PackStream& out, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      out.Text(EnumNames<T>::kNames[static_cast<std::size_t>(value)]);
    } else if constexpr (std::is_same_v<T, bool>) {
      out.Bool(value);
    } else if constexpr (std::is_integral_v<T>) {
      out.Integer(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      out.Number(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      out.Text(value);
    } else {
      FieldCounter fields;
      Fields(fields, value);
      out.Map(fields.count());
      PackWriter writer(out);
      Fields(writer, value);
    }
  }
  template <class T>
  static void Write(PackStream& out, const std::optional<T>& value) {
    value ? Write(out, *value) : out.Nil();
  }
  template <class T>
  static void Write(PackStream& out, const std::vector<T>& values) {
    out.List(values.size());
    for (const T& value : values) Write(out, value);
  }
  template <class T>
  static void Write(PackStream& out, const std::map<std::string, T>& values) {
    out.Map(values.size());
    for (const auto& [key, value] : values) {
      out.Text(key);
      Write(out, value);
    }
  }

 private:
  PackStream& out_;
};

// Absent optionals are null.
class TreeWriter {
 public:
  static constexpr bool kReads = false;
  explicit TreeWriter(Tree& map) : map_(map.get_ref<Tree::object_t&>()) { map_.reserve(16); }

  template <class T>
  void Must(const char* name, const T& value) {
    map_.emplace_back(name, ToTree(value));
  }
  template <class T>
  void May(const char* name, const T& value) {
    Must(name, value);
  }

  template <class T>
  static Tree ToTree(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return EnumNames<T>::kNames[static_cast<std::size_t>(value)];
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else {
      Tree map = Tree::object();
      TreeWriter writer(map);
      Fields(writer, value);
      return map;
    }
  }
  template <class T>
  static Tree ToTree(const std::optional<T>& value) {
    return value ? ToTree(*value) : Tree();
  }
  template <class T>
  static Tree ToTree(const std::vector<T>& values) {
    Tree list = Tree::array();
    auto& items = list.get_ref<Tree::array_t&>();
    items.reserve(values.size());
    for (const T& value : values) items.push_back(ToTree(value));
    return list;
  }
  template <class T>
  static Tree ToTree(const std::map<std::string, T>& values) {
    Tree map = Tree::object();
    auto& items = map.get_ref<Tree::object_t&>();
    items.reserve(values.size());
    for (const auto& [key, value] : values) items.emplace_back(key, ToTree(value));
    return map;
  }

 private:
  Tree::object_t& map_;
};

// Where a reader stands: a chain on the stack, spelt out only for an error.
struct TreePath {
  const TreePath* parent = nullptr;
  std::string_view name;  // a field or key; empty: a list's `index`, or the root without parent
  std::size_t index = 0;

  std::string Spell() const;
};

// The first thing that was wrong.
class TreeProblem {
 public:
  explicit operator bool() const { return !text_.empty(); }
  const std::string& text() const { return text_; }
  void Missing(const TreePath& path);
  void Wrong(const TreePath& path, const Tree& found, std::string_view expected);

 private:
  std::string text_;
};

// Consumes the tree: texts are moved out of it.
class TreeReader {
 public:
  static constexpr bool kReads = true;
  TreeReader(Tree& map, const TreePath& path, TreeProblem& problem)
      : map_(map.get_ref<Tree::object_t&>()), path_(path), problem_(problem) {}

  // The field has to be there.
  template <class T>
  void Must(const char* name, T& value) {
    if (problem_) return;
    const TreePath path{&path_, name, 0};
    if (Tree* const found = Find(name)) {
      Read(*found, path, problem_, value);
    } else {
      problem_.Missing(path);
    }
  }
  // Without the field, or with null, the value stays as it is.
  template <class T>
  void May(const char* name, T& value) {
    if (problem_) return;
    Tree* const found = Find(name);
    if (found != nullptr && !found->is_null()) {
      Read(*found, TreePath{&path_, name, 0}, problem_, value);
    }
  }

  template <class T>
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem, T& value) {
    if constexpr (std::is_enum_v<T>) {
      const int found =
          FindName(tree, path, problem, EnumNames<T>::kNames, std::size(EnumNames<T>::kNames));
      if (found >= 0) value = static_cast<T>(found);
    } else {
      if (!tree.is_object()) return problem.Wrong(path, tree, "a map");
      TreeReader reader(tree, path, problem);
      Fields(reader, value);
    }
  }
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem, bool& value);
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem, std::int64_t& value);
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem, double& value);
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem, std::string& value);
  template <class T>
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem,
                   std::optional<T>& value) {
    if (tree.is_null()) {
      value.reset();
    } else {
      Read(tree, path, problem, value.emplace());
    }
  }
  template <class T>
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem, std::vector<T>& values) {
    if (!tree.is_array()) return problem.Wrong(path, tree, "a list");
    values.clear();
    values.reserve(tree.size());
    for (Tree& item : tree) {
      if (problem) return;
      const TreePath place{&path, {}, values.size()};
      Read(item, place, problem, values.emplace_back());
    }
  }
  template <class T>
  static void Read(Tree& tree, const TreePath& path, TreeProblem& problem,
                   std::map<std::string, T>& values) {
    if (!tree.is_object()) return problem.Wrong(path, tree, "a map");
    values.clear();
    for (auto& [key, item] : tree.get_ref<Tree::object_t&>()) {
      if (problem) return;
      Read(item, TreePath{&path, key, 0}, problem, values[key]);
    }
  }

 private:
  Tree* Find(std::string_view name);
  // The place of a text among `names`, or -1 after reporting the problem.
  static int FindName(const Tree& tree, const TreePath& path, TreeProblem& problem,
                      const char* const* names, std::size_t count);

  Tree::object_t& map_;
  const TreePath& path_;
  TreeProblem& problem_;
  std::ptrdiff_t next_ = 0;  // fields usually come in the list's order: the search starts here
};

}  // namespace consilium

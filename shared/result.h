// Result<T>: a value, or an Error that says what was wrong and what was allowed.
//
// A subset of std::expected, which gcc 12 lacks. Expected failures are Results; a bug of ours is a
// CHECK (shared/check.h); "nothing right now" is std::optional.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "shared/check.h"

namespace consilium {

// For programs. Each has one stable wire name (ErrorName); docs/protocol.md lists what to do about
// it.
enum class ErrorCode {
  kInvalid,      // The request itself is wrong; sending it again will not help.
  kConflict,     // The id is taken by other content.
  kNotFound,     // No such case, model, file, ...
  kQueueFull,    // Backlog at its limit; try later.
  kDraining,     // This broker takes no more cases; another one does.
  kUnavailable,  // A part we need does not answer; the outcome may be unknown.
  kForbidden,    // The key of the sender may not do this, or not here.
  kUnsupported,  // Unknown message type or protocol version.
  kTooLarge,     // Over a stated size limit.
  kTimeout,      // No answer in time.
  kInternal,     // A bug of ours that was contained.
};

std::string_view ErrorName(ErrorCode code);
// kInternal for a name this version does not know.
ErrorCode ErrorFromName(std::string_view name);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string text;  // For people: the thing, the value, what was allowed. Never case text.

  friend bool operator==(const Error&, const Error&) = default;
};

inline Error Invalid(std::string text) { return {ErrorCode::kInvalid, std::move(text)}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& {
    CHECK(ok(), "value() of a failed Result");
    return std::get<0>(state_);
  }
  T& value() & {
    CHECK(ok(), "value() of a failed Result");
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK(ok(), "value() of a failed Result");
    return std::get<0>(std::move(state_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const {
    CHECK(!ok(), "error() of a Result that holds a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};
// The result of a step that yields nothing but success or an Error.
using Status = Result<Nothing>;
inline Status Ok() { return Nothing{}; }

}  // namespace consilium

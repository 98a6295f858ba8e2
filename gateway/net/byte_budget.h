// How many bytes the connections of this process may hold together: what was read of requests and
// messages and is not answered, and what is written and not taken.
//
// Each holds a little (kFreeBytes) whatever the others do, so that small requests are served while
// large ones find no room; what is beyond it counts for all. A holder says how much it has, and is
// told whether that is too much: then it reads no further, or lets go. Threads: the loop's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace consilium {

class ByteBudget {
 public:
  static constexpr std::size_t kFreeBytes = 64u << 10;

  explicit ByteBudget(std::size_t most) : most_(most) {}
  ByteBudget(const ByteBudget&) = delete;  // shares point here
  ByteBudget& operator=(const ByteBudget&) = delete;
  std::size_t held() const { return held_; }
  std::size_t most() const { return most_; }

  // What one holder has; given back when it ends. Outlived by its budget.
  class Share {
   public:
    explicit Share(ByteBudget& budget) : budget_(&budget) {}
    ~Share() { Set(0); }
    Share(Share&& other) noexcept
        : budget_(other.budget_), counted_(std::exchange(other.counted_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      Set(0);
      counted_ = std::exchange(other.counted_, 0);
      return *this;
    }

    // It has so many now. False: that is too much, as long as all others have what they have.
    bool Set(std::size_t bytes) {
      budget_->held_ -= counted_;
      counted_ = bytes - std::min(bytes, kFreeBytes);
      budget_->held_ += counted_;
      return counted_ == 0 || budget_->held_ <= budget_->most_;
    }
    // Whether there would be room for so many.
    bool MayHave(std::size_t bytes) const {
      const std::size_t more = bytes - std::min(bytes, kFreeBytes);
      return more == 0 || budget_->held_ - counted_ + more <= budget_->most_;
    }

   private:
    ByteBudget* budget_;
    std::size_t counted_ = 0;
  };

 private:
  std::size_t most_;
  std::size_t held_ = 0;
};

}  // namespace consilium

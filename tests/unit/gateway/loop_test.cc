#include "gateway/net/loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace consilium {
namespace {

constexpr std::size_t kFew = Loop::kParseHereBytesMax;
constexpr std::size_t kMany = kFew + 1;

// Notes the thread that lets it go.
class Held {
 public:
  explicit Held(std::thread::id& ended) : ended_(&ended) {}
  ~Held() { *ended_ = std::this_thread::get_id(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  std::thread::id* ended_;
};

TEST(LoopTest, WhatIsSmallIsParsedAtOnce) {
  Loop loop;
  std::string got;
  const auto here = std::this_thread::get_id();
  loop.Parse(
      kFew, [here] { return std::this_thread::get_id() == here ? "here" : "elsewhere"; },
      [&](std::string parsed) { got = std::move(parsed); });
  EXPECT_EQ(got, "here") << "before Parse returns";
}

TEST(LoopTest, WhatIsLargeIsParsedBesideTheLoopAndComesBackToIt) {
  Loop loop;
  const auto here = std::this_thread::get_id();
  std::thread::id parsed_in;
  std::thread::id ended_in;
  auto held = std::make_unique<Held>(ended_in);  // nothing that is given to it is copied
  bool came = false;
  loop.Parse(
      kMany,
      [&parsed_in, held = std::move(held)]() mutable {
        parsed_in = std::this_thread::get_id();
        return std::make_unique<int>(7);
      },
      [&](std::unique_ptr<int> parsed) {
        came = *parsed == 7 && std::this_thread::get_id() == here;
        loop.Post([&] { loop.Stop(); });
      });
  EXPECT_FALSE(came);
  loop.Run();
  EXPECT_TRUE(came);
  EXPECT_NE(parsed_in, here);
  EXPECT_EQ(ended_in, here) << "what it holds ends in the loop";
}

TEST(LoopTest, TheLoopGoesOnWhileSomethingLargeIsParsed) {
  Loop loop;
  std::vector<std::string> order;
  std::atomic<bool> told = false;
  loop.Parse(
      kMany,
      [&told] {
        while (!told) std::this_thread::yield();
        return std::string("large");
      },
      [&](std::string parsed) {
        order.push_back(std::move(parsed));
        loop.Stop();
      });
  loop.Post([&] {
    order.emplace_back("small");
    told = true;
  });
  loop.Run();
  EXPECT_EQ(order, (std::vector<std::string>{"small", "large"}));
}

TEST(LoopTest, ALoopThatEndsWaitsForWhatIsParsedAndTellsNobody) {
  const auto here = std::this_thread::get_id();
  std::thread::id ended_in;
  int told = 0;
  std::atomic<int> parsed = 0;
  {
    Loop loop;
    std::atomic<bool> begun = false;
    loop.Parse(
        kMany,
        [&, held = std::make_unique<Held>(ended_in)] {
          begun = true;
          return ++parsed;
        },
        [&told](int) { ++told; });
    while (!begun) std::this_thread::yield();
  }
  EXPECT_EQ(parsed, 1);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(ended_in, here);
}

}  // namespace
}  // namespace consilium

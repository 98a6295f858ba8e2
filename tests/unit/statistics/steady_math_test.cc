#include "aggregator/statistics/steady_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace consilium {
namespace {

TEST(SteadyMathTest, PowersOfTwoAreThoseOfTheLibrary) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> exponents(-900.0, 900.0);
  for (int i = 0; i < 20000; ++i) {
    const double x = exponents(random);
    EXPECT_NEAR(SteadyExp2(x) / std::exp2(x), 1.0, 1e-15) << "seed 11, x = " << x;
  }
  for (int k = -1000; k <= 1000; ++k) EXPECT_EQ(SteadyExp2(k), std::ldexp(1.0, k));
  EXPECT_EQ(SteadyExp2(-1e6), 0.0);
}

TEST(SteadyMathTest, WholeStepsScaleExactly) {
  std::mt19937_64 random(12);
  for (int i = 0; i < 1000; ++i) {
    const double fraction = static_cast<double>(random() >> 20) * 0x1p-44;
    EXPECT_EQ(SteadyExp2(fraction + 64), std::ldexp(SteadyExp2(fraction), 64)) << "seed 12";
  }
}

TEST(SteadyMathTest, LogarithmsAreThoseOfTheLibrary) {
  std::mt19937_64 random(13);
  std::uniform_real_distribution<double> exponents(-700.0, 700.0);
  for (int i = 0; i < 20000; ++i) {
    const double x = std::exp(exponents(random));
    const double expected = std::log(x);
    EXPECT_NEAR(SteadyLn(x), expected, 1e-15 * std::max(1.0, std::abs(expected)))
        << "seed 13, x = " << x;
  }
  EXPECT_EQ(SteadyLn(1.0), 0.0);
}

}  // namespace
}  // namespace consilium

#include "aggregator/statistics/steady_math.h"

#include <cmath>

namespace consilium {
namespace {

constexpr double kLn2 = 0.69314718055994530942;

}  // namespace

double SteadyExp2(double x) {
  const double whole = std::floor(x);  // exact, as ldexp and frexp are
  const double y = (x - whole) * kLn2;
  // Taylor's series of e^y, y in [0, ln 2]: the first term left out is below 1e-19.
  double sum = 1.0;
  for (int k = 18; k >= 1; --k) sum = 1.0 + sum * y / k;
  return std::ldexp(sum, static_cast<int>(whole));
}

double SteadyLn(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // [0.5, 1)
  if (m < 0.70710678118654752440) {
    m *= 2.0;
    --exponent;
  }
  // ln m = 2 artanh s, |s| <= 0.172: the first term left out is below 1e-19.
  const double s = (m - 1.0) / (m + 1.0);
  const double square = s * s;
  double sum = 0.0;
  for (int k = 23; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return exponent * kLn2 + 2.0 * s * sum;
}

}  // namespace consilium

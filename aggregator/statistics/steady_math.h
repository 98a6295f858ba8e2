// Two functions whose libm versions differ in the last bit between machines (glibc chooses by CPU):
// what they feed is compared bit for bit when a ledger is made again. Only + - * / on doubles, so
// the same bits everywhere. Threads: functions without state.
#pragma once

namespace consilium {

// 2^x for x in [-1e6, 1e6]; 0 where it is too small for a double. Relative error < 1e-15.
// SteadyExp2(x + k) for a whole k is exactly 2^k SteadyExp2(x) wherever x + k is exact.
double SteadyExp2(double x);

// The natural logarithm of a finite x > 0. Error < 1e-15 of the result, or of 1.
double SteadyLn(double x);

}  // namespace consilium

// CHECK: an invariant of ours, on in every build. A violated one is a bug: say where, then abort
// and be restarted. No byte from a socket, file, Redis or model may reach a CHECK; that is an
// ordinary Error.
#pragma once

namespace consilium {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const char* why);

}  // namespace consilium

#define CHECK(condition, why)                                                        \
  do {                                                                               \
    if (!(condition)) ::consilium::CheckFailed(__FILE__, __LINE__, #condition, why); \
  } while (false)

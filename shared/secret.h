// Secrets that are given to a program: by a file, or by an environment variable or the file that it
// names.
//
// A secret is a short text without NUL; line breaks at its end do not belong to it. No error holds
// any part of it. Threads: functions without state; the environment is only read.
#pragma once

#include <cstddef>
#include <string>

#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kSecretBytesMax = 65536;

// kNotFound when it cannot be read, kTooLarge, or kInvalid: a file of our own that group or others
// may read although its permissions could be changed. (Docker and Kubernetes mount secrets
// read-only, as 0444: who can enter that container may read them anyway, and nobody can tighten
// them. Files of another user are that user's matter.)
Result<std::string> ReadSecretFile(const std::string& file);

// $NAME, or the content of the file that $NAME_FILE names. kNotFound when neither is set; kInvalid
// when both are.
Result<std::string> ReadSecretVariable(const std::string& name);

}  // namespace consilium

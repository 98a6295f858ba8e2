// Reading what our scripts reply; for the store's own files.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/redis.h"
#include "shared/result.h"

namespace consilium {

inline Error Unexpected(std::string_view script) {
  return Error{ErrorCode::kInternal, "unexpected reply of script " + std::string(script)};
}

inline std::int64_t ToInt(const RedisReply& reply) {
  if (reply.kind == RedisReply::Kind::kInteger) return reply.integer;
  return std::atoll(reply.text.c_str());
}

inline std::vector<std::string> Texts(const RedisReply& reply) {
  std::vector<std::string> texts;
  texts.reserve(reply.items.size());
  for (const RedisReply& item : reply.items) texts.push_back(item.text);
  return texts;
}

// Passes an error on, or the reply's value through `read`.
template <class T, class Read>
RedisConnection::Done Reading(std::function<void(Result<T>)> done, Read read) {
  return [done = std::move(done), read = std::move(read)](Result<RedisReply> reply) {
    if (!reply) return done(reply.error());
    done(read(*reply));
  };
}

}  // namespace consilium

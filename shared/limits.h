// Every bound of the system that is not an operator's choice, in one place, with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace consilium::limits {

// MessagePack and JSON: a packet with 64 answers of 16 KiB fits; a depth bomb does not.
inline constexpr std::size_t kMessageBytesMax = 4u << 20;
inline constexpr std::size_t kDepthMax = 24;
inline constexpr std::size_t kArrayItemsMax = 4096;
inline constexpr std::size_t kMapItemsMax = 1024;
inline constexpr std::size_t kStringBytesMax = 1u << 20;
// Values in one message: 4 MiB of one-byte values would take 50 times that much memory as a tree.
inline constexpr std::size_t kValuesMax = 1u << 19;
// Message types are words of ours; request ids are the client's.
inline constexpr std::size_t kTypeBytesMax = 32;
inline constexpr std::size_t kRequestBytesMax = 64;

// ZeroMQ: credits keep queues far below this; reaching it is a bug or an attack.
inline constexpr int kSocketHwm = 4096;
// What a broker has taken from one peer and not read yet: a client's window. More waits at the
// peer.
inline constexpr int kRouterHwm = 256;
inline constexpr std::int64_t kZmqMessageBytesMax = static_cast<std::int64_t>(kMessageBytesMax);

inline constexpr std::size_t kModelsMax = 256;        // backends of one cluster
inline constexpr std::size_t kShardsMax = 64;         // Redis of one cluster
inline constexpr std::size_t kLimitsMax = 64;         // [[limit]]s of one cluster
inline constexpr std::size_t kBoardSizesMax = 10;     // sizes of council that are learned
inline constexpr std::size_t kSlotsMax = 1024;        // credits of one worker
inline constexpr std::size_t kWatchBatchMax = 256;    // recommendations in one reply
inline constexpr std::size_t kCaseListMax = 256;      // cases that one request looks at
inline constexpr std::size_t kImportBatchMax = 256;   // cases of evidence in one request
inline constexpr std::size_t kHistoryBatchMax = 256;  // lines of evidence in one reply
inline constexpr std::size_t kClientWindow = 256;     // submissions a client keeps outstanding
inline constexpr std::size_t kDeadBatchMax = 256;     // dead letters in one request
inline constexpr std::size_t kLeaseBatchMax = 256;    // tasks in one lease call
inline constexpr std::size_t kOptionsMax = 26;
inline constexpr std::size_t kMedicationsMax = 64;   // in one answer, and in a patient's list
inline constexpr std::size_t kCaseOutcomesMax = 64;  // of one case
inline constexpr std::size_t kOutcomeReasonBytesMax = 2000;  // a clinician's, with an outcome
inline constexpr std::size_t kCancelReasonBytesMax = 200;
inline constexpr std::size_t kTaskTextBytesMax = 2048;       // text of an outcome
// A worker that asks for ever more attempts of a task is stopped after so many leases of it.
inline constexpr std::int64_t kLeasesMax = 1000;
inline constexpr std::chrono::milliseconds kRetryDelayMax{86'400'000};

// Wire liveness.
inline constexpr std::chrono::milliseconds kHeartbeat{1000};
inline constexpr std::chrono::milliseconds kPeerSilenceMax{4000};

// Redis: one attempt to connect, the longest silence while replies are due, the pause between
// attempts (jittered, doubling), and what one connection may hold back in both directions.
inline constexpr std::chrono::milliseconds kRedisConnect{2000};
inline constexpr std::chrono::milliseconds kRedisSilenceMax{30000};
inline constexpr std::chrono::milliseconds kRedisPauseMin{50};
inline constexpr std::chrono::milliseconds kRedisPauseMax{2000};
inline constexpr std::size_t kRedisOutstandingMax = 65536;
inline constexpr std::size_t kRedisUnsentBytesMax = 256u << 20;
inline constexpr std::size_t kRedisReplyBytesMax = 1u << 30;

}  // namespace consilium::limits

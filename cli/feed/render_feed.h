// How far a feed has come, as people and programs read it. Pure.
#pragma once

#include <chrono>
#include <string>

#include "cli/feed/feed_tally.h"
#include "cli/screen.h"

namespace consilium {

// `312 accepted, 2 refused  left: 14 messages, 3 files  41/s  0:09`, at most `look.width` cells.
std::string FeedLine(const FeedTally& tally, std::chrono::milliseconds elapsed, const Look& look);
// A table of what went to which door, and of why what was refused was, in at most 80 columns.
std::string RenderFeed(const FeedTally& tally, const Look& look);
// One JSON object with the same, and how it ended; no newline.
std::string FeedJson(const FeedTally& tally, const std::string& ended,
                     std::chrono::milliseconds elapsed);

}  // namespace consilium

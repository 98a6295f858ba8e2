#include "cli/feed/feed_source.h"

#include <filesystem>
#include <utility>

#include "cli/feed/read_feed_file.h"
#include "shared/file.h"

namespace consilium {
namespace {

std::string FolderOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

}  // namespace

FeedSource::FeedSource(FeedState& state, bool mdm, Hear hear)
    : state_(state), mdm_(mdm), hear_(std::move(hear)) {}

void FeedSource::Add(const std::vector<FeedFile>& files) {
  files_.insert(files_.end(), files.begin(), files.end());
}

void FeedSource::Add(const std::vector<FeedFile>& files, std::int64_t passes) {
  repeated_ = files;
  passes_left_ = static_cast<std::size_t>(passes);
}

std::optional<FeedItem> FeedSource::Next() {
  while (items_.empty()) {
    if (!ReadNext()) return std::nullopt;
  }
  FeedItem item = std::move(items_.front());
  items_.pop_front();
  return item;
}

bool FeedSource::ReadNext() {
  if (files_.empty() && passes_left_ > 0) {
    --passes_left_;
    Add(repeated_);
  }
  if (files_.empty()) return false;
  const FeedFile file = std::move(files_.front());
  files_.pop_front();
  Result<std::string> text = ReadFile(file.path, kFeedFileBytesMax);
  if (!text) {
    hear_.on_problem(text.error());
    return true;
  }
  std::string name = file.path;
  const auto beside = [&](const FeedFile& next) {
    return file.format == FeedFormat::kBulk && next.format == FeedFormat::kBulk &&
           FolderOf(next.path) == FolderOf(file.path);
  };
  for (std::size_t joined = 1; !files_.empty() && beside(files_.front()); ++joined) {
    Result<std::string> more = ReadFile(files_.front().path, kFeedFileBytesMax - text->size());
    if (!more && more.error().code == ErrorCode::kTooLarge) break;  // it is a message of its own
    files_.pop_front();
    if (!more) {
      hear_.on_problem(more.error());
      continue;
    }
    if (!text->empty() && text->back() != '\n') *text += '\n';
    *text += *more;
    name = file.path + " and " + std::to_string(joined) + " more";
  }
  const std::string key = FeedState::KeyOf(file.path, *text);
  FeedMessages found = ReadFeedFile(name, file.format, *text, mdm_);
  std::size_t known = 0;
  std::size_t refused = 0;
  if (state_.HasAll(key)) {
    for (const FeedItem& item : found.items) {
      if (state_.WasRefused(key, item.number)) ++refused;
    }
    hear_.on_known(found.items.size(), refused);
    return true;
  }
  for (const std::string& note : found.notes) hear_.on_note(note);
  for (const Error& problem : found.problems) hear_.on_problem(problem);
  Open& open = under_way_[key];
  open.whole = open.whole && found.problems.empty();
  for (FeedItem& item : found.items) {
    if (state_.Has(key, item.number)) {
      ++known;
      if (state_.WasRefused(key, item.number)) ++refused;
      continue;
    }
    item.file_key = key;
    ++open.left;
    items_.push_back(std::move(item));
  }
  if (known > 0) hear_.on_known(known, refused);
  if (open.left == 0) under_way_.erase(key);
  return true;
}

Status FeedSource::Ended(const FeedItem& item, bool refused) {
  const auto found = under_way_.find(item.file_key);
  if (found == under_way_.end()) return Ok();
  const bool last = --found->second.left == 0;
  const bool whole = found->second.whole;
  if (last) under_way_.erase(found);
  // Where a message could not be sent it is told again by the next feed.
  const bool all = last && whole;
  if (!all || refused) {
    if (Status kept = state_.Add(item.file_key, item.number, refused); !kept) return kept;
  }
  return all ? state_.AddAll(item.file_key) : Ok();
}

}  // namespace consilium

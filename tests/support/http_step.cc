#include "tests/support/http_step.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

constexpr std::size_t kBufferBytes = 65536;

std::uint64_t SizeOf(const HttpStep& step) {
  std::uint64_t size = step.body.size();
  for (const HttpPart& part : step.parts) {
    if (part.times == HttpPart::kForEver) return HttpPart::kForEver;
    size += part.text.size() * part.times;
  }
  return size;
}

}  // namespace

HttpSender::HttpSender(HttpStep step, TimePoint now)
    : step_(std::move(step)), next_(now + step_.first), size_(SizeOf(step_)) {
  CHECK(size_ != HttpPart::kForEver || step_.framing != HttpStep::Framing::kLength,
        "what has no end has no length");
  if (step_.framing == HttpStep::Framing::kUntilClose && step_.bytes >= size_) step_.close = true;
  left_ = std::min<std::uint64_t>(step_.bytes == std::string::npos ? size_ : step_.bytes, size_);
  whole_ = !step_.mute && left_ == size_;
  finished_ = step_.mute;
}

std::string HttpSender::Head() const {
  std::string text = "HTTP/1.1 " + std::to_string(step_.status) + " Scripted\r\n";
  for (const std::string& header : step_.headers) text += header + "\r\n";
  switch (step_.framing) {
    case HttpStep::Framing::kLength:
      text += "Content-Length: " + std::to_string(size_) + "\r\n";
      break;
    case HttpStep::Framing::kChunked:
      text += "Transfer-Encoding: chunked\r\n";
      break;
    case HttpStep::Framing::kUntilClose:
      text += "Connection: close\r\n";
      break;
  }
  return text + "\r\n";
}

const std::string* HttpSender::Current() {
  for (; part_ <= step_.parts.size(); ++part_, round_ = 0) {
    const bool first = part_ == 0;
    const std::string& text = first ? step_.body : step_.parts[part_ - 1].text;
    const std::uint64_t times = first ? 1 : step_.parts[part_ - 1].times;
    if (round_ < times && !text.empty()) return &text;
  }
  return nullptr;
}

void HttpSender::Fill() {
  buffer_.clear();
  at_ = 0;
  if (!begun_) buffer_ = Head();
  begun_ = true;
  const bool chunked = step_.framing == HttpStep::Framing::kChunked;
  do {
    const std::string* const text = left_ == 0 ? nullptr : Current();
    if (text != nullptr) {
      const std::size_t size = std::min<std::uint64_t>(text->size(), left_);
      if (left_ != HttpPart::kForEver) left_ -= size;
      ++round_;
      std::array<char, 32> line{};
      if (chunked) std::snprintf(line.data(), line.size(), "%zx\r\n", size);
      buffer_ += line.data();
      buffer_.append(*text, 0, size);
      if (chunked) buffer_ += "\r\n";
    }
    if (left_ == 0 || Current() == nullptr) {
      finished_ = true;
      if (chunked && whole_) buffer_ += "0\r\n\r\n";
    }
  } while (!finished_ && step_.gap.count() == 0 && buffer_.size() < kBufferBytes);
}

std::string_view HttpSender::Due(TimePoint now) {
  if (finished() || now < next_) return {};
  if (at_ == buffer_.size()) Fill();
  return std::string_view(buffer_).substr(at_, step_.chunk);
}

void HttpSender::Sent(std::size_t bytes, TimePoint now) {
  at_ += bytes;
  if (step_.gap.count() > 0) next_ = now + step_.gap;
}

}  // namespace consilium

#include "tests/fault/load.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "shared/check.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/support/cluster_process.h"

namespace consilium::fault {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr milliseconds kTurn{20};
constexpr milliseconds kNoConnection{10};

Vignette ReadVignette() {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/configs/demo/vignettes.jsonl");
  std::string line;
  CHECK(static_cast<bool>(std::getline(file, line)), "the demo's vignettes are there");
  Vignette vignette;
  vignette.text = nlohmann::json::parse(line).at("text").get<std::string>();
  return vignette;
}

}  // namespace

CaseRequest KnownCase(std::string id) {
  static const Vignette vignette = ReadVignette();
  CaseRequest request;
  request.id = std::move(id);
  request.vignette = vignette;
  return request;
}

void SendAndDie(const std::string& broker, const std::vector<std::string>& ids,
                milliseconds lives) {
  ZmqContext context;
  DealerSocket socket(context, broker);
  for (const std::string& id : ids) {
    const Frame frame = MakeFrame(SubmitRequest{KnownCase(id)}, id);
    Eventually([&] { return socket.Send(frame) == SendResult::kSent; }, milliseconds(5000));
  }
  std::this_thread::sleep_for(lives);
}

Load::Load(LoadOptions options) : options_(std::move(options)) {
  CHECK(!options_.brokers.empty(), "a client needs a broker");
  ledger_fd_ =
      open(options_.ledger.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  CHECK(ledger_fd_ >= 0, "the ledger is a new file of this client");
}

Load::~Load() {
  Abandon();
  close(ledger_fd_);
}

void Load::Start() {
  started_ = last_ack_ = Now();
  thread_ = std::thread([this] { Run(); });
}

bool Load::Finish(milliseconds within) {
  stop_issuing_ = true;
  const bool all = Eventually(
      [this] { return acknowledged_count_ == submitted_count_ && open_count_ == 0; }, within);
  Abandon();
  return all;
}

void Load::Abandon() {
  stop_issuing_ = true;
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

std::size_t Load::Count(const std::string& what) const {
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

std::set<std::string> Load::LedgerIds() const {
  std::set<std::string> ids;
  std::ifstream file(options_.ledger);
  for (std::string id; std::getline(file, id);) ids.insert(id);
  return ids;
}

void Load::Run() {
  for (const std::string& endpoint : options_.brokers) {
    sockets_.push_back(std::make_unique<DealerSocket>(context_, endpoint));
  }
  std::vector<pollfd> polled;
  for (const auto& socket : sockets_) polled.push_back({socket->fd(), POLLIN, 0});
  while (!stop_) {
    const TimePoint now = Now();
    if (!stop_issuing_) Issue(now);
    SendDue(now);
    ReadReplies(now);
    WriteLedger(now);
    open_count_ = open_.size();
    if (stop_issuing_ && open_.empty()) break;
    TimePoint next = now + kTurn;
    if (!stop_issuing_ && options_.per_second > 0) next = now + milliseconds(2);
    if (!stop_issuing_ && options_.per_second <= 0 && open_.size() < options_.window) next = now;
    poll(polled.data(), polled.size(), PollTimeoutMs(Now(), next));
  }
  sockets_.clear();
}

void Load::Issue(TimePoint now) {
  const double allowed = options_.per_second > 0
                             ? options_.per_second * Seconds(now - started_).count()
                             : static_cast<double>(options_.most);
  // What could not be sent in time is made up for, as far as the window lets it.
  for (int burst = 0; burst < 64; ++burst) {
    const std::size_t count = submitted_count_;
    if (count >= options_.most || open_.size() >= options_.window ||
        static_cast<double>(count) >= allowed) {
      return;
    }
    CaseRequest request = KnownCase(options_.prefix + std::to_string(count));
    if (options_.shape) options_.shape(request, count);
    Open open;
    open.broker = SeededRandom(options_.seed, request.id).Below(sockets_.size());
    open.first = open.next = now;
    open.frame = MakeFrame(SubmitRequest{request}, request.id);
    submitted_.insert(request.id);
    open_.emplace(request.id, std::move(open));
    ++submitted_count_;
  }
}

void Load::SendDue(TimePoint now) {
  for (auto& [id, open] : open_) {
    if (open.next > now) continue;
    if (open.next != open.first) open.broker = (open.broker + 1) % sockets_.size();
    const bool sent = sockets_[open.broker]->Send(open.frame) == SendResult::kSent;
    if (open.next != open.first && sent) ++counts_["resent"];
    open.next = now + (sent ? options_.patience : kNoConnection);
  }
}

void Load::ReadReplies(TimePoint now) {
  for (const auto& socket : sockets_) {
    while (auto frame = socket->Receive()) {
      if (*frame) OnReply(**frame, now);
    }
  }
}

void Load::OnReply(const Frame& frame, TimePoint now) {
  const auto found = open_.find(frame.request);
  if (frame.type != ErrorMessage::kType) {
    const auto reply = Unpack<SubmitReply>(frame.body);
    if (!reply || reply->id != frame.request) {
      refusals_.push_back("a reply that is none of submit");
      return;
    }
    if (reply->duplicate) ++counts_["duplicate"];
    if (found == open_.end()) return;  // acknowledged before
    accept_ms_.push_back(Seconds(now - found->second.first).count() * 1000);
    to_write_.push_back(frame.request);
    open_.erase(found);
    return;
  }
  const auto error = Unpack<ErrorMessage>(frame.body);
  if (!error) return;
  ++counts_[error->code];
  if (error->code == "queue_full") ++busy_count_;
  if (error->code != "unavailable" && error->code != "queue_full" && error->code != "draining") {
    refusals_.push_back(error->code + ": " + error->text);
    if (found != open_.end()) open_.erase(found);
    return;
  }
  if (found == open_.end()) return;
  // Not all at once, and no longer than a test can wait.
  const std::int64_t pause = std::min<std::int64_t>(error->retry_after_ms.value_or(200), 400);
  found->second.next = now + milliseconds(pause / 2 + static_cast<std::int64_t>(open_.size() % 64));
}

void Load::WriteLedger(TimePoint now) {
  if (to_write_.empty()) return;
  std::string lines;
  for (const std::string& id : to_write_) lines += id + "\n";
  CHECK(write(ledger_fd_, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size()) &&
            fdatasync(ledger_fd_) == 0,
        "the disk of the test takes its ledger");
  acknowledged_count_ += to_write_.size();
  to_write_.clear();
  longest_gap_ = std::max(longest_gap_, std::chrono::duration_cast<milliseconds>(now - last_ack_));
  last_ack_ = now;
}

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(std::lround(q * static_cast<double>(values.size() - 1)))];
}

}  // namespace consilium::fault

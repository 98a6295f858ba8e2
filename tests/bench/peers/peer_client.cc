#include "tests/bench/peers/peer_client.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kMessageBytes = 1024;
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::microseconds kStep{100000};

double Stamp(Clock::time_point at) { return Seconds(at.time_since_epoch()).count(); }

// A message is the time of its sending, filled up.
std::string Message() {
  std::string body = std::to_string(Clock::now().time_since_epoch().count()) + " ";
  body.resize(kMessageBytes, 'x');
  return body;
}

double LatencyMs(const std::string& body) {
  const Clock::duration sent{std::strtoll(body.c_str(), nullptr, 10)};
  return std::chrono::duration<double, std::milli>(Clock::now().time_since_epoch() - sent).count();
}

void Produce(Sender& sender, std::size_t count, std::size_t window, double rate) {
  const Clock::time_point start = Clock::now();
  Clock::time_point progress = start;
  std::size_t sent = 0;
  std::size_t confirmed = 0;
  while (confirmed < count) {
    Clock::time_point due = start;  // of the next message
    while (sent < count && sent - confirmed < window) {
      if (rate > 0) {
        due = start + std::chrono::duration_cast<Clock::duration>(
                          Seconds(static_cast<double>(sent) / rate));
      }
      if (due > Clock::now()) break;
      sender.Send(sent++, Message());
    }
    const bool room = sent < count && sent - confirmed < window;
    const auto until_due = std::chrono::ceil<std::chrono::microseconds>(due - Clock::now());
    const auto patience = room ? std::clamp(until_due, std::chrono::microseconds{0}, kStep) : kStep;
    const std::size_t more = sender.Confirmed(patience);
    confirmed += more;
    if (more > 0) progress = Clock::now();
    if (Clock::now() - progress > kPatience) GiveUp("nothing was confirmed for 60 s");
  }
  std::printf("{\"began\": %.6f, \"ended\": %.6f}\n", Stamp(start), Stamp(Clock::now()));
}

void Consume(Receiver& receiver, std::size_t count) {
  std::puts("ready");
  std::fflush(stdout);
  std::vector<double> latency_ms;
  Clock::time_point start;
  while (latency_ms.size() < count) {
    const std::string body = receiver.Take();
    if (latency_ms.empty()) start = Clock::now();
    if (body.size() != kMessageBytes) GiveUp("a message came with another length");
    latency_ms.push_back(LatencyMs(body));
    receiver.Acknowledge();
  }
  receiver.AwaitServer();
  std::printf("{\"began\": %.6f, \"ended\": %.6f, \"latency_ms\": [", Stamp(start),
              Stamp(Clock::now()));
  for (std::size_t i = 0; i < count; ++i) std::printf("%s%.3f", i == 0 ? "" : ",", latency_ms[i]);
  std::puts("]}");
}

}  // namespace

void GiveUp(const std::string& why) {
  std::fprintf(stderr, "peer client: %s\n", why.c_str());
  std::exit(1);
}

int RunPeerClient(int argc, char** argv, MakeSender make_sender, MakeReceiver make_receiver) {
  const auto number = [&](int i) { return std::strtoul(argv[i], nullptr, 10); };
  if (argc == 6 && std::strcmp(argv[1], "produce") == 0) {
    const auto sender = make_sender(std::atoi(argv[2]));
    Produce(*sender, number(3), number(4), std::strtod(argv[5], nullptr));
    return 0;
  }
  if (argc == 4 && std::strcmp(argv[1], "consume") == 0) {
    const auto receiver = make_receiver(std::atoi(argv[2]), number(3));
    Consume(*receiver, number(3));
    return 0;
  }
  std::fprintf(stderr, "usage: %s produce PORT COUNT WINDOW RATE | consume PORT COUNT\n", argv[0]);
  return 2;
}

}  // namespace consilium::bench

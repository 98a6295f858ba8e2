#include "tests/bench/plain_curl.h"

#include <curl/curl.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;

double ThreadCpuMs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double Ms(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::size_t Ignore(char* /*bytes*/, std::size_t size, std::size_t count, void* /*user*/) {
  return size * count;
}

struct Slot {
  CURL* easy = nullptr;
  Clock::time_point started;
};

}  // namespace

CurlRun RunPlainCurl(const std::string& url, const std::string& body, std::size_t requests,
                     std::size_t in_flight) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(in_flight));
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  std::vector<std::unique_ptr<Slot>> slots;
  CurlRun run;
  const double cpu = ThreadCpuMs();
  const Clock::time_point started = Clock::now();
  std::size_t begun = 0;
  const auto begin = [&](Slot& slot) {
    ++begun;
    slot.started = Clock::now();
    curl_multi_add_handle(multi, slot.easy);
  };
  for (std::size_t i = 0; i < in_flight && begun < requests; ++i) {
    slots.push_back(std::make_unique<Slot>());
    Slot& slot = *slots.back();
    slot.easy = curl_easy_init();
    curl_easy_setopt(slot.easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(slot.easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(slot.easy, CURLOPT_POST, 1L);
    curl_easy_setopt(slot.easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(slot.easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(slot.easy, CURLOPT_WRITEFUNCTION, &Ignore);
    curl_easy_setopt(slot.easy, CURLOPT_PRIVATE, &slot);
    begin(slot);
  }
  while (run.latency_ms.size() < requests) {
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      char* user = nullptr;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
      Slot& slot = *reinterpret_cast<Slot*>(user);
      long status = 0;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      if (code != CURLE_OK || status != 200) {
        std::fprintf(stderr, "bench: plain curl: %s, status %ld\n", curl_easy_strerror(code),
                     status);
        std::exit(1);
      }
      run.latency_ms.push_back(Ms(Clock::now() - slot.started));
      curl_multi_remove_handle(multi, easy);
      if (begun < requests) begin(slot);
    }
    curl_multi_poll(multi, nullptr, 0, 100, nullptr);
  }
  run.cpu_ms = ThreadCpuMs() - cpu;
  run.seconds = Ms(Clock::now() - started) / 1e3;
  for (const auto& slot : slots) curl_easy_cleanup(slot->easy);
  curl_slist_free_all(headers);
  curl_multi_cleanup(multi);
  return run;
}

}  // namespace consilium::bench

#include "cli/feed/render_feed.h"

#include <array>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "cli/render_parts.h"
#include "shared/shown_text.h"

namespace consilium {
namespace {

constexpr const char* kDoorNames[] = {"HL7 v2", "cases", "FHIR Bundles", "FHIR bulk"};
constexpr const char* kDoorWords[] = {"hl7", "cases", "fhir", "bulk"};

double Seconds(std::chrono::milliseconds elapsed) {
  return static_cast<double>(elapsed.count()) / 1000;
}

std::string Left(const FeedTally& tally) {
  if (tally.messages_left == 0 && tally.files_left == 0) return "";
  std::string text = "  left: " + render::Count(tally.messages_left, "message");
  if (tally.files_left > 0) text += ", " + render::Count(tally.files_left, "file");
  return text;
}

}  // namespace

std::string FeedLine(const FeedTally& tally, std::chrono::milliseconds elapsed, const Look& look) {
  const FeedTally::Door sum = tally.Sum();
  std::string text = std::to_string(sum.accepted) + " accepted";
  if (sum.unconfirmed > 0) text += ", " + std::to_string(sum.unconfirmed) + " unconfirmed";
  if (sum.refused > 0) text += ", " + std::to_string(sum.refused) + " refused";
  const std::size_t unsent = sum.unsent + tally.unreadable;
  if (unsent > 0) text += ", " + std::to_string(unsent) + " not sent";
  text += Left(tally);
  const double seconds = Seconds(elapsed);
  const auto ended = static_cast<double>(sum.accepted + sum.unconfirmed + sum.refused);
  std::array<char, 64> rate{};
  const long whole = static_cast<long>(seconds);
  std::snprintf(rate.data(), rate.size(), "  %.*f/s  %ld:%02ld",
                seconds > 0 && ended / seconds < 10 ? 1 : 0, seconds > 0 ? ended / seconds : 0.0,
                whole / 60, whole % 60);
  return FitText(text + rate.data(), look.width);
}

std::string RenderFeed(const FeedTally& tally, const Look& look) {
  const bool unconfirmed = tally.Sum().unconfirmed > 0;
  std::vector<Table::Column> columns = {
      {"door", false, false}, {"messages", true, false}, {"accepted", true, false}};
  if (unconfirmed) columns.push_back({"unconfirmed", true, false});
  columns.push_back({"refused", true, false});
  columns.push_back({"not sent", true, false});
  Table table(std::move(columns));
  const auto row = [&](const std::string& name, const FeedTally::Door& door) {
    std::vector<std::string> cells = {name, std::to_string(door.sent),
                                      std::to_string(door.accepted)};
    if (unconfirmed) cells.push_back(std::to_string(door.unconfirmed));
    cells.push_back(std::to_string(door.refused));
    cells.push_back(std::to_string(door.unsent));
    table.Row(std::move(cells));
  };
  std::size_t rows = 0;
  for (std::size_t i = 0; i < tally.doors.size(); ++i) {
    if (tally.doors[i].sent == 0) continue;
    ++rows;
    row(kDoorNames[i], tally.doors[i]);
  }
  if (tally.unreadable > 0) {
    ++rows;
    table.Row(
        {"not read", std::to_string(tally.unreadable), "0", "0", std::to_string(tally.unreadable)});
  }
  if (rows > 1) {
    FeedTally::Door sum = tally.Sum();
    sum.sent += tally.unreadable;
    sum.unsent += tally.unreadable;
    row("all", sum);
  }
  std::string text = rows > 0 ? table.Text(look) : "";
  if (!tally.codes.empty()) {
    std::vector<std::string> codes;
    for (const auto& [code, count] : tally.codes) {
      codes.push_back(std::to_string(count) + " " + code);
    }
    text += render::Field("Refused", Joined(codes, ", "), look);
  }
  if (tally.left_out > 0) {
    text += render::Field("Left out",
                          render::Count(tally.left_out, "part") + " of what was accepted", look);
  }
  if (tally.resent > 0) {
    text += render::Field("Again", std::to_string(tally.resent) + " tried again", look);
  }
  if (tally.known > 0) {
    std::string before = render::Count(tally.known, "message") + " sent before (--state)";
    if (tally.known_refused > 0) {
      before += ", " + std::to_string(tally.known_refused) + " of them refused";
    }
    text += render::Field("Before", before, look);
  }
  return text;
}

std::string FeedJson(const FeedTally& tally, const std::string& ended,
                     std::chrono::milliseconds elapsed) {
  nlohmann::ordered_json json;
  const FeedTally::Door sum = tally.Sum();
  json["ended"] = ended;
  json["messages"] = sum.sent + tally.unreadable;
  json["accepted"] = sum.accepted;
  json["unconfirmed"] = sum.unconfirmed;
  json["refused"] = sum.refused;
  json["not_sent"] = sum.unsent + tally.unreadable;
  json["not_read"] = tally.unreadable;
  json["left_out"] = tally.left_out;
  json["sent_again"] = tally.resent;
  json["sent_before"] = tally.known;
  json["refused_before"] = tally.known_refused;
  json["messages_left"] = tally.messages_left;
  json["files_left"] = tally.files_left;
  json["codes"] = tally.codes;
  for (std::size_t i = 0; i < tally.doors.size(); ++i) {
    const FeedTally::Door& door = tally.doors[i];
    if (door.sent == 0) continue;
    json["doors"][kDoorWords[i]] = {{"messages", door.sent},
                                    {"accepted", door.accepted},
                                    {"unconfirmed", door.unconfirmed},
                                    {"refused", door.refused},
                                    {"not_sent", door.unsent}};
  }
  json["seconds"] = Seconds(elapsed);
  return json.dump();
}

}  // namespace consilium

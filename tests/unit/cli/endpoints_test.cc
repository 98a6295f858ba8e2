#include "cli/endpoints.h"

#include <gtest/gtest.h>

#include "cli/files.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

TEST(EndpointsTest, WhatIsWrittenIsRead) {
  const TestFolder folder;
  Endpoints endpoints;
  endpoints.clients = "tcp://127.0.0.1:1";
  endpoints.workers = "tcp://127.0.0.1:2";
  endpoints.redis = "unix:/r";
  endpoints.pids = {{"broker", {7}}, {"worker:m", {8, 9}}};
  const std::string file = folder.File(kEndpointsFile);
  ASSERT_TRUE(WriteEndpoints(endpoints, file).ok());
  const auto read = ReadEndpoints(file);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, endpoints);
}

TEST(EndpointsTest, TheBrokersOwnFileReadsAsWell) {
  const auto read = EndpointsFromJson(R"({"clients":"c","workers":"w"})", "f");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->clients, "c");
  EXPECT_EQ(read->redis, "");
}

TEST(EndpointsTest, ErrorsNameTheFileAndTheField) {
  EXPECT_EQ(ReadEndpoints("/nowhere/endpoints.json").error(),
            (Error{ErrorCode::kNotFound, "/nowhere/endpoints.json: no such file"}));
  const auto problem = [](const char* text) { return EndpointsFromJson(text, "f").error().text; };
  EXPECT_EQ(problem("["), "f: expected a JSON object");
  EXPECT_EQ(problem(R"({"clients":1})"), "f: clients: expected text");
  EXPECT_EQ(problem(R"({"pids":1})"), "f: pids: expected an object");
  EXPECT_EQ(problem(R"({"pids":{"a":1}})"), "f: pids.a: expected an array");
  EXPECT_EQ(problem(R"({"pids":{"a":["x"]}})"), "f: pids.a: expected process ids");
}

TEST(ReadFileTest, StopsAtTheLimit) {
  const TestFolder folder;
  const std::string file = folder.Write("f", "12345");
  EXPECT_EQ(*ReadFile(file, 5), "12345");
  EXPECT_EQ(ReadFile(file, 4).error(),
            (Error{ErrorCode::kTooLarge, file + ": larger than 4 bytes, the limit"}));
  EXPECT_EQ(ReadFile(folder.path(), 4).error(),
            Invalid(folder.path() + ": is a directory, expected a file"));
}

TEST(TailOfFileTest, GivesTheLastLines) {
  const TestFolder folder;
  EXPECT_EQ(TailOfFile(folder.Write("a", "1\n2\n3\n"), 2), "2\n3");
  EXPECT_EQ(TailOfFile(folder.Write("b", "1\n2"), 5), "1\n2");
  EXPECT_EQ(TailOfFile(folder.Write("c", ""), 5), "");
  EXPECT_EQ(TailOfFile(folder.File("none"), 5), "");
}

}  // namespace
}  // namespace consilium

// A TCP connection to a server on loopback that is written to and read from in pieces.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace consilium::bench {

class Wire {
 public:
  explicit Wire(int port);  // ends the program when nobody listens there
  ~Wire();
  Wire(const Wire&) = delete;  // owns a socket
  Wire& operator=(const Wire&) = delete;

  void Write(const std::string& bytes) { out_ += bytes; }  // kept until the next call below
  // Writes what is kept and reads what is there, waiting up to `patience` when nothing is.
  void Exchange(std::chrono::microseconds patience);
  // The next `count` bytes without taking them; waits for them, at most 60 s in all.
  const std::string& Await(std::size_t count);
  // The next line, taken, without its "\r\n"; waits likewise.
  std::string AwaitLine();
  // What has been read and not taken.
  const std::string& unread() const { return in_; }
  std::string Take(std::size_t count);

 private:
  int fd_ = -1;
  std::string out_;
  std::string in_;
};

}  // namespace consilium::bench

#include "gateway/hl7/recode.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "shared/utf8.h"

namespace consilium {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

class Converter {
 public:
  Converter(std::string_view to, std::string_view from)
      : handle_(iconv_open(std::string(to).c_str(), std::string(from).c_str())) {}
  ~Converter() {
    if (open()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool open() const {
    return handle_ != reinterpret_cast<iconv_t>(-1);  // NOLINT: how iconv says it
  }

  // Appends what can be converted of `rest` and takes it off; false when something in it cannot.
  bool Run(std::string_view& rest, std::string& out) {
    for (;;) {
      char* from = const_cast<char*>(rest.data());  // NOLINT: iconv does not write there
      std::size_t left = rest.size();
      const int error = Step(&from, &left, out);
      rest.remove_prefix(rest.size() - left);
      if (error != E2BIG) return error == 0;
    }
  }

  // Appends what returns to the initial state.
  void Finish(std::string& out) { Step(nullptr, nullptr, out); }

 private:
  int Step(char** from, std::size_t* left, std::string& out) {
    std::array<char, 4096> buffer;
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const bool done = iconv(handle_, from, left, &to, &room) != static_cast<std::size_t>(-1);
    const int error = done ? 0 : errno;
    out.append(buffer.data(), buffer.size() - room);
    return error;
  }

  iconv_t handle_;
};

Recoded AsAscii(std::string_view bytes, std::string_view replacement) {
  Recoded result;
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x80) {
      result.bytes += c;
    } else {
      result.bytes += replacement;
      ++result.bad;
    }
  }
  return result;
}

}  // namespace

Recoded RecodeToUtf8(std::string_view bytes, std::string_view charset, std::size_t unit) {
  Converter converter("UTF-8", charset);
  if (!converter.open()) return AsAscii(bytes, kReplacement);
  Recoded result;
  result.bytes.reserve(bytes.size() + bytes.size() / 2);
  while (!converter.Run(bytes, result.bytes)) {
    result.bytes += kReplacement;
    ++result.bad;
    bytes.remove_prefix(std::min(unit, bytes.size()));
  }
  converter.Finish(result.bytes);
  return result;
}

Recoded RecodeFromUtf8(std::string_view text, std::string_view charset) {
  Converter converter(charset, "UTF-8");
  if (!converter.open()) return AsAscii(text, "?");
  Recoded result;
  result.bytes.reserve(text.size());
  while (!converter.Run(text, result.bytes)) {
    text.remove_prefix(Utf8At(text, 0).bytes);
    ++result.bad;
    std::string_view question = "?";
    converter.Run(question, result.bytes);
  }
  converter.Finish(result.bytes);
  return result;
}

}  // namespace consilium

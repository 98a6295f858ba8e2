#include "gateway/fhir/attachment.h"

#include <algorithm>
#include <cstdint>

#include "gateway/fhir/markup_text.h"
#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string MediaType(std::string_view content_type) {
  return Lower(Trimmed(content_type.substr(0, content_type.find(';'))));
}

// Of "text/plain; charset=UTF-8", in lower case; "" = not stated.
std::string CharsetOf(std::string_view content_type) {
  const std::string all = Lower(content_type);
  const std::size_t at = all.find("charset=");
  if (at == all.npos) return "";
  std::string charset = all.substr(at + 8);
  charset = charset.substr(0, charset.find_first_of("; \t"));
  std::erase(charset, '"');
  return charset;
}

int SixBits(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Windows-1252 of 0x80..0x9F, which browsers read for ISO 8859-1 too; 0 = no character there.
constexpr std::uint16_t kWindows[] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

std::string FromLatin(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    std::uint32_t code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      out += c;
      continue;
    }
    if (code < 0xA0) code = kWindows[code - 0x80];
    if (code == 0) code = 0xFFFD;
    AppendUtf8(out, code);
  }
  return out;
}

}  // namespace

AttachmentForm FormOf(std::string_view content_type) {
  const std::string type = MediaType(content_type);
  if (type == "text/plain" || type == "text/markdown") return AttachmentForm::kText;
  if (type == "text/html" || type == "application/xhtml+xml") return AttachmentForm::kMarkup;
  return AttachmentForm::kUnreadable;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int count = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const int bits = c == '=' ? 0 : SixBits(c);
    if (bits < 0) return std::nullopt;
    if (c == '=') {
      ++padding;
    } else if (padding > 0) {
      return std::nullopt;  // nothing follows the padding
    }
    group = group << 6 | static_cast<std::uint32_t>(bits);
    if (++count < 4) continue;
    if (padding > 2) return std::nullopt;
    const std::uint32_t unused = padding == 0 ? 0 : group & (padding == 1 ? 0xFFU : 0xFFFFU);
    if (unused != 0) return std::nullopt;  // bits that no encoder sets
    out += static_cast<char>(group >> 16 & 0xFF);
    if (padding < 2) out += static_cast<char>(group >> 8 & 0xFF);
    if (padding < 1) out += static_cast<char>(group & 0xFF);
    group = 0;
    count = 0;
  }
  if (count != 0 || padding > 2) return std::nullopt;
  return out;
}

std::optional<std::string> ReadAttachmentText(const FhirNode& attachment,
                                              const FhirContext& context) {
  const std::string type = attachment.Text("contentType");
  const AttachmentForm form = FormOf(type);
  const std::optional<std::string> bytes = DecodeBase64(attachment.Text("data"));
  if (!bytes) {
    attachment.Refuse("value", "data", "expected base64");
    return std::nullopt;
  }
  if (const auto size = attachment.Number("size"); size && *size != std::to_string(bytes->size())) {
    context.Note("size_doubt", attachment.PathOf("size"),
                 "is not the size of the data: " + std::to_string(bytes->size()) + " bytes");
  }
  const std::string charset = CharsetOf(type);
  std::string text;
  if (charset.empty() || charset == "utf-8" || charset == "utf8" || charset == "us-ascii") {
    text = ToValidUtf8(*bytes);
  } else if (charset == "iso-8859-1" || charset == "latin1" || charset == "windows-1252") {
    text = FromLatin(*bytes);
  } else {
    context.Note("unreadable_note", attachment.PathOf("contentType"),
                 "a character set that is not read, expected UTF-8, US-ASCII, ISO-8859-1 or "
                 "windows-1252");
    return std::nullopt;
  }
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
  // NUL and the like are nothing that a person wrote.
  const auto junk = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  const bool has_junk = std::any_of(text.begin(), text.end(), junk);
  std::replace_if(text.begin(), text.end(), junk, ' ');
  if (has_junk ||
      (text.find("\xEF\xBF\xBD") != text.npos && bytes->find("\xEF\xBF\xBD") == bytes->npos)) {
    context.Note("charset_doubt", attachment.PathOf("data"),
                 "has bytes that are no text in its character set");
  }
  if (form == AttachmentForm::kMarkup) text = MarkupText(text);
  return std::string(Trimmed(text));
}

}  // namespace consilium

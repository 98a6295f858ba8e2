// What an Attachment holds, as text, where it is text.
// Source: FHIR R4, Attachment; RFC 4648 (base64); IANA character sets. Threads: no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/fhir/resource_reader.h"

namespace consilium {

enum class AttachmentForm {
  kText,        // plain text or markdown
  kMarkup,      // HTML
  kUnreadable,  // anything else, or only a URL: a person has to look
};
AttachmentForm FormOf(std::string_view content_type);

// The text of an attachment of a form that is read; empty when it cannot be had: not base64, of
// another character set. Those make an issue ("value"), or a remark ("unreadable_note").
// Bytes that are not of the character set become U+FFFD, with the remark "charset_doubt".
std::optional<std::string> ReadAttachmentText(const FhirNode& attachment,
                                              const FhirContext& context);

// Strict, with the spaces between groups that R4's base64Binary may have; empty for what is none.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace consilium

// An SMTP reply as people and programs write it: "550 5.1.1 Moved away", "5.1.1 Moved away".
//
//   reply-text  = [ code [ SP ] ] [ status-code [ SP ] ] text
//   code        = ( "4" / "5" ) %x30-35 DIGIT                        ; RFC 5321 4.2, failures only
//   status-code = ( "4" / "5" ) "." 1*3DIGIT "." 1*3DIGIT            ; RFC 3463 2, class of the code
//
// Thread safety: [any] (pure functions).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::store
{

struct ReplyText
{
    unsigned code = 0;    ///< 0: none was given
    std::string enhanced; ///< "": none was given
    std::string text;
};

/// \return nothing if there is neither a code nor a status-code, or if their classes differ
[[nodiscard]] std::optional<ReplyText> parseReplyText(std::string_view line);

} // namespace mpsmtp::store

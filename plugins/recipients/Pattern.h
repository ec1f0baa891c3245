// The addresses of a file of recipients: what they match, and how they are looked up. Leaves the
// file's lines to RecipientTable.
//
//   pattern      = [ local-part "@" ] domain-text / local-part / "*@" domain-text
//   local-part   = 1*( octet but blank , : @ " \ ( ) < > [ ] ; ) / quoted-string
//   domain-text  = label *( "." label ) / "[" 1*( octet but blank [ ] ) "]"
//
// RFC 5321 4.1.2. Thread safety: [any] (values and pure functions).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::recipients
{

/// One address of the file.
struct Pattern
{
    std::string localPart; ///< without quoting, case as written; of no meaning in "*@domain"
    std::string domain;    ///< ASCII letters in lower case; "": every domain that is judged
    std::string address;   ///< as it can be redirected to: quoting kept, the domain in lower case
    bool isWholeDomain = false;
};

/// Takes one pattern off the front of `rest`, up to a blank, ',' or ':'.
/// \return nothing if there is none; `rest` is then of no meaning
[[nodiscard]] std::optional<Pattern> takePattern(std::string_view& rest);

/// How local parts are compared.
struct Rules
{
    bool isCaseSensitive = false;
    std::string separator = "+"; ///< of user and detail; "": addresses have no detail

    /// The local part as it stands in keys.
    [[nodiscard]] std::string folded(std::string_view localPart) const;

    /// The part in front of the separator, or "" if there is no detail (or no user).
    [[nodiscard]] std::string_view userOf(std::string_view localPart) const noexcept;
};

/// Under which key a pattern is kept: "local@domain", "local@", "@domain".
[[nodiscard]] std::string keyOf(const Pattern& pattern, const Rules& rules);

} // namespace mpsmtp::recipients

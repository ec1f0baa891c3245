// Reads the ini format of mpsmtpd: text in, sections out. Knows no key and opens no file.
// Leaves to others: which sections and keys exist (KeyTable), what a value means (SectionValues).
//
// Why an own reader. A configuration mistake has to be shown as file:line, all of them at once, and
// sections have an order (handlers run in it). POCO's IniFileConfiguration (1.11) sorts keys,
// merges duplicates silently, takes "#" lines for keys and has no line numbers. libinih (55, as
// Debian builds it) cuts a value at 192 octets, gives the handler no line number, drops sections
// without keys, and takes an indented line for the continuation of the one above it.
//
//   file    = [ UTF-8-BOM ] *( line LF )             ; CRLF is understood too
//   line    = *WSP [ section / setting ] *WSP [ comment ]
//   section = "[" name "]"
//   setting = key *WSP "=" *WSP ( plain / quoted )
//   key     = 1*( ALPHA / DIGIT / "_" / "-" )
//   plain   = *VCHAR and blanks                      ; up to a comment, trimmed
//   quoted  = DQUOTE *( any / "\" DQUOTE / "\\" ) DQUOTE
//   comment = ( ";" / "#" ) *any                     ; begins a line, or stands behind a blank
//
// Thread safety: [any].
#pragma once

#include "delivery/DeliveryConfig.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::app
{

/// One section with its settings, both in file order.
struct IniSection
{
    std::string name; ///< what stands between the brackets: "limits", "handler:tree"
    delivery::Origin origin;
    std::vector<delivery::Setting> settings;

    /// The setting of `key`, or nullptr.
    [[nodiscard]] const delivery::Setting* find(std::string_view key) const noexcept;
};

struct IniDocument
{
    std::vector<IniSection> sections;
    std::vector<delivery::Problem> problems; ///< in file order
};

/// Reads everything that can be read; what cannot be is in `problems`. `file` is the name shown in
/// them.
[[nodiscard]] IniDocument readIni(std::string_view text, const std::string& file);

/// True for a name made of letters, digits, "_" and "-": a key.
[[nodiscard]] bool isIniKey(std::string_view text) noexcept;

} // namespace mpsmtp::app

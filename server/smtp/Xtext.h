// xtext: printable ASCII with "+XX" for whatever else (RFC 3461 4), as in ENVID and ORCPT; and the
// utf-8-addr-xtext of RFC 6533 3, as in ORCPT=utf-8;…
// Thread safety: [any] (pure functions).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// True if `text` is xtext; "" is.
[[nodiscard]] bool isXtext(std::string_view text) noexcept;

/// The octets that `text` stands for, or nullopt if it is not xtext. They may be any octets,
/// controls and NUL included.
[[nodiscard]] std::optional<std::string> decodeXtext(std::string_view text);

/// True if `text` is utf-8-addr-xtext or utf-8-addr-unitext: as xtext's characters, with "\x{HEX}"
/// for a code point, and with UTF-8 beyond ASCII. "" is.
[[nodiscard]] bool isUtf8AddressText(std::string_view text) noexcept;

} // namespace mpsmtp::smtp

// Turns any octets into part of a file name, reversibly. What a name in the file system means to
// readers of a store (dot files, dot-locks) is known here; which parts a path has is
// PathTemplate's.
// Thread safety: [any] (pure functions).
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::store
{

/// Where in its path component a value stands; at the ends more octets are dangerous.
struct Placement
{
    bool atStart = true;
    bool atEnd = true;
    char separator =
        '\0'; ///< literal octet that parts it from another value in the same component; '\0': none
};

/// `value` in percent-encoding (RFC 3986 2.1, upper-case digits), as part of one path component.
///
/// Encoded are '/', '\\', '%', control octets and DEL, octets that are not UTF-8, code points that
/// no one sees or that turn text around (C1, zero width, bidirectional controls), a space at an
/// end, a dot at the start, and `separator`. Everything else stays as it is. Since '%' never stands
/// for itself, decoding gives the value back: two values never give the same text.
[[nodiscard]] std::string encodeValue(std::string_view value, const Placement& placement = {});

/// The last step of a component that holds at least one encoded value: what must not come out of
/// the sum of its parts.
///
/// ""         → "%"          (a bare "%" is never the encoding of a value)
/// "." ".."   → "%2E" "%2E%2E" (a literal dot and an empty value)
/// "x.lock"   → "x%2Elock"   (an mbox must never be another one's dot-lock)
[[nodiscard]] std::string finishComponent(std::string component);

/// `value` as a Maildir++ folder name without its leading dot: besides the above every '.', '&' and
/// octet over 127 is encoded, since dots nest folders and names are read as modified UTF-7 (RFC
/// 3501 5.1.3). The empty value gives "%".
[[nodiscard]] std::string encodeFolderName(std::string_view value);

} // namespace mpsmtp::store

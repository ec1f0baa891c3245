// The header section of a message as it came: found and parted into fields, however broken it is. RFC 5322 2.2, 3.6.8, 4.5.
// Unfolding and decoding are left to who wants them. Thread safety: [connection].
//
//   header-section = *field [ CRLF ]
//   field          = 1*ftext *WSP ":" octets CRLF *( WSP octets CRLF )
//   ftext          = %d33-57 / %d59-126
// A bare LF ends a line too, since a listener may keep them; a lone CR does not. The section ends at the first line that
// is empty or no field, for a message may have no header at all.
#pragma once

#include <mpsmtp/abi.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

struct HeaderField
{
    std::string_view raw;   ///< with its line end, if it has one
    std::string_view name;  ///< without the blanks that old mail has in front of the colon
    std::string_view value; ///< from behind the colon to before the last line end
};

/// What stands behind the last field.
enum class HeaderEnd
{
    EmptyLine,
    NotAField, ///< a line that belongs to the body already
    EndOfData,
    TooMany ///< fields go on, but enough are known
};

/// True for 1*ftext.
[[nodiscard]] bool isFieldName(std::string_view text) noexcept;

/// The first field of `text`, or one with an empty `raw` if it does not begin with a field.
[[nodiscard]] HeaderField firstField(std::string_view text) noexcept;

class MessageHeaders
{
public:
    /// A million of "a:" lines shall not take a gigabyte of memory.
    static constexpr std::size_t mostFields = 10'000;

    /// \param segments the content in order; the fields are views into it (or into a copy here, where a field lies across a
    ///                 border), so that it must outlive them
    void parse(const std::vector<mpsmtp_string>& segments);

    void clear() noexcept;

    [[nodiscard]] const std::vector<HeaderField>& fields() const noexcept { return _fields; }

    /// Octets of all fields: where the empty line, or the body, begins.
    [[nodiscard]] std::size_t octets() const noexcept { return _octets; }

    [[nodiscard]] HeaderEnd end() const noexcept { return _end; }

private:
    [[nodiscard]] bool scan(std::string_view text, bool isAll);

    std::vector<HeaderField> _fields;
    std::size_t _octets = 0;
    HeaderEnd _end = HeaderEnd::EndOfData;
    std::string
        _joined; ///< the first segments in one piece, if the section does not end in the first
};

} // namespace mpsmtp::delivery

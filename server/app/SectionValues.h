// The settings of one checked section as typed values; what is not set comes from the table's
// default.
// Thread safety: [any].
#pragma once

#include "app/IniReader.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::app
{

/// A value that does not parse reads as its default: checkSections() has reported it already, and
/// reading goes on so that other mistakes are found too.
class SectionValues
{
public:
    /// `section` is nullptr where the file has none; it must outlive this object.
    SectionValues(std::string_view kind, const IniSection* section) noexcept
        : _kind(kind), _section(section)
    {
    }

    [[nodiscard]] bool isSet(std::string_view key) const noexcept;
    [[nodiscard]] std::string text(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key) const;
    [[nodiscard]] std::uint64_t octets(std::string_view key) const;
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view key) const;
    [[nodiscard]] bool boolean(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const;

    /// Where the key is set; where the section begins if it is not.
    [[nodiscard]] delivery::Origin origin(std::string_view key) const;

private:
    std::string_view _kind;
    const IniSection* _section;
};

} // namespace mpsmtp::app

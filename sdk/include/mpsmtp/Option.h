/// \file
/// The option table that a plugin declares. The host validates an ini section against it before a
/// handler is made, so a handler never sees a value of the wrong type or a key that it does not
/// know.
#pragma once

#include <mpsmtp/abi.h>

#include <string_view>

namespace mpsmtp
{

/// Whether an ini section must have the key.
enum Presence
{
    Optional = 0, ///< may be left out; Config::has() tells
    Required = 1  ///< a section without it is a mistake
};

/// One key of a handler's section.
struct Option
{
    /// How the value is written in the ini file, and which function of Config reads it.
    enum Type
    {
        String = MPSMTP_OPTION_STRING, ///< any text; string()
        Path = MPSMTP_OPTION_PATH,     ///< made absolute against the current directory; string()
        Template = MPSMTP_OPTION_TEMPLATE, ///< a path with %{…}, checked and kept; string()
        Int = MPSMTP_OPTION_INT,           ///< 0, 25, -1; integer()
        Bool = MPSMTP_OPTION_BOOL,         ///< yes/no, true/false, on/off, 1/0; boolean()
        Size = MPSMTP_OPTION_SIZE,         ///< 500, 10K, 50M, 2G, powers of 1024; integer(): octets
        Duration = MPSMTP_OPTION_DURATION, ///< 250ms, 30s, 5m, 12h, 7d; plain: seconds; duration()
        Octal = MPSMTP_OPTION_OCTAL,       ///< a file mode, 0600; integer()
        Enum = MPSMTP_OPTION_ENUM,         ///< one of `choices`; string()
        List = MPSMTP_OPTION_LIST,         ///< items parted by commas; list()
        Cidr = MPSMTP_OPTION_CIDR,         ///< a list of 192.0.2.1, 192.0.2.0/24, ::1; list()
        Secret = MPSMTP_OPTION_SECRET      ///< a text that is never logged or shown; string()
    };

    const char* key;          ///< its name in the ini file
    Type type;                ///< of the value
    Presence presence;        ///< whether it may be left out
    const char* defaultValue; ///< as it would stand in the ini file; nullptr: none
    const char* doc;          ///< one sentence, shown by --list-plugins -v
    const char* choices = ""; ///< for Enum: "lf|crlf"

    /// The C form; the strings are literals and live for ever.
    [[nodiscard]] constexpr mpsmtp_option abi() const noexcept
    {
        return {sizeof(mpsmtp_option),
                type,
                text(key),
                presence == Required ? 1u : 0u,
                defaultValue ? 1u : 0u,
                text(defaultValue),
                text(doc),
                text(choices)};
    }

private:
    [[nodiscard]] static constexpr mpsmtp_string text(const char* literal) noexcept
    {
        return literal ? mpsmtp_string{literal, std::string_view(literal).size()}
                       : mpsmtp_string{nullptr, 0};
    }
};

} // namespace mpsmtp

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
    Optional = 0,
    Required = 1
};

/// One key of a handler's section.
struct Option
{
    /// How the value is written in the ini file; see abi.h for each.
    enum Type
    {
        String = MPSMTP_OPTION_STRING,
        Path = MPSMTP_OPTION_PATH,
        Template = MPSMTP_OPTION_TEMPLATE,
        Int = MPSMTP_OPTION_INT,
        Bool = MPSMTP_OPTION_BOOL,
        Size = MPSMTP_OPTION_SIZE,
        Duration = MPSMTP_OPTION_DURATION,
        Octal = MPSMTP_OPTION_OCTAL,
        Enum = MPSMTP_OPTION_ENUM,
        List = MPSMTP_OPTION_LIST,
        Cidr = MPSMTP_OPTION_CIDR,
        Secret = MPSMTP_OPTION_SECRET
    };

    const char* key;
    Type type;
    Presence presence;
    const char* defaultValue; ///< as written in the ini file; nullptr: none
    const char* doc;          ///< one sentence
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

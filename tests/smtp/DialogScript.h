// A .dialog file (dialogs/README.md) as a value. Thread safety: [any].
#pragma once

#include "smtp/SessionOptions.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::smtp
{

struct DialogScript
{
    enum class Action
    {
        Send,        ///< `text` to the server
        ExpectLine,  ///< a line that begins with `text`
        ExpectReply, ///< all lines of one reply, each of which begins with `text`
        HalfClose,   ///< the client sends no more
        ExpectClosed ///< the server has closed
    };

    struct Step
    {
        Action action;
        std::string text;
        unsigned line; ///< in the file
    };

    std::string name; ///< of the file
    SessionOptions options;
    std::vector<Step> steps;
    std::size_t accepted = 0;            ///< messages
    std::optional<std::string> mailData; ///< of the last message accepted

    /// \throws std::runtime_error with file and line if it is not a script
    [[nodiscard]] static DialogScript read(const std::string& path);

    /// All that the client sends.
    [[nodiscard]] std::string octets() const;

    [[nodiscard]] bool halfCloses() const;
};

} // namespace mpsmtp::smtp

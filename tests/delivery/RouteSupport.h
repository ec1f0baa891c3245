// Helpers of the tests of routes: paths as a session makes them, and findings as text.
#pragma once

#include "delivery/Origin.h"
#include "smtp/Path.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery::test
{

/// As the session reads it from MAIL or RCPT; "" and "<>" are the null path.
inline smtp::Path pathOf(std::string_view text)
{
    smtp::Path path;
    if (text.empty() || text == "<>")
        return path;
    if (smtp::parseReversePath(text, {false, "mx.example"}, path))
        throw std::runtime_error("no path");
    return path;
}

/// "file:line: text", one a line.
inline std::string shown(const std::vector<Problem>& problems)
{
    std::string text;
    for (const Problem& each : problems)
        text += (text.empty() ? "" : "\n") + each.origin.file + ":" +
                std::to_string(each.origin.line) + ": " + each.text;
    return text;
}

} // namespace mpsmtp::delivery::test

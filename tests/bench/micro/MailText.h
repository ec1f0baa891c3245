// Mail data for the micro benchmarks. Thread safety: [any].
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace mpsmtp::bench
{

/// Lines of `line` octets and CRLF, every tenth of them with a dot that transparency has put in front, `octets` in all and
/// then the final dot.
[[nodiscard]] inline std::string stuffedMail(std::size_t octets, std::size_t line)
{
    std::string text;
    for (std::size_t number = 0; text.size() < octets; ++number)
    {
        const std::size_t size = std::min(line, octets - text.size());
        text.append(number % 10 == 9 ? ".." : "ab").append(std::string(size, 'x')).append("\r\n");
    }
    return text + ".\r\n";
}

} // namespace mpsmtp::bench

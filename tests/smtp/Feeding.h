// Ways to give octets to a parser that keeps state between calls: whole, octet by octet, and split
// once at each position.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace feeding
{

using Pieces = std::vector<std::string>;

inline Pieces octetByOctet(std::string_view input)
{
    Pieces pieces;
    for (const char octet : input)
        pieces.emplace_back(1, octet);
    return pieces;
}

/// All ways of feeding `input`; the first is whole.
inline std::vector<Pieces> waysToFeed(std::string_view input)
{
    std::vector<Pieces> ways{{std::string(input)}, octetByOctet(input)};
    for (std::size_t split = 0; split <= input.size(); ++split)
        ways.push_back({std::string(input.substr(0, split)), std::string(input.substr(split))});
    return ways;
}

/// `text` with control octets shown, for messages of failed tests.
inline std::string shown(std::string_view text)
{
    std::string out;
    for (const char octet : text)
    {
        if (octet == '\r')
            out += "<CR>";
        else if (octet == '\n')
            out += "<LF>";
        else if (octet == '\0')
            out += "<NUL>";
        else
            out += octet;
    }
    return out;
}

} // namespace feeding

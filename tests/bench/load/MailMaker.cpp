#include "bench/load/MailMaker.h"

#include <array>
#include <cstdio>
#include <random>

namespace mpsmtp::bench
{

namespace
{

constexpr std::uint64_t lineOctets = 80; ///< 78 and the line's end

/// Lines of letters; the last one takes what is left and is never shorter than a line's end.
[[nodiscard]] std::string linesOf(std::uint64_t octets, std::uint64_t seed)
{
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,";
    std::mt19937_64 random(seed);
    std::string text;
    text.reserve(octets);
    while (text.size() < octets)
    {
        const std::uint64_t left = octets - text.size();
        // What is left behind a full line must hold a line's end.
        const std::uint64_t line = left <= lineOctets       ? left
                                   : left == lineOctets + 1 ? lineOctets - 1
                                                            : lineOctets;
        for (std::uint64_t i = 2; i < line; ++i)
            text += letters[random() % letters.size()];
        text += "\r\n";
    }
    return text;
}

} // namespace

MailMaker::MailMaker(std::uint64_t seed, std::uint64_t octets) : _seed(seed)
{
    const std::string id = idOf(0);
    std::uint64_t left = octets - headOf(id).size() - tailOf(id).size();
    // One octet is no line: it goes into the empty line that is otherwise not there.
    _shared = left == 1 ? " " : linesOf(left, seed);
}

std::string MailMaker::idOf(std::uint64_t number) const
{
    std::array<char, 32> id{};
    (void)std::snprintf(id.data(),
                        id.size(),
                        "%08x-%010llu",
                        static_cast<unsigned>(_seed),
                        static_cast<unsigned long long>(number));
    return id.data();
}

std::string MailMaker::headOf(const std::string& id) const
{
    return "From: <load@example.com>\r\nTo: <box@example.com>\r\nSubject: " + id + "\r\n\r\n";
}

std::string MailMaker::tailOf(const std::string& id)
{
    return "end of " + id + "\r\n";
}

Mail MailMaker::mail(std::uint64_t number) const
{
    const std::string id = idOf(number);
    return {headOf(id), _shared, tailOf(id)};
}

} // namespace mpsmtp::bench

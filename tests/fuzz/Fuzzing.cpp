// What this is and its thread safety: Fuzzing.h.
#include "fuzz/Fuzzing.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace mpsmtp::fuzz
{

void fail(const char* file, int line, const std::string& what)
{
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
    std::abort();
}

Pieces whole(std::string_view octets)
{
    return {octets};
}

Pieces octetByOctet(std::string_view octets)
{
    return cut(octets, 0, 1);
}

Pieces cut(std::string_view octets, unsigned seed, unsigned longest)
{
    Pieces pieces;
    std::uint32_t state = seed;
    while (!octets.empty())
    {
        state = state * 1664525u + 1013904223u; // a linear congruential generator of 32 bits
        const std::size_t length = 1 + (state >> 16u) % longest;
        pieces.push_back(octets.substr(0, length));
        octets.remove_prefix(pieces.back().size());
    }
    return pieces;
}

std::string shown(std::string_view octets)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    for (const char c : octets)
    {
        const auto octet = static_cast<unsigned char>(c);
        if (octet >= ' ' && octet < 0x7F)
            text += c;
        else
            text.append({'<', digits[octet >> 4u], digits[octet & 0xFu], '>'});
    }
    return text;
}

} // namespace mpsmtp::fuzz

/// What libFuzzer and ReplayMain.cpp call.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    mpsmtp::fuzz::run({reinterpret_cast<const char*>(data), size});
    return 0;
}

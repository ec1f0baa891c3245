// What every fuzz target shares: its entry, the check that does not return, and choices and cuts taken from the input.
// libFuzzer gives the inputs in a build with MPSMTP_FUZZ; elsewhere ReplayMain.cpp gives the files of the repository.
// docs/contributing.md, "Fuzzing", says how a target is added and a finding kept. Thread safety: [main].
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::fuzz
{

/// One input; each target defines it. What must hold is said with REQUIRE.
void run(std::string_view input);

/// Prints and aborts, so that a fuzzer keeps the input.
[[noreturn]] void fail(const char* file, int line, const std::string& what);

/// The first octets of an input, which choose options; what is behind them is the octets to parse. Every choice is taken
/// modulo the number of possibilities, so that '0', '1', '2', … in a seed made by hand choose the first, the second, ….
/// An input that is too short chooses the first of all.
class Choices
{
public:
    explicit Choices(std::string_view input, std::size_t count) noexcept
        : _choices(input.substr(0, count)), _rest(input.substr(std::min(count, input.size())))
    {
    }

    /// 0 to `possibilities` - 1.
    [[nodiscard]] unsigned next(unsigned possibilities) noexcept
    {
        if (_choices.empty())
            return 0;
        const auto octet = static_cast<unsigned char>(_choices.front());
        _choices.remove_prefix(1);
        return (octet + 256u - '0') % 256u % possibilities;
    }

    [[nodiscard]] std::string_view octets() const noexcept { return _rest; }

private:
    std::string_view _choices;
    std::string_view _rest;
};

using Pieces = std::vector<std::string_view>;

[[nodiscard]] Pieces whole(std::string_view octets);
[[nodiscard]] Pieces octetByOctet(std::string_view octets);

/// Pieces of 1 to `longest` octets, their lengths by a generator that begins with `seed`.
[[nodiscard]] Pieces cut(std::string_view octets, unsigned seed, unsigned longest);

/// Printable: control octets and octets beyond ASCII as <HH>.
[[nodiscard]] std::string shown(std::string_view octets);

} // namespace mpsmtp::fuzz

/// `what` is made only on failure.
#define REQUIRE(condition, what)                                                                   \
    ((condition) ? void()                                                                          \
                 : mpsmtp::fuzz::fail(__FILE__, __LINE__, std::string(#condition ": ") + (what)))

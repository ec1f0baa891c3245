// What is kept of a program's output: its first line, which may be a reply, and its last ones for the
// log. All else is read and forgotten, so that a talkative program neither blocks nor fills memory.
// Thread safety: [connection].
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mpsmtp::exec
{

class Excerpt
{
public:
    static constexpr std::size_t mostFirst = 400; ///< a reply line has 512, with codes
    static constexpr std::size_t mostLast = 1000;

    void add(std::string_view octets);

    /// Without its end; cut at mostFirst octets.
    [[nodiscard]] const std::string& firstLine() const noexcept { return _first; }

    /// Whole lines parted by " / ", or the end of one that is longer than mostLast octets.
    [[nodiscard]] std::string lastLines() const;

private:
    std::string _first;
    bool _isFirstWhole = false;
    std::string _last; // at most twice mostLast
    bool _isCut = false;
};

} // namespace mpsmtp::exec

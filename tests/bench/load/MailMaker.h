// The messages of a run: a header with the message's id in its subject, lines of random text that all share, and the id once
// more in the last line, so that a message that was cut short is seen. No line begins with a dot.
// Thread safety: [any].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mpsmtp::bench
{

/// A message's content in order. `shared` is the same octets for all messages and lives as long as the maker.
struct Mail
{
    std::string head;
    std::string_view shared;
    std::string tail;
};

class MailMaker
{
public:
    /// Fewer octets have no room for the header and the last line.
    static constexpr std::uint64_t smallest = 160;

    /// \param octets  of each message, at least `smallest`
    MailMaker(std::uint64_t seed, std::uint64_t octets);

    [[nodiscard]] Mail mail(std::uint64_t number) const;

    /// Different for each number and seed (modulo 2^32), always as long.
    [[nodiscard]] std::string idOf(std::uint64_t number) const;

private:
    [[nodiscard]] std::string headOf(const std::string& id) const;
    [[nodiscard]] static std::string tailOf(const std::string& id);

    const std::uint64_t _seed;
    std::string _shared;
};

} // namespace mpsmtp::bench

// Who hears a session line by line as Dialog understands it: commands, replies, how much mail data; in the order in which they
// answer each other, whatever was pipelined. Hears passwords: what it writes down goes through SecretMask first.
// Thread safety: [connection].
#pragma once

#include <cstdint>
#include <string_view>

namespace mpsmtp::smtp
{

class DialogObserver
{
public:
    DialogObserver() = default;
    DialogObserver(const DialogObserver&) = delete;
    DialogObserver& operator=(const DialogObserver&) = delete;
    virtual ~DialogObserver() = default;

    /// A line that is not mail data, without its end; before it is obeyed. Of one that is too long the beginning.
    virtual void clientLine(std::string_view line) noexcept = 0;

    /// So many more octets of mail data, as they are stored. May be 0.
    virtual void mailData(std::uint64_t octets) noexcept = 0;

    /// Whole reply lines with their ends.
    virtual void serverText(std::string_view lines) noexcept = 0;
};

} // namespace mpsmtp::smtp

// Says what of a session may be written down: everything but what could be a password. It errs on the side of silence, and it
// does not trust the server's own view: a client that believes to be in an AUTH exchange sends its password even if AUTH was
// refused, was not understood, or was not heard at all. RFC 4954 4.
// Thread safety: [connection].
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

class SecretMask
{
public:
    /// To be called with each line of the client that is not mail data, in order.
    /// \return how many octets at its front may be shown
    [[nodiscard]] std::size_t visible(std::string_view line) noexcept;

    /// To be called with each reply line of the server, in order, without its end.
    /// \return how many octets at its front may be shown: a reply in an AUTH exchange may repeat what it is about
    [[nodiscard]] std::size_t visibleReply(std::string_view line) noexcept;

private:
    bool _awaitsSecret = false; ///< the server's last word was 334
    bool _isInExchange = false; ///< the client's last line was a part of AUTH
    bool _hasSeenAuth =
        false; ///< from here on, what is no command may be an answer to a 334 that never came
};

} // namespace mpsmtp::smtp

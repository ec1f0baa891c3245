// See Refusal.h. RFC 5321 4.2.3 (421).
#include "net/Refusal.h"

#include <sys/socket.h>

namespace mpsmtp::net
{

namespace
{

// RFC 5321 4.2.3: 421 <domain> Service not available, closing transmission channel.
std::string line(const char* codes, const std::string& hostname, const char* text)
{
    return std::string(codes) + ' ' + hostname + ' ' + text + "\r\n";
}

} // namespace

RefusalTexts::RefusalTexts(const std::string& hostname)
    : full(line("421 4.3.2", hostname, "has too many connections, try again later")),
      tooMany(line("421 4.7.0", hostname, "has too many connections from your address")),
      shuttingDown(line("421 4.3.2", hostname, "is shutting down, try again later")),
      internal(line("421 4.3.0", hostname, "has an internal error, try again later"))
{
}

void refuse(int fd, std::string_view reply) noexcept
{
    // A reply this short fits into an empty send buffer; if not, the client is gone anyway.
    (void)::send(fd, reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
    // Octets left unread turn close() into a reset, which overtakes the reply at some clients.
    constexpr std::size_t greeting = 64 * 1024;
    (void)::recv(fd, nullptr, greeting, MSG_DONTWAIT | MSG_TRUNC);
}

} // namespace mpsmtp::net

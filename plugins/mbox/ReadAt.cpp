#include "mbox/ReadAt.h"

#include <cerrno>
#include <system_error>

#include <unistd.h>

namespace mpsmtp::mbox
{

std::string readAt(int fd, std::uint64_t offset, std::size_t count)
{
    std::string octets(count, '\0');
    std::size_t size = 0;
    while (size < count)
    {
        const ssize_t got =
            ::pread(fd, octets.data() + size, count - size, static_cast<off_t>(offset + size));
        if (got < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "cannot read a mailbox");
        if (got == 0)
            break;
        size += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    octets.resize(size);
    return octets;
}

} // namespace mpsmtp::mbox

// What this is and its thread safety: StandardStreams.h.
#include "app/StandardStreams.h"

#include "app/ExitStatus.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace mpsmtp::app
{

void openStandardStreams() noexcept
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
    {
        const bool isOpen = ::fcntl(stream, F_GETFD) >= 0 || errno != EBADF;
        // The lowest number that is free is this one.
        if (!isOpen && ::open("/dev/null", O_RDWR) != stream)
            ::_exit(exitInternal); // there is nowhere to say why
    }
}

} // namespace mpsmtp::app

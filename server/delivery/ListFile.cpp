// What this is and its thread safety: ListFile.h.
#include "delivery/ListFile.h"

#include "delivery/Descriptor.h"

#include <cerrno>
#include <cstddef>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::size_t largestFile = 64u << 20;

ListFileError systemError()
{
    return {std::generic_category().message(errno)};
}

} // namespace

std::variant<std::string, ListFileError> readListFile(const std::string& path)
{
    // O_NONBLOCK: opening a FIFO would wait for its writer.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status = {};
    if (!file.isOpen() || ::fstat(file.get(), &status) != 0)
        return systemError();
    if (!S_ISREG(status.st_mode))
        return ListFileError{S_ISDIR(status.st_mode) ? "it is a folder" : "it is no plain file"};
    std::string text;
    std::string block(1u << 16, '\0');
    for (;;)
    {
        const ssize_t count = ::read(file.get(), block.data(), block.size());
        if (count == 0)
            return text;
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return systemError();
        text.append(block, 0, static_cast<std::size_t>(count));
        if (text.size() > largestFile)
            return ListFileError{"it is larger than 64 MiB"};
    }
}

} // namespace mpsmtp::delivery

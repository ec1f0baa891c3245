// What this is and its thread safety: SpoolFile.h.
#include "delivery/SpoolFile.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>

namespace mpsmtp::delivery
{

namespace
{

/// errno of a call that failed, never 0.
int lastError() noexcept
{
    return errno != 0 ? errno : EIO;
}

/// File systems without O_TMPFILE answer EOPNOTSUPP, kernels that do not know the flag EISDIR or EINVAL.
bool lacksTmpfile(int error) noexcept
{
    return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

int openNamedAndUnlink(FileCalls& calls, const std::string& directory)
{
    std::string path = directory + "/message.XXXXXX"; // mkostemp makes it 0600
    Descriptor file(calls.makeTemporary(path.data(), O_CLOEXEC));
    if (!file.isOpen() || calls.unlink(path.c_str()) != 0)
        return -1;
    return file.release();
}

} // namespace

int SpoolFile::create(const std::string& directory)
{
    close();
    constexpr mode_t ownerOnly = 0600;
    int fd = _calls->open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, ownerOnly);
    if (fd < 0 && lacksTmpfile(errno))
        fd = openNamedAndUnlink(*_calls, directory);
    if (fd < 0)
        return lastError();
    _file.reset(fd);
    return 0;
}

int SpoolFile::createInMemory()
{
    close();
    const int fd = _calls->makeMemoryFile("mpsmtp-message", MFD_CLOEXEC);
    if (fd < 0)
        return lastError();
    _file.reset(fd);
    return 0;
}

int SpoolFile::append(std::string_view octets)
{
    while (!octets.empty())
    {
        const ssize_t count = _calls->write(_file.get(), octets.data(), octets.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count == 0 ? EIO : lastError(); // a write of nothing would loop for ever
        octets.remove_prefix(static_cast<std::size_t>(count));
        _size += static_cast<std::size_t>(count);
    }
    return 0;
}

int SpoolFile::map()
{
    if (_size == 0)
        return 0; // nothing can be mapped
    // Nobody can truncate a file without a name, so the mapping cannot raise SIGBUS.
    void* mapping = _calls->map(_file.get(), _size);
    if (mapping == MAP_FAILED)
        return lastError();
    _mapping = mapping;
    return 0;
}

std::string_view SpoolFile::content() const noexcept
{
    return _mapping ? std::string_view(static_cast<const char*>(_mapping), _size)
                    : std::string_view();
}

int SpoolFile::openReadOnly() const
{
    // dup() would share the offset and the right to write; opening anew through /proc shares neither.
    const std::string path = "/proc/self/fd/" + std::to_string(_file.get());
    const int fd = _calls->open(path.c_str(), O_RDONLY | O_CLOEXEC, 0);
    return fd < 0 ? -lastError() : fd;
}

void SpoolFile::close() noexcept
{
    if (_mapping)
        ::munmap(_mapping, _size);
    _mapping = nullptr;
    _size = 0;
    _file.reset();
}

} // namespace mpsmtp::delivery

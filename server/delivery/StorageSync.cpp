// What this is and its thread safety: StorageSync.h.
#include "delivery/StorageSync.h"

#include <mpsmtp/abi.h>

#include <cerrno>

#include <unistd.h>

namespace mpsmtp::delivery
{

namespace
{

/// \param call fsync or fdatasync
int repeatedly(int (*call)(int), int fd) noexcept
{
    while (call(fd) != 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

} // namespace

SyncCalls SyncCalls::system()
{
    return {[](int fd) { return repeatedly(::fdatasync, fd); },
            [](int fd) { return repeatedly(::fsync, fd); },
            [](int fd) { return repeatedly(::syncfs, fd); }};
}

StorageSync::StorageSync(Durability durability, const SyncCalls& calls)
    : _durability(durability),
      _data(calls.data),
      _folders(calls.folder),
      _fileSystem(calls.fileSystem)
{
}

int StorageSync::sync(int fd, std::int32_t what)
{
    if (what < MPSMTP_SYNC_DATA || what > MPSMTP_SYNC_FILE_SYSTEM)
        return EINVAL;
    if (_durability == Durability::None)
        return 0;
    if (what == MPSMTP_SYNC_FILE_SYSTEM)
        return _fileSystem(fd);
    return what == MPSMTP_SYNC_DATA ? _data.sync(fd) : _folders.sync(fd);
}

std::int32_t StorageSync::durability() const noexcept
{
    switch (_durability)
    {
    case Durability::Journal:
        return MPSMTP_DURABILITY_JOURNAL;
    case Durability::None:
        return MPSMTP_DURABILITY_NONE;
    default:
        return MPSMTP_DURABILITY_FSYNC;
    }
}

} // namespace mpsmtp::delivery

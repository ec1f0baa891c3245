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
            [](int fd) { return repeatedly(::fsync, fd); }};
}

StorageSync::StorageSync(Durability durability, const SyncCalls& calls)
    : _durability(durability), _data(calls.data), _folders(calls.folder)
{
}

int StorageSync::sync(int fd, std::int32_t what)
{
    if (what != MPSMTP_SYNC_DATA && what != MPSMTP_SYNC_FOLDER)
        return EINVAL;
    if (_durability == Durability::None)
        return 0;
    return what == MPSMTP_SYNC_DATA ? _data.sync(fd) : _folders.sync(fd);
}

} // namespace mpsmtp::delivery

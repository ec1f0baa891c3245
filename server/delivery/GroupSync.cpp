// What this is and its thread safety: GroupSync.h.
#include "delivery/GroupSync.h"

#include <cerrno>
#include <utility>

#include <sys/stat.h>

namespace mpsmtp::delivery
{

GroupSync::GroupSync(SyncCall call) : _call(std::move(call)) {}

int GroupSync::sync(int fd)
{
    struct stat status
    {
    };

    if (::fstat(fd, &status) != 0)
        return errno;
    // The open descriptor keeps the inode's number from being given to another file meanwhile.
    const Inode inode{status.st_dev, status.st_ino};
    Shard& shard = _shards[Hash()(inode) % shardCount];

    std::unique_lock lock(shard.mutex);
    Group& group = shard.groups[inode];
    ++group.users;
    const int error = joinRound(group, fd, lock);
    if (--group.users == 0)
        shard.groups.erase(inode);
    return error;
}

std::size_t GroupSync::callers()
{
    std::size_t sum = 0;
    for (Shard& shard : _shards)
    {
        const std::lock_guard lock(shard.mutex);
        for (const auto& [inode, group] : shard.groups)
            sum += group.users;
    }
    return sum;
}

int GroupSync::joinRound(Group& group, int fd, std::unique_lock<std::mutex>& lock)
{
    if (!group.next)
        group.next = std::make_shared<Round>();
    const auto mine = group.next;
    while (!mine->isDone)
    {
        // While no sync runs, `next` is the round of everyone who waits, so the first to wake up leads it.
        if (group.isRunning)
            group.changed.wait(lock);
        else
            lead(group, fd, lock);
    }
    return mine->error;
}

void GroupSync::lead(Group& group, int fd, std::unique_lock<std::mutex>& lock)
{
    const auto round = std::exchange(group.next, nullptr);
    group.isRunning = true;
    lock.unlock();
    const int error = _call(fd);
    lock.lock();
    round->error = error;
    round->isDone = true;
    group.isRunning = false;
    group.changed.notify_all();
}

} // namespace mpsmtp::delivery

// What this is and its thread safety: GroupSync.h.
#include "delivery/GroupSync.h"

#include <cerrno>
#include <utility>

#include <sys/stat.h>

namespace mpsmtp::delivery
{

/// A caller's stay in the group of an inode, under the shard's mutex: the last one to leave removes the group, also if
/// memory ended on the way.
class GroupSync::Visit
{
public:
    Visit(Shard& shard, const Inode& inode)
        : _shard(shard), _inode(inode), _group(shard.groups[inode])
    {
        ++_group.users;
    }

    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    ~Visit()
    {
        if (--_group.users == 0)
            _shard.groups.erase(_inode);
    }

    [[nodiscard]] Group& group() const noexcept { return _group; }

private:
    Shard& _shard;
    const Inode _inode;
    Group& _group;
};

GroupSync::GroupSync(SyncCall call, Observer observer)
    : _call(std::move(call)), _observer(std::move(observer))
{
}

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
    const Visit visit(shard, inode);
    return joinRound(visit.group(), fd, lock);
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
    ++mine->callers;
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
    if (_observer)
        _observer(round->callers);
    group.isRunning = true;
    lock.unlock();
    const int error = callOrFail(fd);
    lock.lock();
    round->error = error;
    round->isDone = true;
    group.isRunning = false;
    group.changed.notify_all();
}

/// An exception would leave the round without an end, and those who wait for it, and all after them, for ever.
int GroupSync::callOrFail(int fd) const noexcept
try
{
    return _call(fd);
}

catch (...)
{
    return EIO;
}

} // namespace mpsmtp::delivery

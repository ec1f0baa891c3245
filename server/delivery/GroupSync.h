// Group commit: threads that want the same file or folder on stable storage at the same time share one system call.
//
// A call that finds no sync of its inode running becomes the leader of a round and makes the system call for everyone who
// has joined the round by then. Whoever comes while it runs joins the next round: a sync that is already under way need not
// cover what was written after it began. So each caller waits for at most two system calls, and a thousand callers
// cost as many calls as the disk can do anyway.
// Thread safety: [any].
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include <sys/types.h>

namespace mpsmtp::delivery
{

class GroupSync
{
public:
    /// Makes what `fd` names durable; returns 0 or an errno value. An exception counts as EIO.
    using SyncCall = std::function<int(int fd)>;

    /// Told at each system call how many share it; under a mutex, so it may only count.
    using Observer = std::function<void(std::size_t callers)>;

    explicit GroupSync(SyncCall call, Observer observer = nullptr);

    GroupSync(const GroupSync&) = delete;
    GroupSync& operator=(const GroupSync&) = delete;

    /// Blocks until everything written through any descriptor of the inode behind `fd`, before this call, is durable.
    /// \return 0, or the errno value of the round, which all its callers get: after a failed fsync the kernel may have
    ///         dropped the pages, so that nobody's data may be taken for safe
    [[nodiscard]] int sync(int fd);

    /// Threads inside sync() at this moment; out of date when it returns.
    [[nodiscard]] std::size_t callers();

private:
    struct Inode
    {
        dev_t device;
        ino_t number;

        bool operator==(const Inode& other) const noexcept
        {
            return device == other.device && number == other.number;
        }
    };

    struct Hash
    {
        std::size_t operator()(const Inode& inode) const noexcept
        {
            return std::hash<ino_t>()(inode.number) ^ (std::hash<dev_t>()(inode.device) << 1);
        }
    };

    /// What one system call answers. Shared by all who joined before it began.
    struct Round
    {
        bool isDone = false;
        int error = 0;
        std::size_t callers = 0;
    };

    /// An inode that somebody is syncing now.
    struct Group
    {
        std::shared_ptr<Round> next; ///< takes callers until its leader begins
        bool isRunning = false;
        std::size_t users = 0; ///< threads inside sync(); the last one removes the group
        std::condition_variable changed;
    };

    /// Few inodes are synced at once, but by many threads: several locks, so that a maildir's files, each with an inode of
    /// its own, do not meet at one.
    struct Shard
    {
        std::mutex mutex; ///< guards all below; never held during the system call
        std::unordered_map<Inode, Group, Hash> groups;
    };

    class Visit;

    [[nodiscard]] int joinRound(Group& group, int fd, std::unique_lock<std::mutex>& lock);
    void lead(Group& group, int fd, std::unique_lock<std::mutex>& lock);
    [[nodiscard]] int callOrFail(int fd) const noexcept;

    static constexpr std::size_t shardCount = 16;

    const SyncCall _call;
    const Observer _observer;
    std::array<Shard, shardCount> _shards;
};

} // namespace mpsmtp::delivery

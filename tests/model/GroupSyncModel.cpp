// Every order in which threads can meet in delivery/GroupSync, the real class.
#include "Explorer.h"
#include "delivery/GroupSync.h"

#include <array>
#include <cerrno>
#include <new>
#include <stdexcept>

#include <fcntl.h>

using mpsmtp::delivery::GroupSync;
using namespace mpsmtp;

namespace
{

constexpr std::size_t mostThreads = 6;

/// A folder's inode as the kernel sees it, and what each caller was told.
class Disk
{
public:
    /// Which sync will be the first to begin from now on.
    [[nodiscard]] std::size_t nextSync() const noexcept { return _begun; }

    int sync(unsigned outcomes)
    {
        model::require(!_isRunning, "at most one sync runs at a time");
        model::require(model::mutexesHeld() == 0, "no mutex is held during the system call");
        _isRunning = true;
        const std::size_t mine = _begun++;
        model::step(this, "syncs");
        const unsigned outcome = model::choose(outcomes, "fails to sync");
        _isRunning = false;
        _results.at(mine) = outcome == 0 ? 0 : EIO;
        _ended.at(mine) = true;
        if (outcome == 2)
            throw std::runtime_error("a sync that throws");
        return _results.at(mine);
    }

    [[nodiscard]] bool hasEnded(std::size_t sync) const { return _ended.at(sync); }

    [[nodiscard]] int resultOf(std::size_t sync) const { return _results.at(sync); }

private:
    bool _isRunning = false;
    std::size_t _begun = 0;
    std::array<int, 2 * mostThreads> _results{};
    std::array<bool, 2 * mostThreads> _ended{};
};

struct Size
{
    std::size_t threads;
    unsigned calls;    ///< of each thread
    unsigned outcomes; ///< of a sync: well, a failure, an exception
};

/// The mutex that a caller takes first is where it joins a round: from then on it is owed the next sync to begin.
class Tickets
{
public:
    explicit Tickets(const Disk& disk)
    {
        model::onAcquire(
            [this, &disk](std::size_t thread)
            {
                if (!_isTaken.at(thread))
                    _owed.at(thread) = disk.nextSync();
                _isTaken.at(thread) = true;
            });
    }

    void begin() { _isTaken.at(model::currentThread()) = false; }

    [[nodiscard]] std::size_t owed() const { return _owed.at(model::currentThread()); }

private:
    std::array<bool, mostThreads + 1> _isTaken{};
    std::array<std::size_t, mostThreads + 1> _owed{};
};

void callOnce(GroupSync& sync, Disk& disk, Tickets& tickets, int fd)
{
    tickets.begin();
    const int result = sync.sync(fd);
    const std::size_t owed = tickets.owed();
    model::require(disk.hasEnded(owed), "nobody returns before a sync that began after they came");
    model::require(result == disk.resultOf(owed),
                   "a failed sync is told to all whom it covered and to nobody else");
}

void meet(const Size& size, int fd)
{
    Disk disk;
    Tickets tickets(disk);
    GroupSync sync([&](int) { return disk.sync(size.outcomes); });
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < size.threads; ++i)
        threads.push_back(model::start("caller",
                                       [&]
                                       {
                                           for (unsigned call = 0; call < size.calls; ++call)
                                               callOnce(sync, disk, tickets, fd);
                                       }));
    for (std::thread& thread : threads)
        thread.join();
    model::require(sync.callers() == 0, "nothing is left of an inode that nobody syncs");
}

/// What cannot be allocated is the caller's own trouble, and nobody else's.
void meetWithoutMemory(int fd)
{
    GroupSync sync([](int) { return 0; });
    const auto caller = [&]
    {
        try
        {
            const model::MayFailToAllocate thin;
            (void)sync.sync(fd);
        }
        catch (const std::bad_alloc&)
        {
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.push_back(model::start("caller", caller));
    for (std::thread& thread : threads)
        thread.join();
    model::require(sync.callers() == 0, "nothing is left of an inode that nobody syncs");
}

} // namespace

int main(int argc, char** argv)
{
    const int fd = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return model::check(
        argc,
        argv,
        {{"two callers, twice each",
          [fd] {
              meet({2, 2, 3}, fd);
          },
          {}},
         {"three callers",
          [fd] {
              meet({3, 1, 3}, fd);
          },
          {}},
         {"three callers, twice each",
          [fd] {
              meet({3, 2, 1}, fd);
          },
          {0}},
         {"four callers",
          [fd] {
              meet({4, 1, 2}, fd);
          },
          {}},
         {"five callers",
          [fd] {
              meet({5, 1, 1}, fd);
          },
          {0}},
         {"three callers without memory", [fd] { meetWithoutMemory(fd); }, {1, 2}}});
}

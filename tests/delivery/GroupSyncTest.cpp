// Tests of delivery/GroupSync with a sync call that blocks until the test lets it go.
#include "delivery/GroupSync.h"
#include "delivery/Descriptor.h"
#include "delivery/StorageSync.h"
#include "delivery/TestSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cerrno>
#include <future>

#include <fcntl.h>
#include <unistd.h>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;

namespace
{

/// Counts the calls, and holds each until release().
class HeldSync
{
public:
    int call(int)
    {
        std::unique_lock lock(_mutex);
        const int mine = ++_begun;
        _changed.notify_all();
        _changed.wait(lock, [&] { return _released >= mine; });
        return mine <= static_cast<int>(_errors.size())
                   ? _errors[static_cast<std::size_t>(mine - 1)]
                   : 0;
    }

    bool hasBegun(int count)
    {
        std::unique_lock lock(_mutex);
        return _changed.wait_for(lock, std::chrono::seconds(10), [&] { return _begun >= count; });
    }

    void release(int count)
    {
        const std::lock_guard lock(_mutex);
        _released = count;
        _changed.notify_all();
    }

    int begun()
    {
        const std::lock_guard lock(_mutex);
        return _begun;
    }

    void answer(std::vector<int> errors) { _errors = std::move(errors); }

    GroupSync::SyncCall asCall()
    {
        return [this](int fd) { return call(fd); };
    }

private:
    std::mutex _mutex;
    std::condition_variable _changed;
    int _begun = 0;
    int _released = 0;
    std::vector<int> _errors;
};

Descriptor openFolder(const std::string& path)
{
    return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Calls sync() on threads of their own.
class Callers
{
public:
    Callers(GroupSync& sync, int fd) : _sync(sync), _fd(fd) {}

    std::future<int> call()
    {
        return std::async(std::launch::async, [this] { return _sync.sync(_fd); });
    }

    std::vector<std::future<int>> call(int count)
    {
        std::vector<std::future<int>> calls;
        for (int i = 0; i < count; ++i)
            calls.push_back(call());
        return calls;
    }

    /// Waits until `count` threads are inside sync(): they have joined their round.
    bool areInside(std::size_t count)
    {
        return becomesTrue([&] { return _sync.callers() == count; });
    }

private:
    GroupSync& _sync;
    const int _fd;
};

} // namespace

class GroupSyncTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(GroupSyncTest);
    CPPUNIT_TEST(callThatStartsWhileOneRunsWaitsForANewOne);
    CPPUNIT_TEST(waitingCallsShareOneRound);
    CPPUNIT_TEST(errorReachesEveryCallOfItsRoundAndNoOther);
    CPPUNIT_TEST(callThatThrowsIsAnErrorAndNotTheEnd);
    CPPUNIT_TEST(inodesDoNotWaitForEachOther);
    CPPUNIT_TEST(descriptorsOfOneInodeShare);
    CPPUNIT_TEST(badDescriptorIsAnError);
    CPPUNIT_TEST(manyThreadsSeeTheirOwnWritesCovered);
    CPPUNIT_TEST(durabilityNoneCallsNothing);
    CPPUNIT_TEST(eachKindUsesItsOwnCall);
    CPPUNIT_TEST(systemCallsMakeRealFilesDurable);
    CPPUNIT_TEST(systemCallsReachTheKernel);
    CPPUNIT_TEST_SUITE_END();

public:
    void callThatStartsWhileOneRunsWaitsForANewOne()
    {
        const TempFolder folder;
        const Descriptor fd = openFolder(folder.path());
        HeldSync held;
        GroupSync sync(held.asCall());
        Callers callers(sync, fd.get());

        auto first = callers.call();
        CPPUNIT_ASSERT(held.hasBegun(1));
        auto second = callers.call();
        CPPUNIT_ASSERT(callers.areInside(2));
        held.release(1);
        CPPUNIT_ASSERT_EQUAL(0, first.get());
        CPPUNIT_ASSERT_MESSAGE("the running call does not count for the second", held.hasBegun(2));
        CPPUNIT_ASSERT(second.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
        held.release(2);
        CPPUNIT_ASSERT_EQUAL(0, second.get());
        CPPUNIT_ASSERT_EQUAL(2, held.begun());
    }

    void waitingCallsShareOneRound()
    {
        const TempFolder folder;
        const Descriptor fd = openFolder(folder.path());
        HeldSync held;
        GroupSync sync(held.asCall());
        Callers callers(sync, fd.get());

        auto first = callers.call();
        CPPUNIT_ASSERT(held.hasBegun(1));
        auto others = callers.call(20);
        CPPUNIT_ASSERT(callers.areInside(21));
        held.release(1000);
        CPPUNIT_ASSERT_EQUAL(0, first.get());
        for (auto& other : others)
            CPPUNIT_ASSERT_EQUAL(0, other.get());
        CPPUNIT_ASSERT_EQUAL(2, held.begun());
    }

    void errorReachesEveryCallOfItsRoundAndNoOther()
    {
        const TempFolder folder;
        const Descriptor fd = openFolder(folder.path());
        HeldSync held;
        held.answer({0, EIO});
        GroupSync sync(held.asCall());
        Callers callers(sync, fd.get());

        auto first = callers.call();
        CPPUNIT_ASSERT(held.hasBegun(1));
        auto second = callers.call();
        CPPUNIT_ASSERT(callers.areInside(2));
        held.release(1);
        CPPUNIT_ASSERT_EQUAL(0, first.get());
        CPPUNIT_ASSERT(held.hasBegun(2));
        auto third = callers.call();
        CPPUNIT_ASSERT(callers.areInside(2));
        held.release(3);
        CPPUNIT_ASSERT_EQUAL(EIO, second.get());
        CPPUNIT_ASSERT_EQUAL(0, third.get());
    }

    /// In every order of callers: model.group_sync.
    void callThatThrowsIsAnErrorAndNotTheEnd()
    {
        const TempFolder folder;
        const Descriptor fd = openFolder(folder.path());
        int calls = 0;
        GroupSync sync([&](int) { return ++calls == 1 ? throw std::bad_alloc() : 0; });
        CPPUNIT_ASSERT_EQUAL(EIO, sync.sync(fd.get()));
        CPPUNIT_ASSERT_EQUAL(0, sync.sync(fd.get()));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), sync.callers());
    }

    void inodesDoNotWaitForEachOther()
    {
        const TempFolder one;
        const TempFolder other;
        const Descriptor oneFd = openFolder(one.path());
        const Descriptor otherFd = openFolder(other.path());
        HeldSync held;
        GroupSync sync(held.asCall());
        auto first = std::async(std::launch::async, [&] { return sync.sync(oneFd.get()); });
        auto second = std::async(std::launch::async, [&] { return sync.sync(otherFd.get()); });
        CPPUNIT_ASSERT_MESSAGE("both run at once", held.hasBegun(2));
        held.release(2);
        CPPUNIT_ASSERT_EQUAL(0, first.get() + second.get());
    }

    void descriptorsOfOneInodeShare()
    {
        const TempFolder folder;
        const Descriptor one = openFolder(folder.path());
        const Descriptor other = openFolder(folder.path());
        HeldSync held;
        GroupSync sync(held.asCall());
        auto first = std::async(std::launch::async, [&] { return sync.sync(one.get()); });
        CPPUNIT_ASSERT(held.hasBegun(1));
        Callers callers(sync, other.get());
        auto second = callers.call();
        CPPUNIT_ASSERT(callers.areInside(2));
        CPPUNIT_ASSERT_EQUAL(1, held.begun());
        held.release(2);
        CPPUNIT_ASSERT_EQUAL(0, first.get() + second.get());
        CPPUNIT_ASSERT_EQUAL(2, held.begun());
    }

    void badDescriptorIsAnError()
    {
        GroupSync sync([](int) { return 0; });
        CPPUNIT_ASSERT_EQUAL(EBADF, sync.sync(-1));
    }

    /// Each thread "writes" by raising a counter, and the sync call copies the counters: after sync() a thread must find
    /// its own write in the copy.
    void manyThreadsSeeTheirOwnWritesCovered()
    {
        constexpr int threads = 8;
        constexpr int rounds = 500;
        const TempFolder folder;
        const Descriptor fd = openFolder(folder.path());
        std::array<std::atomic<int>, threads> written{};
        std::array<std::atomic<int>, threads> durable{};
        std::atomic<int> calls{0};
        GroupSync sync(
            [&](int)
            {
                ++calls;
                for (std::size_t i = 0; i < threads; ++i)
                    durable[i] = written[i].load();
                return 0;
            });
        std::atomic<int> missed{0};
        std::vector<std::thread> pool;
        for (std::size_t i = 0; i < threads; ++i)
            pool.emplace_back(
                [&, i]
                {
                    for (int n = 1; n <= rounds; ++n)
                    {
                        written[i] = n;
                        if (sync.sync(fd.get()) != 0 || durable[i] < n)
                            ++missed;
                    }
                });
        for (auto& thread : pool)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(0, missed.load());
        CPPUNIT_ASSERT(calls.load() <= threads * rounds);
    }

    void durabilityNoneCallsNothing()
    {
        int calls = 0;
        const auto count = [&](int) { return ++calls; };
        StorageSync sync(Durability::None, {count, count, count});
        CPPUNIT_ASSERT_EQUAL(0, sync.sync(-1, MPSMTP_SYNC_DATA));
        CPPUNIT_ASSERT_EQUAL(0, sync.sync(-1, MPSMTP_SYNC_FOLDER));
        CPPUNIT_ASSERT_EQUAL(0, sync.sync(-1, MPSMTP_SYNC_FILE_SYSTEM));
        CPPUNIT_ASSERT_EQUAL(0, calls);
    }

    void eachKindUsesItsOwnCall()
    {
        const TempFolder folder;
        const Descriptor fd = openFolder(folder.path());
        StorageSync sync(Durability::Fsync,
                         {[](int) { return 1; }, [](int) { return 2; }, [](int) { return 3; }});
        CPPUNIT_ASSERT_EQUAL(1, sync.sync(fd.get(), MPSMTP_SYNC_DATA));
        CPPUNIT_ASSERT_EQUAL(2, sync.sync(fd.get(), MPSMTP_SYNC_FOLDER));
        CPPUNIT_ASSERT_EQUAL(3, sync.sync(fd.get(), MPSMTP_SYNC_FILE_SYSTEM));
        CPPUNIT_ASSERT_EQUAL(EINVAL, sync.sync(fd.get(), 7));
        CPPUNIT_ASSERT_EQUAL(EINVAL, sync.sync(fd.get(), -1));
    }

    void systemCallsMakeRealFilesDurable()
    {
        const TempFolder folder;
        const Descriptor fd = openFolder(folder.path());
        const Descriptor file(
            ::open(folder.path("f").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        StorageSync sync(Durability::Fsync);
        CPPUNIT_ASSERT_EQUAL(0, sync.sync(file.get(), MPSMTP_SYNC_DATA));
        CPPUNIT_ASSERT_EQUAL(0, sync.sync(fd.get(), MPSMTP_SYNC_FOLDER));
        CPPUNIT_ASSERT_EQUAL(EBADF, sync.sync(-1, MPSMTP_SYNC_FOLDER));
    }

    /// Only the kernel knows that a pipe cannot be synced (fsync(2)).
    void systemCallsReachTheKernel()
    {
        int ends[2];
        CPPUNIT_ASSERT_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
        const Descriptor in(ends[0]);
        const Descriptor out(ends[1]);
        StorageSync sync(Durability::Fsync);
        CPPUNIT_ASSERT_EQUAL(EINVAL, sync.sync(out.get(), MPSMTP_SYNC_DATA));
        CPPUNIT_ASSERT_EQUAL(EINVAL, sync.sync(out.get(), MPSMTP_SYNC_FOLDER));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(GroupSyncTest);

// The journal by itself: what is durable when append() returns, who shares a sync, when a segment
// comes free, and what happens when the disk fails or somebody removes the files.
#include "common/journal/Journal.h"

#include "plugins/SmallDisk.h"
#include "plugins/TestFolder.h"
#include "plugins/TestHost.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

using namespace mpsmtp;
using namespace mpsmtp::store;
using namespace mpsmtp::store::journal;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;

namespace
{

using std::chrono::milliseconds;

std::atomic<bool> isHeaderRefused{
    false}; // the next write at a file's beginning finds the disk full

std::string payloadOf(const std::string& name, const std::string& body)
{
    FilesRecord record;
    record.files = {{"folder", name, ""}};
    record.body = body;
    std::string payload;
    encode(record, payload);
    return payload;
}

} // namespace

/// The segments' call: a file system that copies on write may be full for an overwrite, too.
extern "C" ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset)
{
    if (offset == 0 && isHeaderRefused.exchange(false))
    {
        errno = ENOSPC;
        return -1;
    }
    return ::syscall(SYS_pwritev, fd, parts, count, offset, 0L);
}

class JournalTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(JournalTest);
    CPPUNIT_TEST(aRecordIsOnTheDiskWhenAppendReturns);
    CPPUNIT_TEST(anEndLeavesNothingToRecover);
    CPPUNIT_TEST(aKilledProcessNeedsNoRecords);
    CPPUNIT_TEST(aKilledKernelsRecordsAreRestored);
    CPPUNIT_TEST(replacedAndCancelledRecordsAreNot);
    CPPUNIT_TEST(aRestoreThatFailsKeepsTheRecords);
    CPPUNIT_TEST(manyThreadsShareSyncs);
    CPPUNIT_TEST(whatABatchHasNoRoomForIsInTheNext);
    CPPUNIT_TEST(aFullSegmentMakesWayForTheOther);
    CPPUNIT_TEST(noSegmentComesFreeBeforeItsFilesAreInPlace);
    CPPUNIT_TEST(noSegmentComesFreeBeforeAnOlderOne);
    CPPUNIT_TEST(anOldRecordGetsItsCheckpoint);
    CPPUNIT_TEST(whatIsTooLargeIsNotTaken);
    CPPUNIT_TEST(aFailedSyncEndsTheJournal);
    CPPUNIT_TEST(aFailedCheckpointLeavesTheRecordsForTheNextStart);
    CPPUNIT_TEST(behindAFailedCheckpointNoneIsBelieved);
    CPPUNIT_TEST(aFullDiskIsNoEnd);
    CPPUNIT_TEST(theLastRoomIsTheMails);
    CPPUNIT_TEST(aHeaderThatDidNotFitIsWrittenWithTheNextBatch);
    CPPUNIT_TEST(oneProcessHasOne);
    CPPUNIT_TEST(whoeverIsLeftServesIt);
    CPPUNIT_TEST(theLastToLeaveServesItsEnd);
    CPPUNIT_TEST(anotherProcessKeepsOut);
    CPPUNIT_TEST(whatAnotherProcessWroteBeforeItLetGoCounts);
    CPPUNIT_TEST(removedFilesAreNoticed);
    CPPUNIT_TEST(eitherFileMayHoldRecords);
    CPPUNIT_TEST_SUITE_END();

public:
    void aRecordIsOnTheDiskWhenAppendReturns()
    {
        const auto journal = open();
        std::string atSync;
        _host.onSync([&](const TestHost::Sync& sync)
                     { atSync = sync.isFileSystem ? atSync : test::contentOf(sync.path); });
        const auto entry = journal->append(payloadOf("a", "body a"));
        CPPUNIT_ASSERT(entry);
        CPPUNIT_ASSERT(atSync.find("body a") != std::string::npos);
        _host.onSync({});
    }

    void anEndLeavesNothingToRecover()
    {
        CPPUNIT_ASSERT(open()->append(payloadOf("a", "x")));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.fileSystemSyncs());
        makeItAnotherBoot();
        (void)open();
        CPPUNIT_ASSERT(_restored.empty());
    }

    void aKilledProcessNeedsNoRecords()
    {
        crashAfter([](Journal& journal) { (void)journal.append(payloadOf("a", "x")); });
        _host.forgetSyncs();
        const auto journal = open();
        CPPUNIT_ASSERT(_restored.empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.fileSystemSyncs());
    }

    void aKilledKernelsRecordsAreRestored()
    {
        crashAfter(
            [](Journal& journal)
            {
                (void)journal.append(payloadOf("a", "x"));
                (void)journal.append(payloadOf("b", "y"));
            });
        makeItAnotherBoot();
        const auto journal = open();
        CPPUNIT_ASSERT((std::vector<std::string>{"a=x", "b=y"}) == _restored);
        CPPUNIT_ASSERT(!_distrusted);
    }

    void replacedAndCancelledRecordsAreNot()
    {
        crashAfter(
            [](Journal& journal)
            {
                const auto first = journal.append(payloadOf("a", "x"));
                FilesRecord anew;
                anew.replaces = first->id();
                anew.files = {{"folder", "b", ""}};
                std::string payload;
                encode(anew, payload);
                (void)journal.append(payload);
                auto refused = journal.append(payloadOf("c", "z"));
                refused->cancel();
                (void)journal.append(payloadOf("d", "takes the cancellation along"));
            });
        makeItAnotherBoot();
        (void)open();
        CPPUNIT_ASSERT((std::vector<std::string>{"b=", "d=takes the cancellation along"}) ==
                       _restored);
    }

    void aRestoreThatFailsKeepsTheRecords()
    {
        crashAfter([](Journal& journal) { (void)journal.append(payloadOf("a", "x")); });
        makeItAnotherBoot();
        const Restore fails = [](const FilesRecord&, bool)
        { throw std::system_error(ENOSPC, std::generic_category(), "x"); };
        CPPUNIT_ASSERT_THROW((void)Journal::open(_folder.path(), "test", settings(), fails),
                             std::system_error);
        (void)open();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _restored.size());
    }

    void manyThreadsShareSyncs()
    {
        const auto journal = open();
        _host.forgetSyncs();
        _host.onSync([](const TestHost::Sync&)
                     { std::this_thread::sleep_for(milliseconds(1)); }); // a disk's time
        constexpr int threadCount = 16;
        constexpr int records = 50;
        std::atomic<int> stored{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < threadCount; ++i)
            threads.emplace_back(
                [&, i]
                {
                    for (int j = 0; j < records; ++j)
                        stored += journal->append(payloadOf(std::to_string(i * records + j), "x"))
                                      .has_value();
                });
        for (std::thread& thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(threadCount * records, stored.load());
        CPPUNIT_ASSERT(_host.dataSyncs() < std::size_t{threadCount * records} / 2);
    }

    /// While the first is being synced, more come than two batches hold: the lead goes on from one to the other.
    void whatABatchHasNoRoomForIsInTheNext()
    {
        constexpr std::size_t count = 24;
        const std::string body(Batch::mostOctets / 10, 'x');
        _segmentOctets = 4 * Batch::mostOctets;
        _host.onSync([](const TestHost::Sync&) { std::this_thread::sleep_for(milliseconds(20)); });
        std::atomic<std::size_t> stored{0};
        crashAfter(
            [&](Journal& journal)
            {
                std::vector<std::thread> threads;
                for (std::size_t i = 0; i < count; ++i)
                    threads.emplace_back(
                        [&, i] {
                            stored +=
                                journal.append(payloadOf(std::to_string(i), body)).has_value();
                        });
                for (std::thread& thread : threads)
                    thread.join();
            });
        CPPUNIT_ASSERT_EQUAL(count, stored.load());
        makeItAnotherBoot();
        (void)open();
        CPPUNIT_ASSERT_EQUAL(count, _restored.size());
    }

    void aFullSegmentMakesWayForTheOther()
    {
        _segmentOctets = 16 * blockOctets;
        const auto journal = open();
        for (int i = 0; i < 100; ++i)
            CPPUNIT_ASSERT(journal->append(payloadOf("x", std::string(blockOctets, 'x'))));
        // 14 segments are full by then; one checkpoint may do for two of them.
        CPPUNIT_ASSERT(_host.fileSystemSyncs() >= 6);
        CPPUNIT_ASSERT(test::contentOf(file(0)).size() <= _segmentOctets);
    }

    void noSegmentComesFreeBeforeItsFilesAreInPlace()
    {
        _segmentOctets = 4 * blockOctets;
        const auto journal = open();
        std::vector<Journal::Entry> held;
        while (auto entry = journal->append(payloadOf("x", std::string(blockOctets, 'x'))))
            held.push_back(*std::move(entry));
        CPPUNIT_ASSERT(held.size() >= 2);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, _host.fileSystemSyncs());
        held.clear();
        CPPUNIT_ASSERT(
            test::waitUntil([&] { return journal->append(payloadOf("x", "again")).has_value(); }));
    }

    /// The newer one may say that a record of the older one no longer counts.
    void noSegmentComesFreeBeforeAnOlderOne()
    {
        _segmentOctets = 4 * blockOctets; // one record each
        const std::string body(blockOctets, 'x');
        std::vector<std::string> left;
        {
            const auto journal = open();
            CPPUNIT_ASSERT(journal->append(payloadOf("a", body)));
            auto refused = journal->append(payloadOf("b", body)); // in the second file
            CPPUNIT_ASSERT(
                test::waitUntil([&] { return !decodeHeader(test::contentOf(file(0))); }));
            refused->cancel();
            CPPUNIT_ASSERT(journal->append(payloadOf("c", body))); // takes the cancellation along
            CPPUNIT_ASSERT(!journal->append(payloadOf("d", body)));
            left = contents();
        }
        leave(left);
        makeItAnotherBoot();
        (void)open();
        CPPUNIT_ASSERT((std::vector<std::string>{"c=" + body}) == _restored);
    }

    void anOldRecordGetsItsCheckpoint()
    {
        _checkpointAfter = milliseconds(20);
        const auto journal = open();
        (void)journal->append(payloadOf("a", "x"));
        CPPUNIT_ASSERT(test::waitUntil([&] { return _host.fileSystemSyncs() == 1; }));
        CPPUNIT_ASSERT(test::waitUntil([&] { return !decodeHeader(test::contentOf(file(0))); }));
    }

    void whatIsTooLargeIsNotTaken()
    {
        const auto journal = open();
        CPPUNIT_ASSERT(!journal->append(std::string(std::size_t{2} << 20, 'x')));
        CPPUNIT_ASSERT(journal->append(payloadOf("a", "x")));
    }

    void aFailedSyncEndsTheJournal()
    {
        const auto journal = open();
        CPPUNIT_ASSERT(journal->append(payloadOf("a", "x")));
        _host.failSync(1, EIO);
        CPPUNIT_ASSERT(!journal->append(payloadOf("b", "y")));
        CPPUNIT_ASSERT(!journal->append(payloadOf("c", "z")));
        CPPUNIT_ASSERT(journal->isRefusing());
    }

    void aFailedCheckpointLeavesTheRecordsForTheNextStart()
    {
        auto journal = open();
        (void)journal->append(payloadOf("a", "x"));
        _host.failSync(1, EIO);
        journal.reset();
        (void)open(); // the same boot
        CPPUNIT_ASSERT((std::vector<std::string>{"a=x"}) == _restored);
        CPPUNIT_ASSERT(_distrusted);
    }

    /// The kernel tells of what it could not write once; that may have been the other one's, too.
    void behindAFailedCheckpointNoneIsBelieved()
    {
        _segmentOctets = 4 * blockOctets; // one record each
        const std::string body(blockOctets, 'x');
        {
            const auto journal = open();
            auto first = journal->append(payloadOf("a", body));
            CPPUNIT_ASSERT(journal->append(payloadOf("b", body)));
            _host.failSync(1, EIO);
            first.reset();
            CPPUNIT_ASSERT(test::waitUntil([&] { return journal->isRefusing(); }));
        }
        (void)open(); // the same boot
        CPPUNIT_ASSERT((std::vector<std::string>{"a=" + body, "b=" + body}) == _restored);
        CPPUNIT_ASSERT(_distrusted);
    }

    void aFullDiskIsNoEnd()
    {
        const test::SmallDisk disk("size=64k");
        if (!disk.isMounted())
            return;
        const auto journal =
            Journal::open(disk / "", "test", settings(), [](const FilesRecord&, bool) {});
        CPPUNIT_ASSERT(!journal->append(payloadOf("a", "x")));
        CPPUNIT_ASSERT(!journal->isRefusing());
    }

    void theLastRoomIsTheMails()
    {
        const test::SmallDisk disk("size=1m");
        if (!disk.isMounted())
            return;
        const auto journal =
            Journal::open(disk / "", "test", settings(), [](const FilesRecord&, bool) {});
        for (int i = 0; i < 10; ++i)
            CPPUNIT_ASSERT(!journal->append(payloadOf("a", "x")));
        CPPUNIT_ASSERT(std::filesystem::space(disk / "").available > 900'000);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.logLines().size()); // not one for each mail
    }

    void aHeaderThatDidNotFitIsWrittenWithTheNextBatch()
    {
        CPPUNIT_ASSERT(open()->append(payloadOf("a", "makes the file large enough")));
        const auto journal = open();
        isHeaderRefused = true;
        CPPUNIT_ASSERT(!journal->append(payloadOf("b", "x")));
        CPPUNIT_ASSERT(!isHeaderRefused);
        CPPUNIT_ASSERT(journal->append(payloadOf("c", "y")));
        CPPUNIT_ASSERT(decodeHeader(test::contentOf(file(0))));
    }

    void oneProcessHasOne()
    {
        const auto journal = open();
        CPPUNIT_ASSERT(journal == open());
    }

    /// A reload: the handler that opened the journal ends, and its storage and log with it.
    void whoeverIsLeftServesIt()
    {
        TestHost second;
        auto firsts = open();
        const auto journal = openFor(second);
        firsts.reset();
        _host.forgetSyncs();
        CPPUNIT_ASSERT(journal->append(payloadOf("a", "x")));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, _host.syncs().size());
        CPPUNIT_ASSERT(second.dataSyncs() != 0);
    }

    void theLastToLeaveServesItsEnd()
    {
        TestHost second;
        auto firsts = open();
        auto journal = openFor(second);
        CPPUNIT_ASSERT(journal->append(payloadOf("a", "x")));
        journal.reset();
        second.forgetSyncs();
        firsts.reset();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.fileSystemSyncs());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, second.syncs().size());
    }

    void anotherProcessKeepsOut()
    {
        (void)open();
        const FileDescriptor other(::open(file(0).c_str(), O_RDWR | O_CLOEXEC));
        CPPUNIT_ASSERT_EQUAL(0, ::flock(other.get(), LOCK_EX | LOCK_NB));
        CPPUNIT_ASSERT(!open());
    }

    /// It ends between our opening of the file and our lock.
    void whatAnotherProcessWroteBeforeItLetGoCounts()
    {
        const Storage storage = _host.context().storage;
        auto others = std::make_unique<Segment>(file(0), _segmentOctets);
        CPPUNIT_ASSERT(others->tryLock());
        Segment ours(file(0), _segmentOctets);
        CPPUNIT_ASSERT(!ours.tryLock());
        others->begin({7, 1, "boot", false});
        std::vector<iovec> nothing;
        others->append(nothing, 0, storage);
        others.reset();
        CPPUNIT_ASSERT(ours.tryLock());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, ours.header().sequence);
    }

    void removedFilesAreNoticed()
    {
        const auto journal = open();
        CPPUNIT_ASSERT(journal->append(payloadOf("a", "x")));
        (void)::unlink(file(0).c_str());
        (void)::unlink(file(1).c_str());
        CPPUNIT_ASSERT(!journal->append(payloadOf("b", "x")));
        CPPUNIT_ASSERT(journal->isRefusing());
        const auto another = open();
        CPPUNIT_ASSERT(another && another != journal);
        CPPUNIT_ASSERT(another->append(payloadOf("b", "x")));
    }

    void eitherFileMayHoldRecords()
    {
        CPPUNIT_ASSERT(!Journal::exists(_folder.path(), "test"));
        for (const int number : {0, 1})
        {
            test::writeFile(file(number), "");
            CPPUNIT_ASSERT(Journal::exists(_folder.path(), "test"));
            (void)::unlink(file(number).c_str());
        }
    }

private:
    [[nodiscard]] std::string file(int number) const
    {
        return _folder / (".mpsmtp.test-journal." + std::to_string(number));
    }

    [[nodiscard]] Settings settings() { return settings(_host); }

    [[nodiscard]] Settings settings(TestHost& host) const
    {
        const Context context = host.context();
        return {context.storage,
                context.log,
                _bootId,
                _segmentOctets,
                _checkpointAfter,
                milliseconds(200)};
    }

    [[nodiscard]] std::shared_ptr<Journal> open() { return openFor(_host); }

    [[nodiscard]] std::shared_ptr<Journal> openFor(TestHost& host)
    {
        return Journal::open(_folder.path(),
                             "test",
                             settings(host),
                             [this](const FilesRecord& record, bool isDistrusted)
                             {
                                 _distrusted = _distrusted || isDistrusted;
                                 for (const FileEntry& entry : record.files)
                                     _restored.push_back(std::string(entry.name) + "=" +
                                                         std::string(record.body));
                             });
    }

    /// What is on the disk then is what a crash leaves.
    template <class Action>
    void crashAfter(Action&& action)
    {
        std::vector<std::string> left;
        {
            const auto journal = open();
            action(*journal);
            left = contents();
        }
        leave(left);
    }

    [[nodiscard]] std::vector<std::string> contents() const
    {
        return {test::contentOf(file(0)), test::contentOf(file(1))};
    }

    void leave(const std::vector<std::string>& contents) const
    {
        for (int i = 0; i < 2; ++i)
            test::writeFile(file(i), contents[static_cast<std::size_t>(i)]);
    }

    void makeItAnotherBoot() { _bootId = "another boot"; }

    TestHost _host;
    const TestFolder _folder{"/tmp"};
    std::string _bootId = "this boot";
    std::uint64_t _segmentOctets = std::uint64_t{1} << 20;
    milliseconds _checkpointAfter = std::chrono::hours(1);
    std::vector<std::string> _restored;
    bool _distrusted = false;
};

CPPUNIT_TEST_SUITE_REGISTRATION(JournalTest);

// Tests of delivery/SpooledMessage, SpoolFile and BufferPool, with system calls that fail on demand.
#include "delivery/SpooledMessage.h"
#include "delivery/TestSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;

namespace
{

constexpr std::size_t block = BufferPool::blockOctets;

/// Each member that is set makes that call fail, or act oddly.
class FaultyCalls : public FileCalls
{
public:
    int open(const char* path, int flags, mode_t mode) override
    {
        const bool isTmpfile = (flags & O_TMPFILE) == O_TMPFILE;
        if (isTmpfile && tmpfileError != 0)
            return fail(tmpfileError);
        if (!isTmpfile && reopenError != 0)
            return fail(reopenError);
        return FileCalls::open(path, flags, mode);
    }

    int makeTemporary(char* pathTemplate, int flags) override
    {
        ++named;
        return temporaryError != 0 ? fail(temporaryError)
                                   : FileCalls::makeTemporary(pathTemplate, flags);
    }

    int unlink(const char* path) override
    {
        const int result = FileCalls::unlink(path);
        return unlinkError != 0 ? fail(unlinkError) : result;
    }

    int makeMemoryFile(const char* name, unsigned flags) override
    {
        return memoryError != 0 ? fail(memoryError) : FileCalls::makeMemoryFile(name, flags);
    }

    ssize_t write(int fd, const char* data, std::size_t size) override
    {
        ++writes;
        if (interrupted > 0)
        {
            --interrupted;
            return fail(EINTR);
        }
        if (writeError != 0 && roomOctets < size)
            return fail(writeError);
        roomOctets -= std::min(roomOctets, size);
        return FileCalls::write(fd, data, std::min(size, longestWrite));
    }

    void* map(int fd, std::size_t size) override
    {
        if (mapError == 0)
            return FileCalls::map(fd, size);
        errno = mapError;
        return MAP_FAILED;
    }

    int tmpfileError = 0;
    int temporaryError = 0;
    int unlinkError = 0;
    int reopenError = 0;
    int memoryError = 0;
    int mapError = 0;
    int writeError = 0;
    int interrupted = 0;
    std::size_t roomOctets = 0;
    std::size_t longestWrite = static_cast<std::size_t>(-1);
    int named = 0;
    int writes = 0;

private:
    static int fail(int error)
    {
        errno = error;
        return -1;
    }
};

std::string octets(std::size_t count)
{
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i)
        text[i] = static_cast<char>(i * 31 + i / 251);
    return text;
}

} // namespace

class SpooledMessageTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SpooledMessageTest);
    CPPUNIT_TEST(messageIsKeptAtEachBoundary);
    CPPUNIT_TEST(smallWritesMakeTheSameMessage);
    CPPUNIT_TEST(askingAgainGivesTheSameRoom);
    CPPUNIT_TEST(descriptorsAreReadOnlyAndIndependent);
    CPPUNIT_TEST(fileIsPrivateAndHasNoName);
    CPPUNIT_TEST(fileWithoutTmpfileHasNoNameEither);
    CPPUNIT_TEST(shortAndInterruptedWritesAreContinued);
    CPPUNIT_TEST(failuresAreRemembered);
    CPPUNIT_TEST(failureGivesEverythingBack);
    CPPUNIT_TEST(failureOfOpenIsReported);
    CPPUNIT_TEST(messageIsReusable);
    CPPUNIT_TEST(copyIsInMemoryOrInAFile);
    CPPUNIT_TEST(poolKeepsNoMoreThanItsLimit);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _folder.emplace();
        _limits = {_folder->path(), 2 * block};
        _calls.emplace();
    }

    void tearDown() override
    {
        CPPUNIT_ASSERT(_folder->isEmpty()); // whatever a test did, no name is left
        _folder.reset();
    }

    void messageIsKeptAtEachBoundary()
    {
        struct Row
        {
            const char* why;
            std::size_t size;
            bool isInFile;
        };

        for (const Row& row : {Row{"empty", 0, false},
                               Row{"one octet", 1, false},
                               Row{"one less than a block", block - 1, false},
                               Row{"a block", block, false},
                               Row{"one more than a block", block + 1, false},
                               Row{"one less than the limit", 2 * block - 1, false},
                               Row{"the limit", 2 * block, false},
                               Row{"one more than the limit", 2 * block + 1, true},
                               Row{"one less than a block of the file", 3 * block - 1, true},
                               Row{"a whole block of the file", 3 * block, true},
                               Row{"much more", 9 * block + 7, true}})
        {
            SpooledMessage message(_pool, *_calls, _limits);
            const std::string text = octets(row.size);
            CPPUNIT_ASSERT_MESSAGE(row.why, feed(message, text, text.size() + 1));
            CPPUNIT_ASSERT_MESSAGE(row.why, message.complete());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.isInFile, message.isInFile());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::uint64_t{row.size}, message.size());
            CPPUNIT_ASSERT_MESSAGE(row.why, text == joined(message.segments()));
            CPPUNIT_ASSERT_MESSAGE(row.why, text == readDescriptor(message.open()));
        }
    }

    void smallWritesMakeTheSameMessage()
    {
        _limits.memoryOctets = 1000;
        const std::string text = octets(block + 3000);
        for (const std::size_t step : {std::size_t{1}, std::size_t{999}, std::size_t{1000}, block})
        {
            SpooledMessage message(_pool, *_calls, _limits);
            CPPUNIT_ASSERT(feed(message, text, step));
            CPPUNIT_ASSERT(message.complete());
            CPPUNIT_ASSERT_MESSAGE(std::to_string(step), text == joined(message.segments()));
        }
    }

    void askingAgainGivesTheSameRoom()
    {
        SpooledMessage message(_pool, *_calls, _limits);
        const auto first = message.writable();
        const auto again = message.writable();
        CPPUNIT_ASSERT(first.data == again.data && first.size == again.size);
        CPPUNIT_ASSERT(message.written(0));
        CPPUNIT_ASSERT(message.writable().data == first.data);
        CPPUNIT_ASSERT(message.complete());
        CPPUNIT_ASSERT(message.segments().empty());
    }

    void descriptorsAreReadOnlyAndIndependent()
    {
        for (const std::size_t size : {std::size_t{100}, 3 * block})
        {
            SpooledMessage message(_pool, *_calls, _limits);
            CPPUNIT_ASSERT(feed(message, octets(size), block));
            CPPUNIT_ASSERT(message.complete());
            const Descriptor one(message.open());
            const Descriptor other(message.open());
            CPPUNIT_ASSERT(one.isOpen() && other.isOpen());
            CPPUNIT_ASSERT_EQUAL(O_RDONLY, ::fcntl(one.get(), F_GETFL) & O_ACCMODE);
            CPPUNIT_ASSERT_EQUAL(ssize_t{-1}, ::write(one.get(), "x", 1));
            CPPUNIT_ASSERT(::fcntl(one.get(), F_GETFD) & FD_CLOEXEC);
            CPPUNIT_ASSERT_EQUAL(off_t{10}, ::lseek(one.get(), 10, SEEK_SET));
            CPPUNIT_ASSERT_EQUAL(off_t{0}, ::lseek(other.get(), 0, SEEK_CUR));
        }
    }

    void fileIsPrivateAndHasNoName()
    {
        SpooledMessage message(_pool, *_calls, _limits);
        CPPUNIT_ASSERT(feed(message, octets(3 * block), block));
        CPPUNIT_ASSERT(message.complete());
        checkPrivateAndNameless(message);
        CPPUNIT_ASSERT_EQUAL(0, _calls->named);
    }

    void fileWithoutTmpfileHasNoNameEither()
    {
        for (const int error : {EOPNOTSUPP, EISDIR, EINVAL})
        {
            _calls.emplace();
            _calls->tmpfileError = error;
            SpooledMessage message(_pool, *_calls, _limits);
            const std::string text = octets(3 * block);
            CPPUNIT_ASSERT(feed(message, text, block));
            CPPUNIT_ASSERT(message.complete());
            CPPUNIT_ASSERT_EQUAL(1, _calls->named);
            CPPUNIT_ASSERT(text == joined(message.segments()));
            checkPrivateAndNameless(message);
        }
    }

    void shortAndInterruptedWritesAreContinued()
    {
        _calls->longestWrite = 1000;
        _calls->interrupted = 5;
        SpooledMessage message(_pool, *_calls, _limits);
        const std::string text = octets(4 * block + 1);
        CPPUNIT_ASSERT(feed(message, text, block));
        CPPUNIT_ASSERT(message.complete());
        CPPUNIT_ASSERT(text == joined(message.segments()));
    }

    void failuresAreRemembered()
    {
        struct Row
        {
            const char* why;
            void (*inject)(FaultyCalls&);
            std::size_t size;
            int expected;
        };

        for (const Row& row :
             {Row{"disk full when the file begins",
                  [](FaultyCalls& calls) { calls.writeError = ENOSPC; },
                  2 * block + 1,
                  ENOSPC},
              Row{"disk full later",
                  [](FaultyCalls& calls)
                  {
                      calls.writeError = ENOSPC;
                      calls.roomOctets = 3 * block;
                  },
                  6 * block,
                  ENOSPC},
              Row{"disk full at the very end",
                  [](FaultyCalls& calls)
                  {
                      calls.writeError = EDQUOT;
                      calls.roomOctets = 3 * block;
                  },
                  3 * block + 10,
                  EDQUOT},
              Row{"I/O error", [](FaultyCalls& calls) { calls.writeError = EIO; }, 3 * block, EIO},
              Row{"a write of nothing",
                  [](FaultyCalls& calls) { calls.longestWrite = 0; },
                  3 * block,
                  EIO},
              Row{"no file",
                  [](FaultyCalls& calls) { calls.tmpfileError = EMFILE; },
                  3 * block,
                  EMFILE},
              Row{"no named file either",
                  [](FaultyCalls& calls)
                  {
                      calls.tmpfileError = EOPNOTSUPP;
                      calls.temporaryError = EACCES;
                  },
                  3 * block,
                  EACCES},
              Row{"a name that stays",
                  [](FaultyCalls& calls)
                  {
                      calls.tmpfileError = EOPNOTSUPP;
                      calls.unlinkError = EPERM;
                  },
                  3 * block,
                  EPERM},
              Row{"no mapping",
                  [](FaultyCalls& calls) { calls.mapError = ENODEV; },
                  3 * block,
                  ENODEV}})
        {
            _calls.emplace();
            row.inject(*_calls);
            SpooledMessage message(_pool, *_calls, _limits);
            (void)feed(message, octets(row.size), block);
            CPPUNIT_ASSERT_MESSAGE(row.why, !message.complete());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, message.error());
            CPPUNIT_ASSERT_MESSAGE(row.why, message.segments().empty());
        }
    }

    void failureGivesEverythingBack()
    {
        _calls->writeError = ENOSPC;
        BufferPool pool;
        SpooledMessage message(pool, *_calls, _limits);
        CPPUNIT_ASSERT(!feed(message, octets(2 * block + 1), block));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, pool.idleBlocks());
        CPPUNIT_ASSERT(!message.isInFile());
        CPPUNIT_ASSERT_MESSAGE("there is room for what is lost", message.writable().size >= 1);
        const int writes = _calls->writes;
        CPPUNIT_ASSERT(!message.written(1));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("nothing more is tried", writes, _calls->writes);
    }

    void failureOfOpenIsReported()
    {
        SpooledMessage message(_pool, *_calls, _limits);
        CPPUNIT_ASSERT(feed(message, "text", 10));
        CPPUNIT_ASSERT(message.complete());
        _calls->memoryError = EMFILE;
        CPPUNIT_ASSERT_EQUAL(-EMFILE, message.open());
        _calls->memoryError = 0;
        _calls->reopenError = ENFILE;
        CPPUNIT_ASSERT_EQUAL(-ENFILE, message.open());
    }

    void messageIsReusable()
    {
        BufferPool pool;
        SpooledMessage message(pool, *_calls, _limits);
        for (const std::size_t size : {3 * block, std::size_t{10}, 5 * block, std::size_t{0}})
        {
            message.clear();
            CPPUNIT_ASSERT(feed(message, octets(size), block));
            CPPUNIT_ASSERT(message.complete());
            CPPUNIT_ASSERT(octets(size) == joined(message.segments()));
        }
        _calls->writeError = ENOSPC;
        message.clear();
        CPPUNIT_ASSERT(!feed(message, octets(3 * block), block));
        message.clear();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("an error ends with its message", 0, message.error());
        CPPUNIT_ASSERT(feed(message, "next", block));
        CPPUNIT_ASSERT(message.complete());
    }

    void copyIsInMemoryOrInAFile()
    {
        _limits.memoryOctets = 10;
        const std::vector<mpsmtp_string> small{{"ab", 2}, {"", 0}, {"cd", 2}};
        CPPUNIT_ASSERT_EQUAL(std::string("abcd"),
                             readDescriptor(openCopy(*_calls, _limits, small)));
        _calls->memoryError = ENOMEM; // not needed for large ones
        const std::vector<mpsmtp_string> large{{"0123456789", 10}, {"x", 1}};
        CPPUNIT_ASSERT_EQUAL(std::string("0123456789x"),
                             readDescriptor(openCopy(*_calls, _limits, large)));
        _calls->writeError = ENOSPC;
        _calls->roomOctets = 0;
        CPPUNIT_ASSERT_EQUAL(-ENOSPC, openCopy(*_calls, _limits, large));
    }

    void poolKeepsNoMoreThanItsLimit()
    {
        BufferPool pool(1);
        auto first = pool.lend();
        auto second = pool.lend();
        char* lent = first.get();
        first.reset();
        second.reset();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, pool.idleBlocks());
        CPPUNIT_ASSERT(pool.lend().get() == lent);
    }

private:
    /// Writes `text` in pieces of at most `step` octets; false as soon as the message says so.
    static bool feed(SpooledMessage& message, std::string_view text, std::size_t step)
    {
        while (!text.empty())
        {
            const auto room = message.writable();
            const std::size_t count = std::min({text.size(), room.size, step});
            std::memcpy(room.data, text.data(), count);
            if (!message.written(count))
                return false;
            text.remove_prefix(count);
        }
        return true;
    }

    void checkPrivateAndNameless(const SpooledMessage& message)
    {
        const Descriptor fd(message.open());

        struct stat status
        {
        };

        CPPUNIT_ASSERT_EQUAL(0, ::fstat(fd.get(), &status));
        CPPUNIT_ASSERT_EQUAL(mode_t{0600}, status.st_mode & mode_t{0777});
        CPPUNIT_ASSERT_EQUAL(nlink_t{0}, status.st_nlink);
        CPPUNIT_ASSERT(_folder->isEmpty());
    }

    std::optional<TempFolder> _folder;
    SpoolLimits _limits;
    BufferPool _pool;
    std::optional<FaultyCalls> _calls;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SpooledMessageTest);

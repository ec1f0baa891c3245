// The mbox handler and other programs that want the same mailbox.
#include "MboxFixture.h"
#include "MboxPython.h"

#include "mbox/MailboxLock.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <future>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mboxtest;
using namespace std::chrono_literals;

namespace
{

const char* const holdLock = "import mailbox, sys\n"
                             "box = mailbox.mbox(sys.argv[1])\n"
                             "box.lock()\n"
                             "print('locked', flush=True)\n"
                             "sys.stdin.read()\n"
                             "box.unlock()\n";

const char* const tryLock = "import mailbox, sys\n"
                            "box = mailbox.mbox(sys.argv[1])\n"
                            "try:\n"
                            "    box.lock()\n"
                            "    print('locked')\n"
                            "except mailbox.ExternalClashError:\n"
                            "    print('clash')\n";

/// Another open file description of the mailbox, as another program has one.
class OtherProgram
{
public:
    explicit OtherProgram(const std::string& path) : _fd(::open(path.c_str(), O_RDWR | O_CLOEXEC))
    {
    }

    [[nodiscard]] bool takeRecordLock() const
    {
        struct flock lock = {};
        lock.l_type = F_WRLCK;
        return ::fcntl(_fd.get(), F_OFD_SETLK, &lock) == 0;
    }

    [[nodiscard]] bool takeFlock() const { return ::flock(_fd.get(), LOCK_EX | LOCK_NB) == 0; }

private:
    mpsmtp::store::FileDescriptor _fd;
};

} // namespace

class MboxLockTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxLockTest);
    CPPUNIT_TEST(deliveryWaitsWhilePythonHasTheMailbox);
    CPPUNIT_TEST(pythonCannotLockWhileWeWrite);
    CPPUNIT_TEST(eachKindOfLockDefersTheMail);
    CPPUNIT_TEST(aLockTakenAfterPersistDefersTheMail);
    CPPUNIT_TEST(aDotLockTakenAfterPersistDefersTheMail);
    CPPUNIT_TEST(waitingIsSeenBeforeAnythingIsCommitted);
    CPPUNIT_TEST(aStaleDotLockIsRemoved);
    CPPUNIT_TEST(theDotLockOfAKilledServerIsTakenOver);
    CPPUNIT_TEST(aMovedFolderTakesItsLockAlong);
    CPPUNIT_TEST(aDotLockThatAnotherHasTakenStays);
    CPPUNIT_TEST(aFolderThatComesMeanwhileIsAnotherOne);
    CPPUNIT_TEST(dotLocksCanBeLeftOut);
    CPPUNIT_TEST(aFolderWithoutRoomForADotLockDefersTheMail);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { writeFile(box(), ""); }

    void deliveryWaitsWhilePythonHasTheMailbox()
    {
        Python python(holdLock, {box()});
        CPPUNIT_ASSERT_EQUAL(std::string("locked"), python.readLine());
        MboxServer server(box());
        auto reply = std::async(std::launch::async, [&server] { return server.deliver({}); });
        CPPUNIT_ASSERT(reply.wait_for(50ms) == std::future_status::timeout);
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(box()));
        CPPUNIT_ASSERT_EQUAL(0, python.finish());
        CPPUNIT_ASSERT_EQUAL(250u, reply.get());
        CPPUNIT_ASSERT_EQUAL(stored("Subject: one\n\nbody\n"), readFile(box()));
    }

    void pythonCannotLockWhileWeWrite()
    {
        std::string seen;
        MboxServer server(box(),
                          {},
                          [&](int, int)
                          {
                              Python python(tryLock, {box()});
                              seen = python.readLine();
                              return 0;
                          });
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_EQUAL(std::string("clash"), seen);
        Python python(tryLock, {box()});
        CPPUNIT_ASSERT_EQUAL_MESSAGE("afterwards", std::string("locked"), python.readLine());
    }

    void eachKindOfLockDefersTheMail()
    {
        MboxServer server(box(), {{"lock_timeout", "50"}});
        {
            const OtherProgram other(box());
            CPPUNIT_ASSERT(other.takeRecordLock());
            CPPUNIT_ASSERT_EQUAL_MESSAGE("record lock", 451u, server.deliver({}));
        }
        {
            const OtherProgram other(box());
            CPPUNIT_ASSERT(other.takeFlock());
            CPPUNIT_ASSERT_EQUAL_MESSAGE("flock", 451u, server.deliver({}));
            CPPUNIT_ASSERT_MESSAGE("no lock is kept when one is missing", other.takeRecordLock());
        }
        writeFile(box() + ".lock", "");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("dot-lock", 451u, server.deliver({}));
        std::filesystem::remove(box() + ".lock");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("nothing was stored", std::string(), readFile(box()));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("no lock", 250u, server.deliver({}));
    }

    void aLockTakenAfterPersistDefersTheMail()
    {
        MboxServer server(box(), {{"lock_timeout", "50"}});
        const auto transaction = server.transaction({});
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        transaction->persist();
        const OtherProgram other(box());
        CPPUNIT_ASSERT(other.takeRecordLock());
        try
        {
            transaction->commit();
            CPPUNIT_FAIL("it was committed");
        }
        catch (const mpsmtp::Error& error)
        {
            CPPUNIT_ASSERT_EQUAL(451u, error.reply().code());
            CPPUNIT_ASSERT_EQUAL(std::string("4.2.0"), error.reply().enhanced());
        }
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(box()));
    }

    void aDotLockTakenAfterPersistDefersTheMail()
    {
        MboxServer server(box(), {{"lock_timeout", "50"}});
        const auto transaction = server.transaction({});
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        transaction->persist();
        writeFile(box() + ".lock", "");
        CPPUNIT_ASSERT_THROW(transaction->commit(), mpsmtp::Error);
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(box()));
        CPPUNIT_ASSERT(std::filesystem::exists(box() + ".lock"));
    }

    void waitingIsSeenBeforeAnythingIsCommitted()
    {
        MboxServer server(box(), {{"lock_timeout", "50"}});
        const OtherProgram other(box());
        CPPUNIT_ASSERT(other.takeRecordLock());
        const auto transaction = server.transaction({});
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        CPPUNIT_ASSERT_THROW(transaction->persist(), mpsmtp::Error);
        transaction->abort();
    }

    void aStaleDotLockIsRemoved()
    {
        MboxServer server(box(), {{"lock_timeout", "50"}});
        makeDotLock(240);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("four minutes", 451u, server.deliver({}));
        makeDotLock(302);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("five minutes", 250u, server.deliver({}));
        CPPUNIT_ASSERT(!std::filesystem::exists(box() + ".lock"));
        CPPUNIT_ASSERT(server.host().logText().find("stale") != std::string::npos);
    }

    void theDotLockOfAKilledServerIsTakenOver()
    {
        MboxServer server(box(), {{"lock_timeout", "50"}});
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        std::filesystem::create_hard_link(_folder.path() + "/.box.mpsmtp", box() + ".lock");
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT(!std::filesystem::exists(box() + ".lock"));
    }

    /// A reader locks the mailbox that was made in its place, while we still write to the one that was moved.
    void aMovedFolderTakesItsLockAlong()
    {
        const std::string folder = _folder.path() + "/ann";
        const std::string aside = _folder.path() + "/aside";
        std::filesystem::create_directory(folder);
        MboxServer server(folder + "/box",
                          {},
                          [&](int, int)
                          {
                              if (std::filesystem::exists(aside))
                                  return 0;
                              std::filesystem::rename(folder, aside);
                              std::filesystem::create_directory(folder);
                              writeFile(folder + "/box", "");
                              writeFile(folder + "/box.lock", "a reader's");
                              return 0;
                          });
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_EQUAL(stored("Subject: one\n\nbody\n"), readFile(aside + "/box"));
        CPPUNIT_ASSERT_EQUAL(std::string("a reader's"), readFile(folder + "/box.lock"));
        CPPUNIT_ASSERT(!std::filesystem::exists(aside + "/box.lock"));
    }

    /// It took ours for forgotten, on a disk that needs minutes.
    void aDotLockThatAnotherHasTakenStays()
    {
        MboxServer server(box(),
                          {},
                          [this](int, int)
                          {
                              std::filesystem::remove(box() + ".lock");
                              writeFile(box() + ".lock", "another's");
                              return 0;
                          });
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_EQUAL(std::string("another's"), readFile(box() + ".lock"));
    }

    /// The file that is locked is not the one in the folder where the dot-lock would be.
    void aFolderThatComesMeanwhileIsAnotherOne()
    {
        const std::string folder = _folder.path() + "/ann";
        std::filesystem::create_directory(folder);
        writeFile(folder + "/box", "");
        const mpsmtp::mbox::MailboxPaths paths(folder + "/box");
        const auto file = mpsmtp::mbox::MailboxFile::open(paths.mailbox, {});
        MboxServer server(box());
        const mpsmtp::Log log = server.host().context().log;
        CPPUNIT_ASSERT(mpsmtp::mbox::MailboxLock::tryAcquire(*file, paths, true, log) != nullptr);
        std::filesystem::rename(folder, _folder.path() + "/aside");
        std::filesystem::create_directory(folder);
        writeFile(folder + "/box", "");
        CPPUNIT_ASSERT(mpsmtp::mbox::MailboxLock::tryAcquire(*file, paths, true, log) == nullptr);
        CPPUNIT_ASSERT(!std::filesystem::exists(folder + "/box.lock"));
        CPPUNIT_ASSERT_MESSAGE("nothing is left locked",
                               OtherProgram(_folder.path() + "/aside/box").takeRecordLock());
    }

    void dotLocksCanBeLeftOut()
    {
        MboxServer server(box(), {{"dot_lock", "0"}, {"lock_timeout", "50"}});
        writeFile(box() + ".lock", "");
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT(std::filesystem::exists(box() + ".lock"));
    }

    void aFolderWithoutRoomForADotLockDefersTheMail()
    {
        std::filesystem::create_directory(box() + ".lock");
        MboxServer server(box(), {{"lock_timeout", "50"}});
        CPPUNIT_ASSERT_EQUAL(451u, server.deliver({}));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(box()));
    }

private:
    [[nodiscard]] std::string box() const { return _folder.path() + "/box"; }

    void makeDotLock(int ageSeconds) const
    {
        writeFile(box() + ".lock", "");
        struct timespec times[2]{};
        times[0].tv_sec = times[1].tv_sec = ::time(nullptr) - ageSeconds;
        ::utimensat(AT_FDCWD, (box() + ".lock").c_str(), times, 0);
    }

    const TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxLockTest);

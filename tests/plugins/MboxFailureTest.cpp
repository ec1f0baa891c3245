// Failures while a mailbox is written: it must be as before, and the next mail must go in.
#include "MboxFixture.h"
#include "plugins/FileSizeLimit.h"
#include "plugins/SmallDisk.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cerrno>
#include <system_error>

using namespace mboxtest;

using mpsmtp::test::FileSizeLimit;
using mpsmtp::test::SmallDisk;

class MboxFailureTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxFailureTest);
    CPPUNIT_TEST(aFailedSyncTakesTheMessageBack);
    CPPUNIT_TEST(aFailedSyncOfTheFolderTakesTheFirstMessageBack);
    CPPUNIT_TEST(aFileThatCannotGrowTakesTheMessageBack);
    CPPUNIT_TEST(aLimitIsSeenBeforeAnythingIsCommitted);
    CPPUNIT_TEST(aDiskThatIsFullAtTheSyncIsAnsweredAsSuch);
    CPPUNIT_TEST(aNameThatCannotBeMadeDurableTakesTheMessageBack);
    CPPUNIT_TEST(aFolderThatCannotBeSyncedIsSyncedWithAll);
    CPPUNIT_TEST(aFullDiskIsSeenBeforeAnythingIsCommitted);
    CPPUNIT_TEST(mailUnderWayCountsAsSpaceTaken);
    CPPUNIT_TEST(aDiskThatFillsUpMeanwhileTakesTheMessageBack);
    CPPUNIT_TEST(octetsOfAProgramThatIgnoresLocksStay);
    CPPUNIT_TEST(aNoteThatCannotBeWrittenDefersTheMail);
    CPPUNIT_TEST(aMailboxThatCannotBeLockedIsSeenBeforeAnythingIsCommitted);
    CPPUNIT_TEST(aFolderThatVanishesDefersTheMail);
    CPPUNIT_TEST(oneMailboxThatFailsStopsTheTransaction);
    CPPUNIT_TEST_SUITE_END();

public:
    void aFailedSyncTakesTheMessageBack()
    {
        int error = 0;
        MboxServer server(box(), {}, [&error](int, int) { return error; });
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        error = EIO;
        CPPUNIT_ASSERT_EQUAL(451u, server.deliverContent({"b\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n"), readFile(box()));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(note()));
        CPPUNIT_ASSERT(server.host().logText().find("durable") != std::string::npos);
        error = 0;
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"c\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + stored("c\n"), readFile(box()));
    }

    void aFailedSyncOfTheFolderTakesTheFirstMessageBack()
    {
        int error = EIO;
        MboxServer server(
            box(), {}, [&error](int, int what) { return what == MPSMTP_SYNC_FOLDER ? error : 0; });
        CPPUNIT_ASSERT_EQUAL(451u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(box()));
        error = 0;
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"b\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("b\n"), readFile(box()));
    }

    void aFileThatCannotGrowTakesTheMessageBack()
    {
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        const auto transaction = prepared(server, {std::string(1000000, 'x')});
        {
            const FileSizeLimit limit(600000);
            CPPUNIT_ASSERT_EQUAL(452u, codeOfCommit(*transaction));
        }
        CPPUNIT_ASSERT_EQUAL(stored("a\n"), readFile(box()));
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"c\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + stored("c\n"), readFile(box()));
    }

    void aLimitIsSeenBeforeAnythingIsCommitted()
    {
        MboxServer server(box());
        const auto transaction = server.transaction(mail({std::string(1000000, 'x')}));
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        const FileSizeLimit limit(600000);
        CPPUNIT_ASSERT_THROW(transaction->persist(), mpsmtp::Error);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a small one fits", 250u, server.deliverContent({"a\r\n"}));
    }

    void aDiskThatIsFullAtTheSyncIsAnsweredAsSuch()
    {
        MboxServer server(box(), {}, [](int, int) { return ENOSPC; });
        CPPUNIT_ASSERT_EQUAL(452u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(box()));
    }

    void aNameThatCannotBeMadeDurableTakesTheMessageBack()
    {
        struct Row
        {
            int error;
            unsigned code;
        };

        const std::string before = "From x@y Thu Jan  1 00:00:00 1970\n\nz\n\n";
        for (const Row& row : {Row{EIO, 451}, Row{ENOSPC, 452}, Row{EDQUOT, 452}})
        {
            writeFile(box(), before);
            const auto failsForFolders = [&row](int, int what)
            { return what == MPSMTP_SYNC_FOLDER ? row.error : 0; };
            MboxServer server(box(), {}, failsForFolders);
            CPPUNIT_ASSERT_EQUAL(row.code, server.deliverContent({"a\r\n"}));
            CPPUNIT_ASSERT_EQUAL(before, readFile(box()));
        }
    }

    /// As in a spool where everybody may make files, and none may list them.
    void aFolderThatCannotBeSyncedIsSyncedWithAll()
    {
        std::vector<int> kinds;
        const auto refusesFolders = [&kinds](int, int what)
        {
            kinds.push_back(what);
            return what == MPSMTP_SYNC_FOLDER ? EACCES : 0;
        };
        MboxServer server(box(), {}, refusesFolders);
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"b\r\n"}));
        CPPUNIT_ASSERT(
            (std::vector<int>{
                MPSMTP_SYNC_DATA, MPSMTP_SYNC_FOLDER, MPSMTP_SYNC_FILE_SYSTEM, MPSMTP_SYNC_DATA}) ==
            kinds);
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + stored("b\n"), readFile(box()));
    }

    void aFullDiskIsSeenBeforeAnythingIsCommitted()
    {
        const SmallDisk disk;
        if (!disk.isMounted())
            return;
        MboxServer server(disk / "box");
        const auto large = server.transaction(mail({std::string(100000, 'x')}));
        CPPUNIT_ASSERT_EQUAL(250u, large->stage());
        CPPUNIT_ASSERT_THROW(large->persist(), mpsmtp::Error);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("a small one fits", 250u, server.deliverContent({"a\r\n"}));
    }

    void mailUnderWayCountsAsSpaceTaken()
    {
        const SmallDisk disk;
        if (!disk.isMounted())
            return;
        MboxServer server(disk / "box");
        const auto first = prepared(server, {std::string(40000, 'x')});
        const auto second = server.transaction(mail({std::string(40000, 'y')}));
        CPPUNIT_ASSERT_EQUAL(250u, second->stage());
        CPPUNIT_ASSERT_THROW(second->persist(), mpsmtp::Error);
        first->abort();
        second->persist();
        CPPUNIT_ASSERT_EQUAL(250u, codeOfCommit(*second));
    }

    void aDiskThatFillsUpMeanwhileTakesTheMessageBack()
    {
        const SmallDisk disk;
        if (!disk.isMounted())
            return;
        MboxServer server(disk / "box");
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        const auto transaction = prepared(server, {std::string(40000, 'x')});
        writeFile(disk / "other", std::string(30000, 'z'));
        CPPUNIT_ASSERT_EQUAL(452u, codeOfCommit(*transaction));
        CPPUNIT_ASSERT_EQUAL(stored("a\n"), readFile(disk / "box"));
        std::filesystem::remove(disk / "other");
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"c\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + stored("c\n"), readFile(disk / "box"));
    }

    void octetsOfAProgramThatIgnoresLocksStay()
    {
        const std::string foreign = "From x@y Thu Jan  1 00:00:00 1970\n\nz\n\n";
        MboxServer server(box(),
                          {},
                          [&](int, int)
                          {
                              std::ofstream(box(), std::ios::app | std::ios::binary) << foreign;
                              return EIO;
                          });
        CPPUNIT_ASSERT_EQUAL(451u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + foreign, readFile(box()));
    }

    void aNoteThatCannotBeWrittenDefersTheMail()
    {
        std::filesystem::create_directory(note());
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(451u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(box()));
    }

    void aMailboxThatCannotBeLockedIsSeenBeforeAnythingIsCommitted()
    {
        std::filesystem::create_directory(note());
        MboxServer server(box());
        const auto transaction = server.transaction(mail({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        CPPUNIT_ASSERT_THROW(transaction->persist(), std::system_error);
        std::filesystem::remove(note());
        CPPUNIT_ASSERT_EQUAL_MESSAGE("afterwards", 250u, server.deliverContent({"a\r\n"}));
    }

    void aFolderThatVanishesDefersTheMail()
    {
        MboxServer server(_folder.path() + "/%{rcpt.domain}/%{rcpt.user}");
        const auto transaction = prepared(server, {"a\r\n"});
        std::filesystem::remove_all(_folder.path() + "/example.com");
        CPPUNIT_ASSERT_EQUAL(451u, codeOfCommit(*transaction));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("made again", 250u, server.deliverContent({"a\r\n"}));
    }

    void oneMailboxThatFailsStopsTheTransaction()
    {
        MboxServer server(_folder.path() + "/%{rcpt.user}");
        std::filesystem::create_directory(_folder.path() + "/bad");
        Mail two;
        two.recipients = {"good@x", "bad@x"};
        CPPUNIT_ASSERT_EQUAL(451u, server.deliver(two));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(_folder.path() + "/good"));
    }

private:
    [[nodiscard]] std::string box() const { return _folder.path() + "/box"; }

    [[nodiscard]] std::string note() const { return _folder.path() + "/.box.mpsmtp"; }

    static Mail mail(std::vector<std::string> segments)
    {
        Mail made;
        made.segments = std::move(segments);
        return made;
    }

    static std::unique_ptr<Transaction> prepared(MboxServer& server,
                                                 std::vector<std::string> segments)
    {
        auto transaction = server.transaction(mail(std::move(segments)));
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        transaction->persist();
        return transaction;
    }

    static unsigned codeOfCommit(Transaction& transaction)
    {
        try
        {
            transaction.commit();
        }
        catch (const mpsmtp::Error& error)
        {
            return error.reply().code();
        }
        return 250;
    }

    const TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxFailureTest);

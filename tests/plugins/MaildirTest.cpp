#include "maildir/MaildirHandler.h"

#include "Paths.h"
#include "plugins/FileSizeLimit.h"
#include "plugins/HostileNames.h"
#include "plugins/SmallDisk.h"
#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace mpsmtp;
using mpsmtp::maildir::MaildirHandler;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;

class MaildirTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MaildirTest);
    CPPUNIT_TEST(mailIsStoredAsSentBelowOurFields);
    CPPUNIT_TEST(nothingIsSeenBeforeCommit);
    CPPUNIT_TEST(abortLeavesNoFile);
    CPPUNIT_TEST(dataIsDurableBeforeTheNameAndTheNameBeforeTheEnd);
    CPPUNIT_TEST(namesFollowTheSpecification);
    CPPUNIT_TEST(eachRecipientGetsAFile);
    CPPUNIT_TEST(equalFilesAreWrittenOnce);
    CPPUNIT_TEST(equalFilesOnAnotherDiskAreCopies);
    CPPUNIT_TEST(aMailboxThatMovesToAnotherDiskGetsADurableCopy);
    CPPUNIT_TEST(aThousandRecipientsNeedFewDescriptors);
    CPPUNIT_TEST(aMissingMailboxIsRefusedWhenItMayNotBeMade);
    CPPUNIT_TEST(detailsMayBeFolders);
    CPPUNIT_TEST(aLongNameIsRefusedForItsRecipientOnly);
    CPPUNIT_TEST(hostileAddressesStayInside);
    CPPUNIT_TEST(aMailboxRemovedWhileRunningIsMadeAgain);
    CPPUNIT_TEST(whatIsMissingBesideNewIsMadeAgain);
    CPPUNIT_TEST(aMailboxRemovedBetweenStageAndCommitIsMadeAgain);
    CPPUNIT_TEST(aMailboxRemovedWhileItIsOpenedIsMadeAgain);
    CPPUNIT_TEST(leftoversAreSweptAtFirstUse);
    CPPUNIT_TEST(aFailedFolderSyncTakesTheMailBack);
    CPPUNIT_TEST(aFailureHalfWayTakesAllMailBack);
    CPPUNIT_TEST(aFileInTheWayIsAnError);
    CPPUNIT_TEST(aFullDiskIsAnErrorThatLeavesNothing);
    CPPUNIT_TEST(aFailedWriteIsAnErrorThatLeavesNothing);
    CPPUNIT_TEST(modesAreAsConfigured);
    CPPUNIT_TEST(manyThreadsLoseNothing);
    CPPUNIT_TEST(pythonReadsTheMailbox);
    CPPUNIT_TEST(aWrongTemplateIsRefusedAtTheStart);
    CPPUNIT_TEST(hostNamesAreMadeFileNames);
    CPPUNIT_TEST_SUITE_END();

public:
    void mailIsStoredAsSentBelowOurFields()
    {
        TestMail mail(_host, "Subject: x\r\n\r\nbare\rCR, bare\nLF, \xFF\r\n");
        CPPUNIT_ASSERT(mail.rcpt("ben").deliveredBy(*_handler).failures().empty());
        CPPUNIT_ASSERT_EQUAL(TestMail::fields("sender@example.org", "ben@example.com") +
                                 "Subject: x\n\nbare\rCR, bare\nLF, \xFF\n",
                             onlyMailOf("example.com/ben"));
        CPPUNIT_ASSERT((std::vector<std::string>{"cur", "new", "tmp"}) ==
                       test::namesIn(_root / "example.com/ben"));
    }

    void nothingIsSeenBeforeCommit()
    {
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").stagedBy(*_handler);
        CPPUNIT_ASSERT(test::filesBelow(_root.path()).empty());
        stage.work->persist();
        CPPUNIT_ASSERT(test::filesBelow(_root.path()).empty());
        stage.work->commit();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, test::filesBelow(_root.path()).size());
    }

    void abortLeavesNoFile()
    {
        const std::size_t before = test::openDescriptors();
        for (const bool isPersisted : {false, true})
        {
            TestMail mail(_host);
            for (int i = 0; i < 50; ++i) // more than have descriptors
                mail.rcpt("ben" + std::to_string(i));
            Stage stage = mail.stagedBy(*_handler);
            if (isPersisted)
                stage.work->persist();
            stage.work->abort();
        }
        CPPUNIT_ASSERT(test::filesBelow(_root.path()).empty());
        CPPUNIT_ASSERT_EQUAL_MESSAGE("cached folders only", before + 50, test::openDescriptors());
    }

    void dataIsDurableBeforeTheNameAndTheNameBeforeTheEnd()
    {
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").rcpt("donna").stagedBy(*_handler);
        for (const char* folder : {"", "/example.com", "/example.com/ben", "/example.com/donna"})
            CPPUNIT_ASSERT_MESSAGE(folder, _host.folderSyncsOf(_root.path() + folder) >= 1);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, _host.dataSyncs());
        stage.work->persist();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _host.dataSyncs());
        _host.forgetSyncs();
        stage.work->commit();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _host.syncs().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "example.com/ben/new"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "example.com/donna/new"));
    }

    void namesFollowTheSpecification()
    {
        TestMail mail(_host);
        mail.rcpt("ben").deliveredBy(*_handler);
        const std::string name = test::namesIn(_root / "example.com/ben/new").front();
        long long seconds = 0;
        long microseconds = 0;
        long process = 0;
        unsigned long long device = 0;
        unsigned long long inode = 0;
        unsigned long long counter = 0;
        int uniqueEnd = 0;
        const int fields = std::sscanf(name.c_str(),
                                       "%lld.M%6ldP%ldV%llxI%llx_%llu.%n",
                                       &seconds,
                                       &microseconds,
                                       &process,
                                       &device,
                                       &inode,
                                       &counter,
                                       &uniqueEnd);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(name, 6, fields);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(name, static_cast<long>(::getpid()), process);
        const std::string size = std::to_string(onlyMailOf("example.com/ben").size());
        const std::string rest = maildir::hostForFileName(store::hostName()) + ",S=" + size;
        CPPUNIT_ASSERT_EQUAL(rest, name.substr(static_cast<std::size_t>(uniqueEnd)));
    }

    void eachRecipientGetsAFile()
    {
        TestMail mail(_host);
        mail.rcpt("ben").rcpt("donna").rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("once for each RCPT",
                                     std::size_t{2},
                                     test::namesIn(_root / "example.com/ben/new").size());
        CPPUNIT_ASSERT(onlyMailOf("example.com/donna").find("Delivered-To: donna@example.com\n") !=
                       std::string::npos);
    }

    void equalFilesAreWrittenOnce()
    {
        use({{"delivered_to", "0"}});
        TestMail mail(_host);
        mail.rcpt("ben").rcpt("donna").deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host2->dataSyncs());
        const auto files = test::filesBelow(_root.path());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, files.size());
        CPPUNIT_ASSERT(std::filesystem::equivalent(files[0], files[1]));
        CPPUNIT_ASSERT_EQUAL(std::string::npos, test::contentOf(files[0]).find("Delivered-To"));
    }

    void equalFilesOnAnotherDiskAreCopies()
    {
        const TestFolder other("/dev/shm");
        std::filesystem::create_directory(_root / "example.com");
        std::filesystem::create_directory_symlink(other.path(), _root / "example.com/donna");
        use({{"delivered_to", "0"}});
        TestMail mail(_host);
        mail.rcpt("ben").rcpt("donna").deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(onlyMailOf("example.com/ben"), onlyMailOf("example.com/donna"));
    }

    void aMailboxThatMovesToAnotherDiskGetsADurableCopy()
    {
        const TestFolder other("/dev/shm");
        const std::string mailbox = _root / "example.com/ben";
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").stagedBy(*_handler);
        stage.work->persist();
        std::filesystem::remove_all(mailbox);
        std::filesystem::create_directory_symlink(other.path(), mailbox);
        _host.forgetSyncs();
        stage.work->commit();
        CPPUNIT_ASSERT_EQUAL(TestMail::fields("sender@example.org", "ben@example.com") +
                                 "Subject: hello\n\nhey there!\n",
                             onlyMailOf("example.com/ben"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "unless TMPDIR is there too", std::size_t{1}, _host.dataSyncs());
    }

    void aThousandRecipientsNeedFewDescriptors()
    {
        const std::size_t before = test::openDescriptors();
        TestMail mail(_host);
        for (int i = 0; i < 1000; ++i)
            mail.rcpt("ben" + std::to_string(i));
        Stage stage = mail.stagedBy(*_handler);
        const std::size_t most = before + 256 + 32;
        CPPUNIT_ASSERT(test::openDescriptors() <= most);
        stage.work->persist();
        stage.work->commit();
        stage.work.reset();
        CPPUNIT_ASSERT(test::openDescriptors() <= most);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1000}, test::filesBelow(_root.path()).size());
        for (const std::string& file : test::filesBelow(_root.path()))
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                file,
                std::string("new"),
                std::filesystem::path(file).parent_path().filename().string());
    }

    void aMissingMailboxIsRefusedWhenItMayNotBeMade()
    {
        std::filesystem::create_directories(_root / "example.com/donna/new");
        use({{"create", "0"}});
        TestMail mail(_host);
        const Report report = mail.rcpt("ben").rcpt("donna").deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, report.failures().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, report.failures()[0].index);
        CPPUNIT_ASSERT_EQUAL(550u, report.failures()[0].reply.code());
        CPPUNIT_ASSERT_EQUAL(std::string("5.1.1"), report.failures()[0].reply.enhanced());
        CPPUNIT_ASSERT(!std::filesystem::exists(_root / "example.com/ben"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, test::namesIn(_root / "example.com/donna/new").size());
    }

    void detailsMayBeFolders()
    {
        use({{"detail", "folder"}, {"path", _root / "%{rcpt.domain}/%{rcpt.mailbox}"}});
        TestMail mail(_host);
        mail.rcpt("ben+lists").rcpt("ben+a.b/..").rcpt("ben").rcpt("ben+").deliveredBy(*_handler);
        CPPUNIT_ASSERT(
            (std::vector<std::string>{".a%2Eb%2F%2E%2E", ".lists", "cur", "new", "tmp"}) ==
            test::namesIn(_root / "example.com/ben"));
        CPPUNIT_ASSERT((std::vector<std::string>{"cur", "maildirfolder", "new", "tmp"}) ==
                       test::namesIn(_root / "example.com/ben/.lists"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, test::namesIn(_root / "example.com/ben/new").size());
        const std::string script =
            "import mailbox, sys; m = mailbox.Maildir(sys.argv[1], create=False); "
            "print(sorted(m.list_folders()), len(m.get_folder(\"lists\")))";
        CPPUNIT_ASSERT_EQUAL(std::string("['a%2Eb%2F%2E%2E', 'lists'] 1\n"),
                             test::python(script, _root / "example.com/ben"));
    }

    void aLongNameIsRefusedForItsRecipientOnly()
    {
        TestMail mail(_host);
        const Report report = mail.rcpt("ben").rcpt(std::string(100, '/')).deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, report.failures().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, report.failures()[0].index);
        CPPUNIT_ASSERT_EQUAL(553u, report.failures()[0].reply.code());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, test::filesBelow(_root.path()).size());
    }

    void hostileAddressesStayInside()
    {
        const auto all = test::hostileNames();
        const std::set<std::string> names(all.begin(), all.end());
        use({{"path", _root / "box/%{rcpt.user}"}});
        TestMail mail(_host);
        for (const std::string& name : names)
            mail.rcpt(name);
        CPPUNIT_ASSERT(mail.deliveredBy(*_handler).failures().empty());
        CPPUNIT_ASSERT((std::vector<std::string>{"box"}) == test::namesIn(_root.path()));
        CPPUNIT_ASSERT_EQUAL(names.size(), test::namesIn(_root / "box").size());
        CPPUNIT_ASSERT_EQUAL(names.size(), test::filesBelow(_root.path()).size());
        for (const std::string& box : test::namesIn(_root / "box"))
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                box, std::size_t{1}, test::namesIn(_root / "box/" + box + "/new").size());
    }

    void aMailboxRemovedWhileRunningIsMadeAgain()
    {
        TestMail mail(_host);
        mail.rcpt("ben").deliveredBy(*_handler);
        std::filesystem::remove_all(_root / "example.com");
        mail.deliveredBy(*_handler);
        CPPUNIT_ASSERT(!onlyMailOf("example.com/ben").empty());
        CPPUNIT_ASSERT((std::vector<std::string>{"cur", "new", "tmp"}) ==
                       test::namesIn(_root / "example.com/ben"));
    }

    /// Readers want them, and so does a mail for many: its files have names in tmp/.
    void whatIsMissingBesideNewIsMadeAgain()
    {
        for (const int recipients : {1, 40})
        {
            TestMail mail(_host);
            for (int i = 0; i < recipients; ++i)
                mail.rcpt("ben" + std::to_string(i));
            mail.deliveredBy(*_handler);
            for (int i = 0; i < recipients; ++i)
                for (const char* part : {"/cur", "/tmp"})
                    std::filesystem::remove(_root / ("example.com/ben" + std::to_string(i) + part));
            mail.deliveredBy(*_handler);
            for (int i = 0; i < recipients; ++i)
                CPPUNIT_ASSERT((std::vector<std::string>{"cur", "new", "tmp"}) ==
                               test::namesIn(_root / ("example.com/ben" + std::to_string(i))));
        }
    }

    void aMailboxRemovedBetweenStageAndCommitIsMadeAgain()
    {
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").stagedBy(*_handler);
        stage.work->persist();
        std::filesystem::remove_all(_root / "example.com");
        stage.work->commit();
        CPPUNIT_ASSERT(!onlyMailOf("example.com/ben").empty());
    }

    /// By another program, when new/ has been opened already: the last of three folders to be made durable.
    void aMailboxRemovedWhileItIsOpenedIsMadeAgain()
    {
        TestMail(_host).rcpt("ben").deliveredBy(*_handler);
        use({}); // knows nothing of the mailbox yet
        int syncs = 0;
        _host2->onSync(
            [&](const TestHost::Sync& sync)
            {
                if (sync.path == _root / "example.com/ben" && ++syncs == 3)
                    std::filesystem::remove_all(sync.path);
            });
        TestMail(*_host2).rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT(syncs > 3);
        CPPUNIT_ASSERT(!onlyMailOf("example.com/ben").empty());
    }

    void leftoversAreSweptAtFirstUse()
    {
        std::filesystem::create_directories(_root / "example.com/ben/tmp");
        const std::string leftover =
            _root / "example.com/ben/tmp/.mpsmtp-" + store::hostName() + "-999999999.1-1";
        test::writeFile(leftover, "torn");
        TestMail(_host).rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT(!std::filesystem::exists(leftover));
    }

    void aFailedFolderSyncTakesTheMailBack()
    {
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").rcpt("donna").stagedBy(*_handler);
        stage.work->persist();
        _host.failSync(2, EIO);
        CPPUNIT_ASSERT_THROW(stage.work->commit(), std::system_error);
        CPPUNIT_ASSERT(test::filesBelow(_root.path()).empty());
    }

    void aFailureHalfWayTakesAllMailBack()
    {
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").rcpt("donna").stagedBy(*_handler);
        stage.work->persist();
        std::filesystem::remove_all(_root / "example.com/donna");
        test::writeFile(_root / "example.com/donna", "a file");
        CPPUNIT_ASSERT_THROW(stage.work->commit(), std::system_error);
        CPPUNIT_ASSERT((std::vector<std::string>{_root / "example.com/donna"}) ==
                       test::filesBelow(_root.path()));
    }

    void aFileInTheWayIsAnError()
    {
        test::writeFile(_root / "example.com", "a file");
        TestMail mail(_host);
        mail.rcpt("ben");
        CPPUNIT_ASSERT_THROW(mail.deliveredBy(*_handler), std::system_error);
    }

    void aFullDiskIsAnErrorThatLeavesNothing()
    {
        const test::SmallDisk disk;
        if (!disk.isMounted())
            return;
        use({{"path", disk / "%{rcpt.user}"}});
        TestMail large(_host, std::string(200000, 'x'));
        try
        {
            large.rcpt("ben").deliveredBy(*_handler);
            CPPUNIT_FAIL("no error");
        }
        catch (const std::system_error& error)
        {
            CPPUNIT_ASSERT_EQUAL(ENOSPC, error.code().value());
        }
        CPPUNIT_ASSERT(test::filesBelow(disk / "").empty());
        TestMail small(_host);
        small.rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, test::filesBelow(disk / "").size());
    }

    void aFailedWriteIsAnErrorThatLeavesNothing()
    {
        TestMail mail(_host, std::string(5000, 'x'));
        {
            const test::FileSizeLimit limit(1000);
            CPPUNIT_ASSERT_THROW(mail.rcpt("ben").rcpt("donna").deliveredBy(*_handler),
                                 std::system_error);
        }
        CPPUNIT_ASSERT(test::filesBelow(_root.path()).empty());
    }

    void modesAreAsConfigured()
    {
        use({{"mode", std::to_string(0660)}});
        TestMail mail(_host);
        mail.rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(0660u, test::modeOf(test::filesBelow(_root.path()).front()));
        CPPUNIT_ASSERT_EQUAL(0770u, test::modeOf(_root / "example.com/ben/new"));
        CPPUNIT_ASSERT_EQUAL(0770u, test::modeOf(_root / "example.com"));
    }

    void manyThreadsLoseNothing()
    {
        constexpr int threadCount = 8;
        constexpr int mailsEach = 50;
        std::vector<std::thread> threads;
        for (int t = 0; t < threadCount; ++t)
        {
            threads.emplace_back(
                [this]
                {
                    TestMail mail(_host);
                    mail.rcpt("ben");
                    for (int i = 0; i < mailsEach; ++i)
                        mail.deliveredBy(*_handler);
                });
        }
        for (std::thread& thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(std::size_t{threadCount * mailsEach},
                             test::namesIn(_root / "example.com/ben/new").size());
    }

    void pythonReadsTheMailbox()
    {
        for (const std::string& file : test::filesBelow(test::inSource("/tests/data/corpus")))
        {
            std::filesystem::remove_all(_root / "example.com");
            TestMail mail(_host, test::contentOf(file));
            mail.rcpt("ben").deliveredBy(*_handler);
            const std::string script =
                "import mailbox, sys; m = mailbox.Maildir(sys.argv[1], create=False); "
                "k = m.keys(); assert len(k) == 1; m[k[0]]; "
                "sys.stdout.buffer.write(m.get_bytes(k[0]))";
            std::string expected =
                TestMail::fields("sender@example.org", "ben@example.com") + withLf(mail.content());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                file, expected, test::python(script, _root / "example.com/ben"));
        }
    }

    void aWrongTemplateIsRefusedAtTheStart()
    {
        CPPUNIT_ASSERT_THROW(use({{"path", _root / "%{rcpt.usr}"}}), std::invalid_argument);
    }

    void hostNamesAreMadeFileNames()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("a\\057b\\072c\\054d.example"),
                             maildir::hostForFileName("a/b:c,d.example"));
    }

private:
    void use(const TestHost::Options& changes)
    {
        auto options = test::storeOptions(_root / "%{rcpt.domain}/%{rcpt.user}");
        for (const auto& [key, value] : changes)
            options[key] = value;
        _handler.reset();
        _host2 = std::make_unique<TestHost>(options);
        _handler = std::make_unique<MaildirHandler>(_host2->context());
    }

    [[nodiscard]] std::string onlyMailOf(const std::string& mailbox) const
    {
        const auto names = test::namesIn(_root / mailbox + "/new");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(mailbox, std::size_t{1}, names.size());
        return test::contentOf(_root / mailbox + "/new/" + names.front());
    }

    static std::string withLf(std::string text)
    {
        for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos; ++at)
            text.erase(at, 1);
        return text;
    }

    const TestFolder _root;
    TestHost _host{test::storeOptions(_root / "%{rcpt.domain}/%{rcpt.user}")};
    std::unique_ptr<TestHost> _host2;
    std::unique_ptr<MaildirHandler> _handler = std::make_unique<MaildirHandler>(_host.context());
};

CPPUNIT_TEST_SUITE_REGISTRATION(MaildirTest);

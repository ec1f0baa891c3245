#include "mh/MhHandler.h"

#include "Paths.h"
#include "plugins/FileSizeLimit.h"
#include "plugins/HostileNames.h"
#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace mpsmtp;
using mpsmtp::mh::MhHandler;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;

class MhTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MhTest);
    CPPUNIT_TEST(mailIsNumberedFromOne);
    CPPUNIT_TEST(numbersGoOnBehindTheGreatest);
    CPPUNIT_TEST(abortLeavesNoMailAndUsesNoNumber);
    CPPUNIT_TEST(otherWritersAreNeverOverwritten);
    CPPUNIT_TEST(aFolderFilledByOthersIsReadAgain);
    CPPUNIT_TEST(threadsAndOtherWritersShareAFolder);
    CPPUNIT_TEST(aRemovedFolderBeginsAnew);
    CPPUNIT_TEST(eachRecipientGetsAFile);
    CPPUNIT_TEST(hostileAddressesStayInside);
    CPPUNIT_TEST(aMissingFolderIsRefusedWhenItMayNotBeMade);
    CPPUNIT_TEST(aFailedWriteLeavesNothing);
    CPPUNIT_TEST(aFailedSyncTakesTheMailBack);
    CPPUNIT_TEST(onlyItsOwnMailIsTakenBack);
    CPPUNIT_TEST(leftoversAreSweptAtFirstUse);
    CPPUNIT_TEST(sequencesOfReadersAreLeftAlone);
    CPPUNIT_TEST(pythonReadsTheFolder);
    CPPUNIT_TEST(aFolderIsReadOnceOnly);
    CPPUNIT_TEST_SUITE_END();

public:
    void mailIsNumberedFromOne()
    {
        TestMail mail(_host, "Subject: x\r\n\r\ntext\r\n");
        mail.rcpt("ben");
        for (const std::string number : {"1", "2", "3"})
        {
            mail.deliveredBy(*_handler);
            CPPUNIT_ASSERT_EQUAL(TestMail::fields("sender@example.org", "ben@example.com") +
                                     "Subject: x\n\ntext\n",
                                 test::contentOf(_box + "/" + number));
        }
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences", "1", "2", "3"}) ==
                       test::namesIn(_box));
        CPPUNIT_ASSERT_EQUAL(std::string(), test::contentOf(_box + "/.mh_sequences"));
    }

    void numbersGoOnBehindTheGreatest()
    {
        std::filesystem::create_directories(_box +
                                            "/99"); // a folder in the folder takes a number too
        for (const char* name :
             {"3", "17", "x18", "18x", ",19", "#20", "-21", "+22", "99999999999999999999", "0"})
            test::writeFile(_box + "/" + name, "x");
        TestMail(_host).rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT(std::filesystem::exists(_box + "/100"));
    }

    void abortLeavesNoMailAndUsesNoNumber()
    {
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").stagedBy(*_handler);
        stage.work->persist();
        stage.work->abort();
        stage.work.reset();
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences"}) == test::namesIn(_box));
        mail.deliveredBy(*_handler);
        CPPUNIT_ASSERT(std::filesystem::exists(_box + "/1"));
    }

    void otherWritersAreNeverOverwritten()
    {
        TestMail mail(_host);
        mail.rcpt("ben").deliveredBy(*_handler);
        test::writeFile(_box + "/2", "of nmh");
        test::writeFile(_box + "/3", "of nmh");
        mail.deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(std::string("of nmh"), test::contentOf(_box + "/2"));
        CPPUNIT_ASSERT_EQUAL(std::string("of nmh"), test::contentOf(_box + "/3"));
        CPPUNIT_ASSERT(std::filesystem::exists(_box + "/4"));
    }

    void aFolderFilledByOthersIsReadAgain()
    {
        TestMail mail(_host);
        mail.rcpt("ben").deliveredBy(*_handler);
        for (int i = 2; i <= 500; ++i)
            test::writeFile(_box + "/" + std::to_string(i), "x");
        mail.deliveredBy(*_handler);
        CPPUNIT_ASSERT(std::filesystem::exists(_box + "/501"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{502}, test::namesIn(_box).size());
    }

    void threadsAndOtherWritersShareAFolder()
    {
        constexpr int threadCount = 8;
        constexpr int mailsEach = 50;
        MhHandler other(_host.context()); // counts for itself, as another process would
        std::vector<std::thread> threads;
        for (int t = 0; t < threadCount; ++t)
        {
            threads.emplace_back(
                [this, &other, t]
                {
                    TestMail mail(_host, std::to_string(t) + "\r\n");
                    mail.rcpt("ben");
                    for (int i = 0; i < mailsEach; ++i)
                        mail.deliveredBy(t % 2 == 0 ? *_handler : other);
                });
        }
        for (std::thread& thread : threads)
            thread.join();
        std::multiset<std::string> lastLines;
        for (const std::string& file : test::filesBelow(_box))
        {
            const std::string text = test::contentOf(file);
            lastLines.insert(text.substr(std::min(text.size(), text.size() - 2)));
        }
        for (int t = 0; t < threadCount; ++t)
            CPPUNIT_ASSERT_EQUAL(std::size_t{mailsEach}, lastLines.count(std::to_string(t) + "\n"));
        CPPUNIT_ASSERT(
            std::filesystem::exists(_box + "/" + std::to_string(threadCount * mailsEach)));
    }

    void aRemovedFolderBeginsAnew()
    {
        TestMail mail(_host);
        mail.rcpt("ben").deliveredBy(*_handler);
        mail.deliveredBy(*_handler);
        std::filesystem::remove_all(_box);
        mail.deliveredBy(*_handler);
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences", "1"}) == test::namesIn(_box));
        Stage stage = mail.stagedBy(*_handler);
        stage.work->persist();
        std::filesystem::remove_all(_box);
        stage.work->commit();
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences", "1"}) == test::namesIn(_box));
    }

    void eachRecipientGetsAFile()
    {
        TestMail mail(_host);
        mail.rcpt("ben").rcpt("ben").rcpt("donna").deliveredBy(*_handler);
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences", "1", "2"}) ==
                       test::namesIn(_box));
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences", "1"}) ==
                       test::namesIn(_root / "example.com/donna"));
    }

    void hostileAddressesStayInside()
    {
        const auto all = test::hostileNames();
        const std::set<std::string> names(all.begin(), all.end());
        TestMail mail(_host);
        for (const std::string& name : names)
            mail.rcpt(name);
        CPPUNIT_ASSERT(mail.deliveredBy(*_handler).failures().empty());
        CPPUNIT_ASSERT((std::vector<std::string>{"example.com"}) == test::namesIn(_root.path()));
        CPPUNIT_ASSERT_EQUAL(names.size(), test::namesIn(_root / "example.com").size());
        for (const std::string& box : test::namesIn(_root / "example.com"))
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                box, std::size_t{2}, test::namesIn(_root / "example.com/" + box).size());
    }

    void aMissingFolderIsRefusedWhenItMayNotBeMade()
    {
        auto options = test::storeOptions(_root / "%{rcpt.domain}/%{rcpt.user}");
        options["create"] = "0";
        TestHost host(options);
        MhHandler handler(host.context());
        TestMail mail(host);
        const Report report = mail.rcpt("ben").deliveredBy(handler);
        CPPUNIT_ASSERT_EQUAL(550u, report.failures().at(0).reply.code());
        CPPUNIT_ASSERT(test::namesIn(_root.path()).empty());
    }

    void aFailedWriteLeavesNothing()
    {
        TestMail mail(_host, std::string(5000, 'x'));
        {
            const test::FileSizeLimit limit(1000);
            CPPUNIT_ASSERT_THROW(mail.rcpt("ben").deliveredBy(*_handler), std::system_error);
        }
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences"}) == test::namesIn(_box));
    }

    void aFailedSyncTakesTheMailBack()
    {
        TestMail mail(_host);
        Stage stage = mail.rcpt("ben").stagedBy(*_handler);
        _host.failSync(1, EIO);
        CPPUNIT_ASSERT_THROW(stage.work->persist(), std::system_error);
        stage.work->persist();
        _host.failSync(1, EIO);
        CPPUNIT_ASSERT_THROW(stage.work->commit(), std::system_error);
        CPPUNIT_ASSERT((std::vector<std::string>{".mh_sequences"}) == test::namesIn(_box));
    }

    /// Somebody moves the mailbox meanwhile, and another mail has the number in the new one.
    void onlyItsOwnMailIsTakenBack()
    {
        for (const int recipients : {2, 40})
        {
            const std::string others = _root / "example.com/last";
            const TestFolder aside;
            TestMail mail(_host);
            mail.rcpt("ben");
            for (int i = 2; i < recipients; ++i)
                mail.rcpt("r" + std::to_string(i));
            Stage stage = mail.rcpt("last").stagedBy(*_handler);
            stage.work->persist();
            std::filesystem::remove_all(
                others); // its folder is made anew, and so synced, with the others in place
            _host.beforeSync(
                [&](const TestHost::Sync& sync)
                {
                    if (sync.path != _root / "example.com" || !std::filesystem::exists(_box + "/1"))
                        return;
                    _host.beforeSync({});
                    std::filesystem::rename(_box, aside / "ben");
                    std::filesystem::create_directory(_box);
                    test::writeFile(_box + "/1", "another mail");
                    _host.failSync(1, EIO);
                });
            CPPUNIT_ASSERT_THROW(stage.work->commit(), std::system_error);
            CPPUNIT_ASSERT_EQUAL(std::string("another mail"), test::contentOf(_box + "/1"));
            CPPUNIT_ASSERT_MESSAGE("ours", !std::filesystem::exists(aside / "ben/1"));
            CPPUNIT_ASSERT(!std::filesystem::exists(_root / "example.com/r2/1"));
            std::filesystem::remove_all(_root / "example.com");
        }
    }

    void leftoversAreSweptAtFirstUse()
    {
        std::filesystem::create_directories(_box);
        const std::string leftover = _box + "/.mpsmtp-" + store::hostName() + "-999999999.1-1";
        test::writeFile(leftover, "torn");
        TestMail(_host).rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT(!std::filesystem::exists(leftover));
    }

    void sequencesOfReadersAreLeftAlone()
    {
        std::filesystem::create_directories(_box);
        test::writeFile(_box + "/.mh_sequences", "cur: 1\n");
        TestMail(_host).rcpt("ben").deliveredBy(*_handler);
        CPPUNIT_ASSERT_EQUAL(std::string("cur: 1\n"), test::contentOf(_box + "/.mh_sequences"));
    }

    void pythonReadsTheFolder()
    {
        std::string expected;
        TestMail mail(_host);
        mail.rcpt("ben");
        for (const std::string& file : test::filesBelow(test::inSource("/tests/data/corpus")))
        {
            mail.content({test::contentOf(file)}).deliveredBy(*_handler);
            std::string text = mail.content();
            for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos; ++at)
                text.erase(at, 1);
            expected += TestMail::fields("sender@example.org", "ben@example.com") + text;
        }
        const std::string script =
            "import mailbox, sys; m = mailbox.MH(sys.argv[1], create=False); m.get_sequences(); "
            "[m[k] for k in m.keys()]; [sys.stdout.buffer.write(m.get_bytes(k)) for k in "
            "sorted(m.keys())]";
        CPPUNIT_ASSERT_EQUAL(expected, test::python(script, _box));
    }

    /// What makes a folder of 100,000 mails as fast as an empty one.
    void aFolderIsReadOnceOnly()
    {
        TestMail mail(_host);
        mail.rcpt("ben").deliveredBy(*_handler);
        test::writeFile(_box + "/1000", "of nmh");
        mail.deliveredBy(*_handler);
        CPPUNIT_ASSERT_MESSAGE("another look would have given 1001",
                               std::filesystem::exists(_box + "/2"));
    }

private:
    const TestFolder _root;
    const std::string _box = _root / "example.com/ben";
    TestHost _host{test::storeOptions(_root / "%{rcpt.domain}/%{rcpt.user}")};
    std::unique_ptr<MhHandler> _handler = std::make_unique<MhHandler>(_host.context());
};

CPPUNIT_TEST_SUITE_REGISTRATION(MhTest);

// maildir and mh with `durability = journal`: what is synced and when, and what a start finds and
// puts back after a power failure, whatever the kernel had written by then.
#include "common/journal/Format.h"
#include "maildir/MaildirHandler.h"
#include "mh/MhHandler.h"

#include "plugins/SmallDisk.h"
#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/mount.h>
#include <unistd.h>

using namespace mpsmtp;
using namespace mpsmtp::store::journal;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;

namespace
{

struct Format
{
    const char* name;
    std::function<std::unique_ptr<Handler>(const Context&)> make;
};

const std::vector<Format>& formats()
{
    static const std::vector<Format> both{
        {"maildir",
         [](const Context& context) { return std::make_unique<maildir::MaildirHandler>(context); }},
        {"mh", [](const Context& context) { return std::make_unique<mh::MhHandler>(context); }}};
    return both;
}

/// A store of one format, its server's life, and its journal's.
class Store
{
public:
    explicit Store(const Format& format,
                   const std::string& path = "%{rcpt.domain}/%{rcpt.user}",
                   TestHost::Options options = test::storeOptions(""))
        : _format(format), _host(withPath(std::move(options), _root / path))
    {
        _host.setDurability(MPSMTP_DURABILITY_JOURNAL);
        start();
    }

    [[nodiscard]] Handler& handler() { return *_handler; }

    [[nodiscard]] TestHost& host() { return _host; }

    [[nodiscard]] const std::string& root() const { return _root.path(); }

    void start()
    {
        _handler = _format.make(_host.context());
        _handler->start();
    }

    void deliver(const std::string& text, const std::vector<std::string>& to = {"ben"})
    {
        TestMail mail(_host, text);
        for (const std::string& local : to)
            mail.rcpt(local);
        CPPUNIT_ASSERT(mail.deliveredBy(*_handler).failures().empty());
    }

    /// The machine goes down now; `meanwhile` says what its disk looks like then. Another boot
    /// begins.
    void cutPower(const std::function<void()>& meanwhile = [] {})
    {
        std::map<std::string, std::string> journal;
        for (const std::string& path : journalFiles())
            journal[path] = test::contentOf(path);
        _handler.reset();
        for (const auto& [path, content] : journal)
            test::writeFile(path, ofAnotherBoot(content));
        meanwhile();
        start();
    }

    /// Paths of all mails.
    [[nodiscard]] std::vector<std::string> mails() const
    {
        auto files = test::filesBelow(_root.path());
        files.erase(std::remove_if(files.begin(),
                                   files.end(),
                                   [](const std::string& path)
                                   { return path.find("/.m") != std::string::npos; }),
                    files.end());
        return files;
    }

    /// The last line of each mail, sorted.
    [[nodiscard]] std::vector<std::string> bodies() const
    {
        std::vector<std::string> bodies;
        for (const std::string& path : mails())
        {
            const std::string text = test::contentOf(path);
            bodies.push_back(text.substr(text.find("\n\n") + 2));
        }
        std::sort(bodies.begin(), bodies.end());
        return bodies;
    }

    [[nodiscard]] std::vector<std::string> journalFiles() const
    {
        std::vector<std::string> files;
        for (const std::string& folder : {_root.path(), std::string(".")})
            for (const std::string& path : test::filesBelow(folder))
                if (path.find("-journal.") != std::string::npos)
                    files.push_back(path);
        return files;
    }

private:
    /// \param options  may have one already
    static TestHost::Options withPath(TestHost::Options options, const std::string& path)
    {
        if (options["path"].empty())
            options["path"] = path;
        return options;
    }

    static std::string ofAnotherBoot(const std::string& segment)
    {
        auto header = decodeHeader(segment);
        if (!header)
            return segment;
        header->bootId = "before";
        return encodeHeader(*header) + segment.substr(blockOctets);
    }

    const Format& _format;
    const TestFolder _root;
    TestHost _host;
    std::unique_ptr<Handler> _handler;
};

std::string mailOf(const std::string& body)
{
    return "Subject: x\r\n\r\n" + body;
}

using Strings = std::vector<std::string>;

/// As readers do.
void moveWithinMailbox(const std::string& mailbox)
{
    const bool isMaildir = std::filesystem::exists(mailbox + "/new");
    if (!isMaildir)
        std::filesystem::rename(mailbox + "/1", mailbox + "/7");
    for (const std::string& name : isMaildir ? test::namesIn(mailbox + "/new") : Strings())
        std::filesystem::rename(mailbox + "/new/" + name, mailbox + "/cur/" + name + ":2,S");
}

bool hasMail(const std::string& folder, const std::string& body)
{
    const auto paths = test::filesBelow(folder);
    return std::any_of(paths.begin(),
                       paths.end(),
                       [&](const std::string& path)
                       { return test::contentOf(path).find("\n\n" + body) != std::string::npos; });
}

} // namespace

class JournaledStoreTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(JournaledStoreTest);
    CPPUNIT_TEST(aMailCostsOneSync);
    CPPUNIT_TEST(theRecordIsDurableBeforeTheName);
    CPPUNIT_TEST(aLargeMailIsSyncedByItself);
    CPPUNIT_TEST(whatIsThereStays);
    CPPUNIT_TEST(whatIsMissingComesBack);
    CPPUNIT_TEST(whatIsTornIsReplaced);
    CPPUNIT_TEST(whatAReaderHasMovedStaysThere);
    CPPUNIT_TEST(equalMailsComeBackAsOftenAsTheyCame);
    CPPUNIT_TEST(aForeignFileOfTheNameStays);
    CPPUNIT_TEST(aRefusedMailDoesNotComeBack);
    CPPUNIT_TEST(aSecondStartChangesNothing);
    CPPUNIT_TEST(aStartWithoutJournalPutsBackToo);
    CPPUNIT_TEST(aCleanEndPutsNothingBack);
    CPPUNIT_TEST(aNameTakenMeanwhileIsNotedAnew);
    CPPUNIT_TEST(aMailboxOnAnotherDiskIsSyncedByItself);
    CPPUNIT_TEST(aMailboxThatMovesToAnotherDiskIsSyncedByItself);
    CPPUNIT_TEST(aCopyDoesNotComeTwice);
    CPPUNIT_TEST(aRemovedStoreGetsAJournalAgain);
    CPPUNIT_TEST(allMailInOneMailbox);
    CPPUNIT_TEST(aPathWithoutAFolderInFront);
    CPPUNIT_TEST(aMailThatTheJournalRefusedDoesNotComeTwice);
    CPPUNIT_TEST(aTornFileWithHolesIsReplaced);
    CPPUNIT_TEST(anOlderMailIsNotTakenForTheLostOne);
    CPPUNIT_TEST(aTornMailThatAReaderHasMovedIsReplacedThere);
    CPPUNIT_TEST(aRecordThatLeavesTheStoreIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void aMailCostsOneSync()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("first\r\n"));
            store.host().forgetSyncs();
            store.deliver(mailOf("second\r\n"), {"ben"});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(format.name, std::size_t{1}, store.host().syncs().size());
        }
    }

    void theRecordIsDurableBeforeTheName()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("first\r\n"));
            std::size_t seen = 99;
            bool isJournaled = false;
            store.host().onSync(
                [&](const TestHost::Sync& sync)
                {
                    seen = store.mails().size();
                    isJournaled = test::contentOf(sync.path).find("second\n") != std::string::npos;
                });
            store.deliver(mailOf("second\r\n"));
            store.host().onSync({});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(format.name, std::size_t{1}, seen);
            CPPUNIT_ASSERT_MESSAGE(format.name, isJournaled);
        }
    }

    void aLargeMailIsSyncedByItself()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("small\r\n"));
            store.host().forgetSyncs();
            store.deliver(mailOf(std::string(100'000, 'x') + "\r\n"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(format.name, std::size_t{1}, store.host().dataSyncs());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                format.name, std::size_t{2}, store.host().syncs().size()); // and the folder
        }
    }

    void whatIsThereStays()
    {
        forBoth([](Store&) {}, {"a\n", "b\n"});
    }

    void whatIsMissingComesBack()
    {
        forBoth([](Store& store) { std::filesystem::remove(store.mails().front()); },
                {"a\n", "b\n"});
        forBoth([](Store& store) { std::filesystem::remove_all(store.root() + "/example.com"); },
                {"a\n", "b\n"});
    }

    void whatIsTornIsReplaced()
    {
        forBoth([](Store& store) { std::filesystem::resize_file(store.mails().front(), 0); },
                {"a\n", "b\n"});
        forBoth([](Store& store) { std::filesystem::resize_file(store.mails().front(), 30); },
                {"a\n", "b\n"});
        const auto zeros = [](Store& store)
        {
            const std::string path = store.mails().front();
            const auto size = std::filesystem::file_size(path);
            std::filesystem::resize_file(path, 40);
            std::filesystem::resize_file(path, size);
        };
        forBoth(zeros, {"a\n", "b\n"});
    }

    void whatAReaderHasMovedStaysThere()
    {
        const auto move = [](Store& store)
        {
            const std::filesystem::path path = store.mails().front();
            const auto cur = path.parent_path().parent_path() / "cur";
            const bool isMaildir = std::filesystem::exists(cur);
            std::filesystem::rename(path,
                                    isMaildir ? cur / (path.filename().string() + ":2,S")
                                              : path.parent_path() / "77");
        };
        forBoth(move, {"a\n", "b\n"});
    }

    void equalMailsComeBackAsOftenAsTheyCame()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            for (int i = 0; i < 3; ++i)
                store.deliver(mailOf("same\r\n"));
            store.cutPower([&] { std::filesystem::remove(store.mails().front()); });
            CPPUNIT_ASSERT_EQUAL_MESSAGE(format.name, std::size_t{3}, store.mails().size());
        }
    }

    /// Only a number can be another program's: a maildir's names are never used twice.
    void aForeignFileOfTheNameStays()
    {
        Store store(formats()[1]);
        store.deliver(mailOf("a\r\n"));
        store.cutPower(
            [&]
            {
                std::filesystem::remove(store.mails().front());
                test::writeFile(store.root() + "/example.com/ben/1", "X: y\n\nforeign\n");
            });
        CPPUNIT_ASSERT((Strings{"a\n", "foreign\n"}) == store.bodies());
    }

    void aRefusedMailDoesNotComeBack()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            {
                TestMail mail(store.host(), mailOf("refused\r\n"));
                Stage stage = mail.rcpt("ben").stagedBy(store.handler());
                stage.work->persist();
                stage.work->abort();
            }
            store.deliver(mailOf("a\r\n"));
            store.cutPower();
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"a\n"}) == store.bodies());
        }
    }

    void aSecondStartChangesNothing()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("a\r\n"), {"ben", "eva"});
            store.cutPower([&] { std::filesystem::remove(store.mails().front()); });
            const Strings mails = store.mails();
            store.cutPower();
            CPPUNIT_ASSERT_MESSAGE(format.name, mails == store.mails());
        }
    }

    void aStartWithoutJournalPutsBackToo()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("a\r\n"));
            store.cutPower(
                [&]
                {
                    std::filesystem::remove(store.mails().front());
                    store.host().setDurability(MPSMTP_DURABILITY_FSYNC);
                });
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"a\n"}) == store.bodies());
        }
    }

    void aCleanEndPutsNothingBack()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("a\r\n"));
            store.handler().stop();
            store.cutPower([&] { std::filesystem::remove(store.mails().front()); });
            CPPUNIT_ASSERT_MESSAGE(format.name, store.mails().empty());
        }
    }

    void aNameTakenMeanwhileIsNotedAnew()
    {
        Store store(formats()[1]);
        store.deliver(mailOf("a\r\n"));
        {
            TestMail mail(store.host(), mailOf("b\r\n"));
            Stage stage = mail.rcpt("ben").stagedBy(store.handler());
            stage.work->persist();
            test::writeFile(store.root() + "/example.com/ben/2", "X: y\n\nforeign\n");
            stage.work->commit();
        }
        CPPUNIT_ASSERT((Strings{"a\n", "b\n", "foreign\n"}) == store.bodies());
        store.cutPower([&] { std::filesystem::remove(store.root() + "/example.com/ben/3"); });
        CPPUNIT_ASSERT((Strings{"a\n", "b\n", "foreign\n"}) == store.bodies());
        CPPUNIT_ASSERT(std::filesystem::exists(store.root() + "/example.com/ben/3"));
    }

    void aMailboxOnAnotherDiskIsSyncedByItself()
    {
        const TestFolder other("/dev/shm");
        for (const Format& format : formats())
        {
            Store store(format);
            std::filesystem::create_directories(store.root() + "/example.com");
            std::filesystem::create_directory(other / format.name);
            std::filesystem::create_directory_symlink(other / format.name,
                                                      store.root() + "/example.com/ben");
            store.host().forgetSyncs();
            store.deliver(mailOf("a\r\n"));
            CPPUNIT_ASSERT_MESSAGE(format.name, store.host().dataSyncs() != 0);
            for (const std::string& path : store.journalFiles())
                CPPUNIT_ASSERT_MESSAGE(format.name, test::contentOf(path).empty());
        }
    }

    /// The record is in the journal, whose checkpoint will not reach that disk.
    void aMailboxThatMovesToAnotherDiskIsSyncedByItself()
    {
        const test::SmallDisk disk("size=1m");
        if (!disk.isMounted())
            return;
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("a\r\n"));
            const std::string mailbox = store.root() + "/example.com/ben";
            const std::string other = disk / format.name;
            TestMail mail(store.host(), mailOf("b\r\n"));
            Stage stage = mail.rcpt("ben").stagedBy(store.handler());
            stage.work->persist();
            std::filesystem::copy(mailbox, other, std::filesystem::copy_options::recursive);
            std::filesystem::remove_all(mailbox);
            std::filesystem::create_directory_symlink(other, mailbox);
            store.host().forgetSyncs();
            stage.work->commit();
            const std::string folder = std::filesystem::exists(other + "/new") ? "/new" : "";
            CPPUNIT_ASSERT_MESSAGE(format.name, store.host().folderSyncsOf(other + folder) > 0);
            CPPUNIT_ASSERT_MESSAGE("the copy", store.host().dataSyncs() > 0);
            stage.work.reset();
            store.deliver(mailOf("c\r\n"),
                          {"donna"}); // and with its record the end of the first one
            store.cutPower(
                [&]
                {
                    for (const std::string& path : test::filesBelow(other))
                        std::filesystem::remove(path);
                });
            const auto bodies = store.bodies();
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"c\n"}) == bodies);
            CPPUNIT_ASSERT_MESSAGE("b is no matter of the journal's",
                                   !hasMail(other + folder, "b\n"));
        }
    }

    /// One file for two mailboxes, of which one lies behind a mount of the same file system: no link leads there.
    void aCopyDoesNotComeTwice()
    {
        for (const Format& format : formats())
        {
            auto options = test::storeOptions("");
            options["trace"] = options["delivered_to"] = "0";
            Store store(format, "%{rcpt.domain}/%{rcpt.user}", options);
            const std::string donna = store.root() + "/example.com/donna";
            const TestFolder elsewhere;
            std::filesystem::create_directories(donna);
            if (::mount(elsewhere.path().c_str(), donna.c_str(), nullptr, MS_BIND, nullptr) != 0)
                return; // this user may not
            store.deliver(mailOf("a\r\n"), {"ben", "donna"});
            store.cutPower([&] { moveWithinMailbox(donna); });
            const auto bodies = store.bodies();
            CPPUNIT_ASSERT_EQUAL(0, ::umount2(donna.c_str(), MNT_DETACH));
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"a\n", "a\n"}) == bodies);
        }
    }

    void aRemovedStoreGetsAJournalAgain()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("a\r\n"));
            for (const auto& entry : std::filesystem::directory_iterator(store.root()))
                std::filesystem::remove_all(entry.path());
            store.deliver(mailOf("b\r\n"));
            store.deliver(mailOf("c\r\n"));
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"b\n", "c\n"}) == store.bodies());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(format.name, std::size_t{2}, store.journalFiles().size());
        }
    }

    void allMailInOneMailbox()
    {
        for (const Format& format : formats())
        {
            Store store(format, "box");
            store.deliver(mailOf("a\r\n"), {"ben", "eva"});
            store.cutPower(
                [&]
                {
                    for (const std::string& path : store.mails())
                        std::filesystem::remove(path);
                });
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"a\n", "a\n"}) == store.bodies());
        }
    }

    void aPathWithoutAFolderInFront()
    {
        for (const Format& format : formats())
        {
            const TestFolder root;
            const auto before = std::filesystem::current_path();
            std::filesystem::current_path(root.path());
            Store store(format, "", test::storeOptions("%{rcpt.user}"));
            store.deliver(mailOf("a\r\n"));
            store.cutPower([&] { std::filesystem::remove_all("ben"); });
            const auto files = test::filesBelow(root / "ben");
            std::filesystem::current_path(before);
            CPPUNIT_ASSERT_MESSAGE(format.name, !files.empty());
        }
    }

    /// It was written and could not be synced: it may be on the disk, and the mail is stored without it.
    void aMailThatTheJournalRefusedDoesNotComeTwice()
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("a\r\n"));
            store.host().failSync(1, EIO);
            store.deliver(mailOf("b\r\n"));
            store.cutPower();
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"a\n", "b\n"}) == store.bodies());
        }
    }

    /// Without our own fields two mails may be equal to the octet.
    void anOlderMailIsNotTakenForTheLostOne()
    {
        TestHost::Options options = test::storeOptions("");
        options["trace"] = options["delivered_to"] = "0";
        for (const Format& format : formats())
        {
            Store store(format, "%{rcpt.domain}/%{rcpt.user}", options);
            store.deliver(mailOf("same\r\n"));
            store.handler().stop(); // a checkpoint: its record is gone
            store.deliver(mailOf("same\r\n"));
            store.cutPower([&] { std::filesystem::remove(store.mails().back()); });
            CPPUNIT_ASSERT_MESSAGE(format.name, (Strings{"same\n", "same\n"}) == store.bodies());
        }
    }

    void aTornMailThatAReaderHasMovedIsReplacedThere()
    {
        const auto moveAndTear = [](Store& store)
        {
            const std::filesystem::path path = store.mails().front();
            const auto cur = path.parent_path().parent_path() / "cur";
            const bool isMaildir = std::filesystem::exists(cur);
            const auto moved =
                isMaildir ? cur / (path.filename().string() + ":2,S") : path.parent_path() / "77";
            std::filesystem::rename(path, moved);
            std::filesystem::resize_file(moved, 0);
        };
        forBoth(moveAndTear, {"a\n", "b\n"});
    }

    /// Blocks reach the disk in any order.
    void aTornFileWithHolesIsReplaced()
    {
        const std::string body = std::string(2000, 'x') + "\n";
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf(std::string(2000, 'x') + "\r\n"));
            store.cutPower(
                [&]
                {
                    std::string text = test::contentOf(store.mails().front());
                    test::writeFile(store.mails().front(), text.replace(512, 1024, 1024, '\0'));
                });
            CPPUNIT_ASSERT_MESSAGE(format.name, Strings{body} == store.bodies());
        }
    }

    void aRecordThatLeavesTheStoreIsRefused()
    {
        for (const char* folder : {"../out", "/etc", "a/../../b", "a//b", "."})
        {
            Store store(formats()[1]);
            store.deliver(mailOf("a\r\n"));
            CPPUNIT_ASSERT_THROW_MESSAGE(
                folder,
                store.cutPower([&] { putRecord(store.journalFiles().front(), folder); }),
                std::runtime_error);
        }
    }

private:
    /// Two mails; then the power goes, and `damage` is what it does.
    static void forBoth(const std::function<void(Store&)>& damage, const Strings& expected)
    {
        for (const Format& format : formats())
        {
            Store store(format);
            store.deliver(mailOf("a\r\n"));
            store.deliver(mailOf("b\r\n"));
            store.cutPower([&] { damage(store); });
            CPPUNIT_ASSERT_MESSAGE(format.name, expected == store.bodies());
        }
    }

    static void putRecord(const std::string& path, const std::string& folder)
    {
        FilesRecord record;
        record.files = {{folder, "1", ""}};
        std::string payload;
        encode(record, payload);
        std::string segment = test::contentOf(path);
        const auto header = makeRecordHeader(decodeHeader(segment)->key,
                                             1,
                                             static_cast<std::uint32_t>(payload.size()),
                                             checksum(payload));
        const std::string octets = std::string(header.data(), header.size()) + payload;
        test::writeFile(path, segment.substr(0, blockOctets) + octets);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JournaledStoreTest);

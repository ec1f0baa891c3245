// Entries for journald: their form, and that neither their size nor a daemon that hangs, ends or was never there loses a word
// without another place for it.
#include "app/DaemonTarget.h"
#include "app/JournalRecord.h"
#include "app/LogSocket.h"

#include "FakeJournal.h"
#include "Program.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

using namespace mpsmtp;
using app::JournalRecord;
using app::JournalTarget;
using app::LogSocket;
using log::Field;
using Poco::Message;
using test::FakeJournal;

namespace
{

class Fallback : public app::LogTarget
{
public:
    void write(const Message& message, const log::FieldSource*) override
    {
        texts.push_back(message.getText());
    }

    std::vector<std::string> texts;
};

FakeJournal::Received entryOf(const Message& message, const log::Fields& fields)
{
    return FakeJournal::parse(JournalRecord(message, &fields).octets());
}

} // namespace

class JournalTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(JournalTest);
    CPPUNIT_TEST(anEntryHasTheUsualFieldsAndOurs);
    CPPUNIT_TEST(prioritiesAreSyslogs);
    CPPUNIT_TEST(whatDoesNotFitALineIsSentWithItsLength);
    CPPUNIT_TEST(listsAreFieldsOfTheSameName);
    CPPUNIT_TEST(anEntryThatIsTooLargeGoesAsASealedFile);
    CPPUNIT_TEST(aDaemonThatHangsIsGivenUpForAllTogether);
    CPPUNIT_TEST(aDaemonThatWasStartedAnewIsFoundAgain);
    CPPUNIT_TEST(whatTheDaemonDoesNotTakeGoesToTheFallback);
    CPPUNIT_TEST(syslogHasItsOwnForm);
    CPPUNIT_TEST_SUITE_END();

    void anEntryHasTheUsualFieldsAndOurs()
    {
        const auto entry = entryOf({"handler.tree", "stored", Message::PRIO_INFORMATION},
                                   {{Field::Transaction, "1abc"}, {Field::Size, std::uint64_t{7}}});

        const struct
        {
            const char* name;
            const char* value;
        } rows[] = {
            {"MESSAGE", "handler.tree: stored"},
            {"PRIORITY", "6"},
            {"SYSLOG_IDENTIFIER", "mpsmtpd"},
            {"SYSLOG_FACILITY", "2"},
            {"MPSMTP_SOURCE", "handler.tree"},
            {"MPSMTP_HANDLER", "tree"},
            {"MPSMTP_TRANSACTION", "1abc"},
            {"MPSMTP_SIZE", "7"},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.name, std::string(row.value), entry.at(row.name));
        CPPUNIT_ASSERT_EQUAL(std::to_string(::getpid()), entry.at("SYSLOG_PID"));
    }

    void prioritiesAreSyslogs()
    {
        const struct
        {
            Message::Priority priority;
            const char* number;
        } rows[] = {
            {Message::PRIO_CRITICAL, "2"},
            {Message::PRIO_ERROR, "3"},
            {Message::PRIO_WARNING, "4"},
            {Message::PRIO_NOTICE, "5"},
            {Message::PRIO_INFORMATION, "6"},
            {Message::PRIO_DEBUG, "7"},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL(std::string(row.number),
                                 entryOf({"net", "x", row.priority}, {}).at("PRIORITY"));
    }

    void whatDoesNotFitALineIsSentWithItsLength()
    {
        const std::string values[] = {"two\nlines",
                                      "\n",
                                      "a\nMESSAGE=forged\nPRIORITY=0",
                                      std::string("NUL\0here", 8),
                                      "\x1b[2J",
                                      "not UTF-8: \xff\xfe",
                                      "a=b",
                                      "tab\tstays",
                                      std::string(70'000, '\n')};
        for (const std::string& value : values)
        {
            const auto entry = entryOf({"net", "x", Message::PRIO_ERROR}, {{Field::Sender, value}});
            CPPUNIT_ASSERT_EQUAL(value, entry.at("MPSMTP_SENDER"));
            CPPUNIT_ASSERT_EQUAL(std::string("net: x"), entry.at("MESSAGE"));
        }
    }

    void listsAreFieldsOfTheSameName()
    {
        const auto entry = entryOf({"transaction", "x", Message::PRIO_INFORMATION},
                                   {{Field::Recipient, "a@x"}, {Field::Recipient, "b@x"}});
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, entry.count("MPSMTP_RECIPIENT"));
    }

    void anEntryThatIsTooLargeGoesAsASealedFile()
    {
        FakeJournal journal(path());
        LogSocket socket(path(), LogSocket::Large::Sealed);
        const std::string value(3'000'000, 'x');
        CPPUNIT_ASSERT_EQUAL(0, socket.send("MESSAGE=" + value + "\n"));
        CPPUNIT_ASSERT_EQUAL(value, journal.receive().at("MESSAGE"));
        CPPUNIT_ASSERT(journal.wasFile());
        CPPUNIT_ASSERT_EQUAL(0, socket.send("MESSAGE=y\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("y"), journal.receive().at("MESSAGE"));
        CPPUNIT_ASSERT(!journal.wasFile());
    }

    void aDaemonThatHangsIsGivenUpForAllTogether()
    {
        FakeJournal journal(path());
        LogSocket socket(path(), LogSocket::Large::Sealed);
        const auto begin = std::chrono::steady_clock::now();
        while (socket.send("MESSAGE=x\n") == 0)
            continue;
        for (int i = 0; i < 100; ++i)
            CPPUNIT_ASSERT_EQUAL(EAGAIN, socket.send("MESSAGE=x\n"));
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < 30 * app::Stall::patience);
        (void)journal.receive();
        CPPUNIT_ASSERT_EQUAL(0, socket.send("MESSAGE=y\n"));
    }

    void aDaemonThatWasStartedAnewIsFoundAgain()
    {
        LogSocket socket(path(), LogSocket::Large::Sealed);
        CPPUNIT_ASSERT_EQUAL(ENOENT, socket.send("MESSAGE=x\n"));
        {
            FakeJournal journal(path());
            CPPUNIT_ASSERT_EQUAL(0, socket.send("MESSAGE=x\n"));
        }
        CPPUNIT_ASSERT_EQUAL(ENOENT, socket.send("MESSAGE=x\n"));
        FakeJournal journal(path());
        CPPUNIT_ASSERT_EQUAL(0, socket.send("MESSAGE=y\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("y"), journal.receive().at("MESSAGE"));
    }

    void whatTheDaemonDoesNotTakeGoesToTheFallback()
    {
        Poco::AutoPtr<Fallback> fallback = new Fallback;
        Poco::AutoPtr<JournalTarget> target = new JournalTarget(path(), fallback);
        target->log({"net", "one", Message::PRIO_ERROR});
        target->log({"net", "two", Message::PRIO_ERROR});
        const std::vector<std::string> expected{
            "the journal takes nothing at " + path() +
                ": No such file or directory; until it does, the log goes to standard error",
            "one",
            "two"};
        CPPUNIT_ASSERT(expected == fallback->texts);
    }

    void syslogHasItsOwnForm()
    {
        FakeJournal daemon(path());
        Poco::AutoPtr<app::SyslogTarget> target =
            new app::SyslogTarget(path(),
                                  std::make_unique<app::BareLogFormatter>(),
                                  Poco::AutoPtr<app::LogTarget>(new Fallback));
        target->log({"net", "x", Message::PRIO_ERROR});
        const std::string record = daemon.receiveOctets();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(record, std::string("<19>"), record.substr(0, 4)); // mail.err
        const std::string rest = record.substr(4 + 15);                                 // the time
        CPPUNIT_ASSERT_EQUAL(" mpsmtpd[" + std::to_string(::getpid()) + "]: net: x", rest);
    }

    [[nodiscard]] std::string path() const { return _folder.path() + "/journal"; }

    test::TemporaryFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(JournalTest);

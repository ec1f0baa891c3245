// The log is changed while many threads write to it: each line is whole, and in one of the places.
#include "app/Logging.h"
#include "FakeJournal.h"
#include "Program.h"
#include "log/Entry.h"

#include <Poco/Logger.h>

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mpsmtp::app;
using mpsmtp::test::FakeJournal;
using mpsmtp::test::readFile;
using mpsmtp::test::TemporaryFolder;

namespace
{

/// Standard error goes to a file as long as it lives.
class StandardErrorIn
{
public:
    explicit StandardErrorIn(const std::string& path) : _before(::dup(STDERR_FILENO))
    {
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        CPPUNIT_ASSERT(file >= 0);
        ::dup2(file, STDERR_FILENO);
        ::close(file);
    }

    StandardErrorIn(const StandardErrorIn&) = delete;
    StandardErrorIn& operator=(const StandardErrorIn&) = delete;

    ~StandardErrorIn()
    {
        ::dup2(_before, STDERR_FILENO);
        ::close(_before);
    }

private:
    int _before;
};

} // namespace

class LoggingTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LoggingTest);
    CPPUNIT_TEST(linesAreWholeAndNoneIsLostWhileTheTargetChanges);
    CPPUNIT_TEST(aTargetThatCannotBeOpenedChangesNothing);
    CPPUNIT_TEST(aTargetThatStaysIsNotOpenedAnew);
    CPPUNIT_TEST(levelAndFormatChange);
    CPPUNIT_TEST(channelsAndHandlersHaveLevelsOfTheirOwn);
    CPPUNIT_TEST(theJournalHasFields);
    CPPUNIT_TEST(withoutAJournalTheLogGoesToStandardErrorAndSaysSo);
    CPPUNIT_TEST(standardErrorIsTheJournalOnlyIfItIs);
    CPPUNIT_TEST(aFileThatCouldNotBeOpenedAnewIsTriedAgain);
    CPPUNIT_TEST(whatAFullDiskHasLostIsToldEvenIfTheConfigurationChanges);
    CPPUNIT_TEST(whatNeitherJournalNorStandardErrorTookIsToldToTheJournal);
    CPPUNIT_TEST(standardErrorIsNotToldWhatTheFileHasLost);
    CPPUNIT_TEST_SUITE_END();

    void linesAreWholeAndNoneIsLostWhileTheTargetChanges()
    {
        constexpr int threads = 8;
        constexpr int lines = 300;
        Logging logging(at("0.log"));
        std::atomic<int> running{threads};
        std::vector<std::thread> writers;
        for (int i = 0; i < threads; ++i)
            writers.emplace_back(
                [&running]
                {
                    for (int line = 0; line < lines; ++line)
                        Poco::Logger::get("test").information("a line of text");
                    --running;
                });
        for (int turn = 1; running > 0; ++turn)
            logging.change(at(std::to_string(turn % 2) + ".log"));
        for (std::thread& writer : writers)
            writer.join();
        CPPUNIT_ASSERT_EQUAL(threads * lines, countWholeLines("0.log") + countWholeLines("1.log"));
    }

    void aTargetThatCannotBeOpenedChangesNothing()
    {
        Logging logging(at("x.log"));
        LoggingConfig wrong = at("none/x.log");
        wrong.format = LogFormat::Json;
        CPPUNIT_ASSERT_THROW(logging.change(wrong), std::system_error);
        Poco::Logger::get("test").information("a line of text");
        CPPUNIT_ASSERT_EQUAL(1, countWholeLines("x.log"));
    }

    void aTargetThatStaysIsNotOpenedAnew()
    {
        Logging logging(at("x.log"));
        CPPUNIT_ASSERT_EQUAL(0, std::rename(path("x.log").c_str(), path("y.log").c_str()));
        logging.change(at("x.log"));
        Poco::Logger::get("test").information("a line of text");
        CPPUNIT_ASSERT_EQUAL(1, countWholeLines("y.log"));
        logging.reopen();
        Poco::Logger::get("test").information("a line of text");
        CPPUNIT_ASSERT_EQUAL(1, countWholeLines("x.log"));
    }

    void levelAndFormatChange()
    {
        Logging logging(at("x.log"));
        Poco::Logger::get("test").debug("unseen");
        LoggingConfig next = at("x.log");
        next.level = Poco::Message::PRIO_DEBUG;
        next.format = LogFormat::Json;
        logging.change(next);
        Poco::Logger::get("test").debug("seen");
        Poco::Logger::get("made later").debug("seen too");
        const std::string text = readFile(path("x.log"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string::npos, text.find("unseen"));
        for (const char* part : {"\"text\":\"seen\"}\n", "\"text\":\"seen too\"}\n"})
            CPPUNIT_ASSERT_MESSAGE(text, text.find(part) != std::string::npos);
    }

    void channelsAndHandlersHaveLevelsOfTheirOwn()
    {
        LoggingConfig config = at("x.log");
        config.level = Poco::Message::PRIO_WARNING;
        config.levels = {{"net", Poco::Message::PRIO_DEBUG},
                         {"handler", Poco::Message::PRIO_ERROR},
                         {"handler.tree", Poco::Message::PRIO_DEBUG}};
        Logging logging(config);

        const struct
        {
            const char* why;
            const char* logger;
            bool isLogged;
        } rows[] = {
            {"by itself", "net", true},
            {"by default", "delivery", false},
            {"by the channel of all handlers", "handler.made-later", false},
            {"before the channel", "handler.tree", true},
            {"another one that begins so", "network", false},
            {"another handler that begins so", "handler.treetop", false},
        };

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.isLogged, Poco::Logger::get(row.logger).debug());
        config.levels.clear();
        logging.change(config);
        for (const auto& row : rows)
            CPPUNIT_ASSERT_MESSAGE(row.why, !Poco::Logger::get(row.logger).debug());
    }

    void theJournalHasFields()
    {
        FakeJournal journal(path("journal"));
        const Logging logging(toJournal());
        write(Poco::Logger::get("net"),
              Poco::Message::PRIO_ERROR,
              "broken",
              mpsmtp::log::Fields{{mpsmtp::log::Field::Client, "192.0.2.1"}});
        const auto entry = journal.receive();
        CPPUNIT_ASSERT_EQUAL(std::string("net: broken"), entry.at("MESSAGE"));
        CPPUNIT_ASSERT_EQUAL(std::string("3"), entry.at("PRIORITY"));
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.1"), entry.at("MPSMTP_CLIENT"));
    }

    void withoutAJournalTheLogGoesToStandardErrorAndSaysSo()
    {
        StandardErrorIn file(path("stderr"));
        const Logging logging(toJournal());
        Poco::Logger::get("net").error("one");
        Poco::Logger::get("net").error("two");
        FakeJournal journal(path("journal"));
        Poco::Logger::get("net").error("three");
        CPPUNIT_ASSERT_EQUAL(std::string("net: three"), journal.receive().at("MESSAGE"));
        CPPUNIT_ASSERT_EQUAL(
            std::string("server: the journal takes entries again; others are on standard error"),
            journal.receive().at("MESSAGE"));
        const std::string text = readFile(path("stderr"));
        for (const std::string& part :
             {"WARNING server: the journal takes nothing at " + path("journal") +
                  ": No such file or directory; until it does, the log goes to standard error\n",
              std::string("ERROR net: one\n"),
              std::string("ERROR net: two\n")})
            CPPUNIT_ASSERT_MESSAGE(text, text.find(part) != std::string::npos);
    }

    void standardErrorIsTheJournalOnlyIfItIs()
    {
        StandardErrorIn file(path("stderr"));
        struct stat status = {};
        CPPUNIT_ASSERT_EQUAL(0, ::fstat(STDERR_FILENO, &status));
        const std::string device = std::to_string(status.st_dev);
        const std::string inode = std::to_string(status.st_ino);
        CPPUNIT_ASSERT(isStandardErrorTheJournal(device + ":" + inode));
        for (const std::string& other :
             {std::string(), device, device + ":", device + ":" + inode + "1", "x" + device})
            CPPUNIT_ASSERT_MESSAGE(other, !isStandardErrorTheJournal(other));
        // It is, but its socket is not there: the priority goes in front of each line.
        LoggingConfig config = toJournal();
        config.target = "stderr";
        config.journalStream = device + ":" + inode;
        const Logging logging(config);
        Poco::Logger::get("net").warning("one");
        const std::string text = readFile(path("stderr"));
        CPPUNIT_ASSERT_MESSAGE(text, text.find("\n<4>net: one\n") != std::string::npos);
    }

    void aFileThatCouldNotBeOpenedAnewIsTriedAgain()
    {
        StandardErrorIn file(path("stderr"));
        std::filesystem::create_directory(path("logs"));
        Logging logging(at("logs/x.log"));
        std::filesystem::rename(path("logs"), path("gone"));
        CPPUNIT_ASSERT_THROW(logging.reopen(), std::system_error);
        CPPUNIT_ASSERT(logging.needsTending());
        Poco::Logger::get("test").information("a line of text");
        logging.tend();
        CPPUNIT_ASSERT_EQUAL(1, countWholeLines("gone/x.log"));
        std::filesystem::create_directory(path("logs"));
        logging.tend();
        CPPUNIT_ASSERT(!logging.needsTending());
        const std::string text = readFile(path("logs/x.log"));
        CPPUNIT_ASSERT_MESSAGE(text,
                               text.find("the log is open anew, after all") != std::string::npos);
        const std::string told = readFile(path("stderr"));
        CPPUNIT_ASSERT_MESSAGE(told, told.find("the old file stays in use") != std::string::npos);
    }

    void whatAFullDiskHasLostIsToldEvenIfTheConfigurationChanges()
    {
        StandardErrorIn file(path("stderr"));
        LoggingConfig full = at("x.log");
        full.target = "/dev/full";
        Logging logging(full);
        Poco::Logger::get("test").information("lost");
        full.format = LogFormat::Json;
        logging.change(full); // another target for the same file
        Poco::Logger::get("test").information("lost");
        CPPUNIT_ASSERT(logging.needsTending());
        logging.change(at("x.log"));
        Poco::Logger::get("test").information("a line of text");
        const std::string text = readFile(path("x.log"));
        const std::string told =
            "WARNING server: 2 lines of the log were lost: No space left on device\n";
        CPPUNIT_ASSERT_MESSAGE(text, text.find(told) != std::string::npos);
        CPPUNIT_ASSERT(!logging.needsTending());
    }

    void whatNeitherJournalNorStandardErrorTookIsToldToTheJournal()
    {
        StandardErrorIn file("/dev/full");
        const Logging logging(toJournal());
        Poco::Logger::get("net").error("one");
        Poco::Logger::get("net").error("two");
        FakeJournal journal(path("journal"));
        Poco::Logger::get("net").error("three");
        CPPUNIT_ASSERT_EQUAL(std::string("net: three"), journal.receive().at("MESSAGE"));
        auto entry = journal.receive(); // one and two, and that the journal takes nothing
        CPPUNIT_ASSERT_EQUAL(
            std::string("server: the journal takes entries again; others are on standard "
                        "error, but for 3 that were lost: No space left on device"),
            entry.at("MESSAGE"));
        CPPUNIT_ASSERT_EQUAL(std::string("3"), entry.at("MPSMTP_LOST"));
    }

    void standardErrorIsNotToldWhatTheFileHasLost()
    {
        StandardErrorIn file(path("stderr"));
        LoggingConfig full = at("x.log");
        full.target = "/dev/full";
        Logging logging(full);
        Poco::Logger::get("test").information("lost");
        CPPUNIT_ASSERT_THROW(logging.change(at("none/x.log")), std::system_error);
        logging.tend();
        const std::string text = readFile(path("stderr"));
        CPPUNIT_ASSERT_MESSAGE(text, text.find("cannot write the log /dev/full") != text.npos);
        CPPUNIT_ASSERT_MESSAGE(text, text.find("were lost") == text.npos);
    }

    [[nodiscard]] LoggingConfig toJournal() const
    {
        LoggingConfig config;
        config.target = "journal";
        config.journalSocket = path("journal");
        return config;
    }

    [[nodiscard]] std::string path(const std::string& name) const
    {
        return _folder.path() + "/" + name;
    }

    [[nodiscard]] LoggingConfig at(const std::string& name) const
    {
        LoggingConfig config;
        config.target = path(name);
        config.repeats.most = 0;
        return config;
    }

    [[nodiscard]] int countWholeLines(const std::string& name) const
    {
        std::istringstream text(readFile(path(name)));
        int count = 0;
        for (std::string line; std::getline(text, line); ++count)
            CPPUNIT_ASSERT_MESSAGE(line,
                                   line.size() > 26 &&
                                       line.find(" INFO test: a line of text") == line.size() - 26);
        return count;
    }

    TemporaryFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LoggingTest);

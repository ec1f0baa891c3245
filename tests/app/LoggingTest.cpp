// The log is changed while many threads write to it: each line is whole, and in one of the places.
#include "app/Logging.h"
#include "Program.h"

#include <Poco/Logger.h>

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace mpsmtp::app;
using mpsmtp::test::readFile;
using mpsmtp::test::TemporaryFolder;

class LoggingTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LoggingTest);
    CPPUNIT_TEST(linesAreWholeAndNoneIsLostWhileTheTargetChanges);
    CPPUNIT_TEST(aTargetThatCannotBeOpenedChangesNothing);
    CPPUNIT_TEST(aTargetThatStaysIsNotOpenedAnew);
    CPPUNIT_TEST(levelAndFormatChange);
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

    [[nodiscard]] std::string path(const std::string& name) const
    {
        return _folder.path() + "/" + name;
    }

    [[nodiscard]] LoggingConfig at(const std::string& name) const
    {
        LoggingConfig config;
        config.target = path(name);
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

// Where log lines go: a file that is appended to, opened anew, and never torn.
#include "app/LogOutput.h"

#include "app/Configuration.h"
#include "app/Logging.h"

#include <cppunit/extensions/HelperMacros.h>

#include <Poco/AutoPtr.h>
#include <Poco/Logger.h>
#include <Poco/TemporaryFile.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace mpsmtp::app;

namespace
{

std::string fileText(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Poco::Message message(const std::string& text)
{
    return {"test", text, Poco::Message::PRIO_INFORMATION};
}

} // namespace

class LogOutputTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LogOutputTest);
    CPPUNIT_TEST(linesAreAppended);
    CPPUNIT_TEST(reopenWritesToANewFile);
    CPPUNIT_TEST(reopenThatFailsKeepsTheOldFile);
    CPPUNIT_TEST(aFileThatCannotBeOpenedIsNamed);
    CPPUNIT_TEST(linesOfManyThreadsStayWhole);
    CPPUNIT_TEST(loggersFollowTheConfiguration);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _folder = Poco::TemporaryFile::tempName();
        std::filesystem::create_directory(_folder);
        _path = _folder + "/x.log";
    }

    void tearDown() override { std::filesystem::remove_all(_folder); }

private:
    void linesAreAppended()
    {
        std::ofstream(_path) << "old\n";
        Poco::AutoPtr<LogOutput> output = new LogOutput(_path);
        output->log(message("a"));
        output->log(message(""));
        output->log(message("b"));
        CPPUNIT_ASSERT_EQUAL(std::string("old\na\n\nb\n"), fileText(_path));
    }

    void reopenWritesToANewFile()
    {
        Poco::AutoPtr<LogOutput> output = new LogOutput(_path);
        output->log(message("a"));
        std::filesystem::rename(_path, _path + ".1");
        output->log(message("b"));
        output->reopen();
        output->log(message("c"));
        CPPUNIT_ASSERT_EQUAL(std::string("a\nb\n"), fileText(_path + ".1"));
        CPPUNIT_ASSERT_EQUAL(std::string("c\n"), fileText(_path));
    }

    void reopenThatFailsKeepsTheOldFile()
    {
        Poco::AutoPtr<LogOutput> output = new LogOutput(_path);
        std::filesystem::rename(_path, _path + ".1");
        std::filesystem::create_directory(_path);
        CPPUNIT_ASSERT_THROW(output->reopen(), std::system_error);
        output->log(message("a"));
        CPPUNIT_ASSERT_EQUAL(std::string("a\n"), fileText(_path + ".1"));
    }

    void aFileThatCannotBeOpenedIsNamed()
    {
        try
        {
            const Poco::AutoPtr<LogOutput> output = new LogOutput(_folder + "/none/x.log");
            CPPUNIT_FAIL("opened");
        }
        catch (const std::system_error& error)
        {
            CPPUNIT_ASSERT_EQUAL("cannot open the log file " + _folder +
                                     "/none/x.log: No such file or directory",
                                 std::string(error.what()));
        }
    }

    void linesOfManyThreadsStayWhole()
    {
        constexpr int threadCount = 4;
        constexpr int lineCount = 200;
        Poco::AutoPtr<LogOutput> output = new LogOutput(_path);
        std::vector<std::thread> threads;
        for (int i = 0; i < threadCount; ++i)
            threads.emplace_back(
                [&output, i]
                {
                    const std::string line(100, static_cast<char>('a' + i));
                    for (int j = 0; j < lineCount; ++j)
                        output->log(message(line));
                });
        for (auto& thread : threads)
            thread.join();
        std::ifstream file(_path);
        int count = 0;
        for (std::string line; std::getline(file, line); ++count)
            CPPUNIT_ASSERT_EQUAL(std::string(100, line.at(0)), line);
        CPPUNIT_ASSERT_EQUAL(threadCount * lineCount, count);
    }

    void loggersFollowTheConfiguration()
    {
        auto& early = Poco::Logger::get("LogOutputTest");
        LoggingConfig config;
        config.target = _path;
        config.format = LogFormat::Json;
        config.level = Poco::Message::PRIO_WARNING;
        {
            const Logging logging(config);
            early.information("hidden");
            early.warning("one");
            Poco::Logger::get("LogOutputTest.late").error("two");
        }
        early.warning("nowhere");
        const std::string text = fileText(_path);
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{2}, std::count(text.begin(), text.end(), '\n'));
        CPPUNIT_ASSERT(text.find("\"source\":\"LogOutputTest\",\"text\":\"one\"}\n") !=
                       std::string::npos);
        CPPUNIT_ASSERT(text.find("\"source\":\"LogOutputTest.late\",\"text\":\"two\"}\n") !=
                       std::string::npos);
    }

    std::string _folder;
    std::string _path;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogOutputTest);

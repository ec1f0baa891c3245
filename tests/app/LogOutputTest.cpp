// Where log lines go: a file that is appended to, opened anew, and never torn.
#include "app/LogOutput.h"

#include "app/Configuration.h"
#include "app/LogFormatter.h"
#include "app/LogTarget.h"
#include "app/Logging.h"

#include <cppunit/extensions/HelperMacros.h>

#include <Poco/Logger.h>
#include <Poco/TemporaryFile.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mpsmtp::app;

namespace
{

std::string fileText(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(LogOutput& output, const std::string& text)
{
    CPPUNIT_ASSERT_EQUAL(0, output.write(text + '\n'));
}

/// A pipe whose writing end is standard error for a moment.
class Pipe
{
public:
    Pipe() { CPPUNIT_ASSERT_EQUAL(0, ::pipe2(_ends.data(), O_CLOEXEC)); }

    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    ~Pipe()
    {
        for (const int end : _ends)
            ::close(end);
    }

    [[nodiscard]] std::shared_ptr<LogOutput> asStandardError() const
    {
        const int before = ::dup(STDERR_FILENO);
        ::dup2(_ends[1], STDERR_FILENO);
        auto output = std::make_shared<LogOutput>();
        ::dup2(before, STDERR_FILENO);
        ::close(before);
        return output;
    }

    /// All that is in it now.
    [[nodiscard]] std::string read() const
    {
        std::string text;
        pollfd input{_ends[0], POLLIN, 0};
        std::array<char, 4096> octets{};
        while (::poll(&input, 1, 0) > 0)
        {
            const ssize_t count = ::read(_ends[0], octets.data(), octets.size());
            if (count <= 0)
                break;
            text.append(octets.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

    [[nodiscard]] int writeEnd() const { return _ends[1]; }

private:
    std::array<int, 2> _ends{};
};

} // namespace

class LogOutputTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(LogOutputTest);
    CPPUNIT_TEST(linesAreAppended);
    CPPUNIT_TEST(reopenWritesToANewFile);
    CPPUNIT_TEST(reopenThatFailsKeepsTheOldFile);
    CPPUNIT_TEST(aFileThatCannotBeOpenedIsNamed);
    CPPUNIT_TEST(linesOfManyThreadsStayWhole);
    CPPUNIT_TEST(aFullDiskIsAnErrorAndNotTheEnd);
    CPPUNIT_TEST(aPipeThatNobodyReadsIsGivenUpAfterASecondAndForAllTogether);
    CPPUNIT_TEST(aNamedPipeWithoutAReaderIsRefusedAtOnce);
    CPPUNIT_TEST(aNamedPipeThatNobodyReadsIsGivenUpAsAnyOther);
    CPPUNIT_TEST(aLineThatWasTornIsFinishedFirst);
    CPPUNIT_TEST(aTornLineThatIsLostWithTheOldFileIsNoSecret);
    CPPUNIT_TEST(othersWhoShareAPipeSeeNoChange);
    CPPUNIT_TEST(whatWasLostIsTold);
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
        LogOutput output(_path);
        write(output, "a");
        write(output, "");
        write(output, "b");
        CPPUNIT_ASSERT_EQUAL(std::string("old\na\n\nb\n"), fileText(_path));
    }

    void reopenWritesToANewFile()
    {
        LogOutput output(_path);
        write(output, "a");
        std::filesystem::rename(_path, _path + ".1");
        write(output, "b");
        output.reopen();
        write(output, "c");
        CPPUNIT_ASSERT_EQUAL(std::string("a\nb\n"), fileText(_path + ".1"));
        CPPUNIT_ASSERT_EQUAL(std::string("c\n"), fileText(_path));
    }

    void reopenThatFailsKeepsTheOldFile()
    {
        LogOutput output(_path);
        std::filesystem::rename(_path, _path + ".1");
        std::filesystem::create_directory(_path);
        CPPUNIT_ASSERT_THROW(output.reopen(), std::system_error);
        write(output, "a");
        CPPUNIT_ASSERT_EQUAL(std::string("a\n"), fileText(_path + ".1"));
    }

    void aFileThatCannotBeOpenedIsNamed()
    {
        try
        {
            const LogOutput output(_folder + "/none/x.log");
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
        LogOutput output(_path);
        std::vector<std::thread> threads;
        for (int i = 0; i < threadCount; ++i)
            threads.emplace_back(
                [&output, i]
                {
                    const std::string line(100, static_cast<char>('a' + i));
                    for (int j = 0; j < lineCount; ++j)
                        write(output, line);
                });
        for (auto& thread : threads)
            thread.join();
        std::ifstream file(_path);
        int count = 0;
        for (std::string line; std::getline(file, line); ++count)
            CPPUNIT_ASSERT_EQUAL(std::string(100, line.at(0)), line);
        CPPUNIT_ASSERT_EQUAL(threadCount * lineCount, count);
    }

    void aFullDiskIsAnErrorAndNotTheEnd()
    {
        LogOutput output("/dev/full");
        CPPUNIT_ASSERT_EQUAL(ENOSPC, output.write("a\n"));
        CPPUNIT_ASSERT_EQUAL(ENOSPC, output.write("b\n"));
    }

    void aPipeThatNobodyReadsIsGivenUpAfterASecondAndForAllTogether()
    {
        Pipe pipe;
        const auto output = pipe.asStandardError();
        const auto begin = std::chrono::steady_clock::now();
        const std::string line(1000, 'x');
        while (output->write(line + "\n") == 0)
            continue;
        for (int i = 0; i < 100; ++i)
            CPPUNIT_ASSERT_EQUAL(EAGAIN, output->write(line));
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin >= Stall::patience);
        // Not 100 times as long; the rest is for a machine that is busy.
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - begin < 30 * Stall::patience);
        (void)pipe.read();
        CPPUNIT_ASSERT_EQUAL(0, output->write("again\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("again\n"), pipe.read());
    }

    /// Longer than what a pipe takes at once.
    void aNamedPipeWithoutAReaderIsRefusedAtOnce()
    {
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(_path.c_str(), 0600));
        try
        {
            const LogOutput output(_path);
            CPPUNIT_FAIL("opened");
        }
        catch (const std::system_error& error)
        {
            CPPUNIT_ASSERT_EQUAL("cannot open the log file " + _path +
                                     ": it is a pipe that nobody reads: No such device or address",
                                 std::string(error.what()));
        }
    }

    void aNamedPipeThatNobodyReadsIsGivenUpAsAnyOther()
    {
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(_path.c_str(), 0600));
        const int reader = ::open(_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        LogOutput output(_path);
        const std::string line(1000, 'x');
        int error = 0;
        for (int i = 0; error == 0 && i < 1000; ++i)
            error = output.write(line + '\n');
        CPPUNIT_ASSERT_EQUAL(EAGAIN, error);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("at once", EAGAIN, output.write(line + '\n'));
        ::close(reader);
        CPPUNIT_ASSERT_THROW_MESSAGE("nor does SIGHUP wait", output.reopen(), std::system_error);
    }

    void aLineThatWasTornIsFinishedFirst()
    {
        Pipe pipe;
        const auto output = pipe.asStandardError();
        const std::string line(200'000, 'x');
        CPPUNIT_ASSERT_EQUAL(0, output->write(line + "\n"));
        CPPUNIT_ASSERT_EQUAL(EAGAIN, output->write("lost\n"));
        std::string text;
        for (int i = 0; i < 100 && text.size() < line.size() + 1; ++i)
        {
            text += pipe.read();
            output->finish();
        }
        CPPUNIT_ASSERT_EQUAL(0, output->write("next\n"));
        text += pipe.read();
        CPPUNIT_ASSERT(line + "\nnext\n" == text);
    }

    void aTornLineThatIsLostWithTheOldFileIsNoSecret()
    {
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(_path.c_str(), 0600));
        const int reader = ::open(_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        LogOutput output(_path);
        CPPUNIT_ASSERT_EQUAL(0, output.write(std::string(200'000, 'x') + "\n"));
        std::filesystem::remove(_path);
        CPPUNIT_ASSERT_EQUAL(EAGAIN, output.reopen());
        CPPUNIT_ASSERT_EQUAL(0, output.reopen());
        write(output, "next");
        CPPUNIT_ASSERT_EQUAL(std::string("next\n"), fileText(_path));
        ::close(reader);
    }

    void othersWhoShareAPipeSeeNoChange()
    {
        Pipe pipe;
        const auto output = pipe.asStandardError();
        CPPUNIT_ASSERT_EQUAL(0, output->write("a\n"));
        CPPUNIT_ASSERT_EQUAL(0, ::fcntl(pipe.writeEnd(), F_GETFL) & O_NONBLOCK);
    }

    void whatWasLostIsTold()
    {
        Pipe pipe;
        const auto output = pipe.asStandardError();
        // The last page of a full pipe has room for short lines.
        for (const std::size_t size : {std::size_t{4096}, std::size_t{1}})
            while (output->write(std::string(size, 'x')) == 0)
                continue;
        Poco::AutoPtr<LineTarget> target =
            new LineTarget(output, std::make_unique<BareLogFormatter>());
        for (int i = 0; i < 7; ++i)
            target->log({"net", "lost", Poco::Message::PRIO_ERROR});
        (void)pipe.read();
        target->log({"net", "next", Poco::Message::PRIO_ERROR});
        CPPUNIT_ASSERT_EQUAL(
            std::string("server: 7 lines of the log were lost: nobody reads it\nnet: next\n"),
            pipe.read());
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

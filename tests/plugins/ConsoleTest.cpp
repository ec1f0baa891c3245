#include "console/ConsoleHandler.h"

#include "common/FileDescriptor.h"
#include "console/PeerField.h"
#include "console/TerminalText.h"

#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

using namespace mpsmtp;
using namespace mpsmtp::console;
using mpsmtp::store::FileDescriptor;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;

namespace
{

constexpr const char* begin = "---------- MESSAGE FOLLOWS ----------\n";
constexpr const char* end = "------------ END MESSAGE ------------\n";

struct Row
{
    const char* why;
    std::string input;
    std::string expected;
};

/// Reads a descriptor to its end, in a thread.
class Reader
{
public:
    explicit Reader(FileDescriptor fd) : _fd(std::move(fd)), _thread([this] { run(); }) {}

    [[nodiscard]] std::string text()
    {
        _thread.join();
        return _text;
    }

private:
    void run()
    {
        std::array<char, 1000> buffer{};
        for (ssize_t got = 0; (got = ::read(_fd.get(), buffer.data(), buffer.size())) > 0;)
            _text.append(buffer.data(), static_cast<std::size_t>(got));
    }

    FileDescriptor _fd;
    std::string _text;
    std::thread _thread;
};

struct Pipe
{
    explicit Pipe(int flags = O_CLOEXEC)
    {
        std::array<int, 2> ends{};
        CPPUNIT_ASSERT_EQUAL(0, ::pipe2(ends.data(), flags));
        in = FileDescriptor(ends[0]);
        out = FileDescriptor(ends[1]);
    }

    FileDescriptor in;
    FileDescriptor out;
};

} // namespace

class ConsoleTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ConsoleTest);
    CPPUNIT_TEST(messagesAreFramedAsTheSeedDid);
    CPPUNIT_TEST(thePeerFieldIsFoundHoweverTextIsCut);
    CPPUNIT_TEST(octetsAreRawWhereNoTerminalIs);
    CPPUNIT_TEST(aTerminalGetsNoControlOctets);
    CPPUNIT_TEST(terminalTextIsSafeHoweverItIsCut);
    CPPUNIT_TEST(aSummaryIsOneLine);
    CPPUNIT_TEST(messagesNeverInterleave);
    CPPUNIT_TEST(aReaderThatIsGoneIsAnErrorNotTheEnd);
    CPPUNIT_TEST(aSlowNonBlockingReaderGetsAll);
    CPPUNIT_TEST(aReaderThatTakesNothingIsAnErrorInTheEnd);
    CPPUNIT_TEST(optionsChooseFormatAndOutput);
    CPPUNIT_TEST_SUITE_END();

public:
    void messagesAreFramedAsTheSeedDid()
    {
        const std::string peer = "X-Peer: 192.0.2.1\n";
        const std::vector<Row> rows{
            {"header and body",
             "A: b\r\nC: d\r\n\r\ntext\r\n\r\nmore\r\n",
             "A: b\nC: d\n" + peer + "\ntext\n\nmore\n"},
            {"an empty line first", "\r\nhey there!\r\n", peer + "\nhey there!\n"},
            {"the seed's example", "hey there!\r\n\r\n", "hey there!\n" + peer + "\n"},
            {"no empty line", "hey there!\r\n", "hey there!\n" + peer},
            {"no line end", "hey there!", "hey there!\n" + peer},
            {"nothing", "", peer},
            {"bare newlines", "A: b\n\ntext\n", "A: b\n" + peer + "\ntext\n"},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, begin + row.expected + end, shown(row.input));
    }

    void thePeerFieldIsFoundHoweverTextIsCut()
    {
        const std::string text = "A: b\nC: d\n\ntext\n\nmore";
        for (std::size_t first = 0; first <= text.size(); ++first)
        {
            for (std::size_t second = first; second <= text.size(); ++second)
            {
                PeerField field("p");
                std::string out;
                field.append(text.substr(0, first), out);
                field.append(text.substr(first, second - first), out);
                field.append(text.substr(second), out);
                field.finish(out);
                CPPUNIT_ASSERT_EQUAL(std::string("A: b\nC: d\nX-Peer: p\n\ntext\n\nmore\n"), out);
            }
        }
    }

    void octetsAreRawWhereNoTerminalIs()
    {
        const std::string text("\n\x1B[2J\0\xFF\r\t", 9);
        CPPUNIT_ASSERT_EQUAL(std::string(begin) + "X-Peer: 192.0.2.1\n" + text + "\n" + end,
                             shown(text));
    }

    void aTerminalGetsNoControlOctets()
    {
        FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        CPPUNIT_ASSERT(::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0);
        FileDescriptor terminal(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
        termios settings{};
        CPPUNIT_ASSERT_EQUAL(0, ::tcgetattr(terminal.get(), &settings));
        ::cfmakeraw(&settings);
        CPPUNIT_ASSERT_EQUAL(0, ::tcsetattr(terminal.get(), TCSANOW, &settings));
        ConsoleHandler handler(ConsoleHandler::Format::Full, terminal.get());
        Reader reader(std::move(master));
        deliver(handler, "\r\n\x1B]0;title\x07 \xC3\xBC\tx\rback\r\ncut \xC3");
        terminal = FileDescriptor();
        const std::string expected =
            std::string(begin) +
            "X-Peer: 192.0.2.1\n\n\\x1b]0;title\\x07 \xC3\xBC\tx\\x0dback\ncut \\xc3\n" + end;
        CPPUNIT_ASSERT_EQUAL(expected, reader.text());
    }

    void terminalTextIsSafeHoweverItIsCut()
    {
        const std::string text = "a\\\xE2\x82\xAC\x1B\xE2\x80\xAE\n\xFF\xE2\x82";
        const std::string expected = "a\\\xE2\x82\xAC\\x1b\\xe2\\x80\\xae\n\\xff\\xe2\\x82";
        for (std::size_t first = 0; first <= text.size(); ++first)
        {
            for (std::size_t second = first; second <= text.size(); ++second)
            {
                TerminalText escaper(TerminalText::Form::Lines);
                std::string out;
                escaper.append(text.substr(0, first), out);
                escaper.append(text.substr(first, second - first), out);
                escaper.append(text.substr(second), out);
                escaper.finish(out);
                CPPUNIT_ASSERT_EQUAL(expected, out);
            }
        }
        CPPUNIT_ASSERT_EQUAL(std::string("a\\x0ab\\x5cx0a\\x09"), asLine("a\nb\\x0a\t"));
    }

    void aSummaryIsOneLine()
    {
        Pipe pipe;
        ConsoleHandler handler(ConsoleHandler::Format::Summary, pipe.out.get());
        TestHost host;
        TestMail mail(host, "12345");
        mail.from("a\x1B@a.com").rcpt("b", "a.com").rcpt("c", "a.com");
        show(handler, mail);
        mail.header("subject", " hello\r\n world\x07");
        show(handler, mail);
        pipe.out = FileDescriptor();
        const std::string line = "to=[b@a.com, c@a.com] from=<a\\x1b@a.com> size=5";
        CPPUNIT_ASSERT_EQUAL(line + "\n" + line + " subject=\"hello world\\x07\"\n",
                             Reader(std::move(pipe.in)).text());
    }

    void messagesNeverInterleave()
    {
        Pipe pipe;
        ConsoleHandler one(ConsoleHandler::Format::Full, pipe.out.get());
        ConsoleHandler two(ConsoleHandler::Format::Full, pipe.out.get());
        Reader reader(std::move(pipe.in));
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back(
                [&, t]
                {
                    deliver(t % 2 == 0 ? one : two,
                            "\n" + std::string(100000, static_cast<char>('a' + t)) + "\n");
                });
        for (std::thread& thread : threads)
            thread.join();
        pipe.out = FileDescriptor();
        const std::string text = reader.text();
        for (int t = 0; t < 8; ++t)
        {
            const std::string message =
                "X-Peer: 192.0.2.1\n\n" + std::string(100000, static_cast<char>('a' + t)) + "\n";
            CPPUNIT_ASSERT(text.find(begin + message + end) != std::string::npos);
        }
    }

    void aReaderThatIsGoneIsAnErrorNotTheEnd()
    {
        Pipe pipe;
        pipe.in = FileDescriptor();
        ConsoleHandler handler(ConsoleHandler::Format::Full, pipe.out.get());
        for (int turn = 0; turn < 2; ++turn)
            CPPUNIT_ASSERT_EQUAL(EPIPE, errorOf([&] { deliver(handler, "x\r\n"); }));
        sigset_t pending;
        CPPUNIT_ASSERT(::sigpending(&pending) == 0 && ::sigismember(&pending, SIGPIPE) == 0);
    }

    void aSlowNonBlockingReaderGetsAll()
    {
        Pipe pipe(O_CLOEXEC | O_NONBLOCK);
        (void)::fcntl(pipe.in.get(), F_SETFL, 0);
        ConsoleHandler handler(ConsoleHandler::Format::Full, pipe.out.get());
        Reader reader(std::move(pipe.in));
        const std::string body(1000000, 'x');
        deliver(handler, "\n" + body + "\n");
        pipe.out = FileDescriptor();
        CPPUNIT_ASSERT(reader.text() == begin + ("X-Peer: 192.0.2.1\n\n" + body + "\n") + end);
    }

    void aReaderThatTakesNothingIsAnErrorInTheEnd()
    {
        const Pipe pipe(O_CLOEXEC | O_NONBLOCK);
        const ConsoleOutput output(pipe.out.get(), std::chrono::milliseconds(1));
        CPPUNIT_ASSERT(!output.isTerminal());
        CPPUNIT_ASSERT_EQUAL(ETIMEDOUT, errorOf([&] { output.write(std::string(1000000, 'x')); }));
    }

    void optionsChooseFormatAndOutput()
    {
        const test::TestFolder folder;
        for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
        {
            TestHost host(
                {{"format", "summary"}, {"output", stream == STDOUT_FILENO ? "stdout" : "stderr"}});
            ConsoleHandler handler(host.context());
            const FileDescriptor before(::fcntl(stream, F_DUPFD_CLOEXEC, 3));
            const std::string file = folder / std::to_string(stream);
            (void)::dup2(
                FileDescriptor(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)).get(),
                stream);
            deliver(handler, "x");
            (void)::dup2(before.get(), stream);
            CPPUNIT_ASSERT_EQUAL(
                std::string("to=[ben@example.com] from=<sender@example.org> size=1\n"),
                test::contentOf(file));
        }
    }

private:
    static void show(ConsoleHandler& handler, TestMail& mail)
    {
        Envelope envelope = mail.envelope();
        Message message = mail.message();
        CPPUNIT_ASSERT(handler.deliver(envelope, mail.recipients(), message).failures().empty());
    }

    static void deliver(ConsoleHandler& handler, const std::string& content)
    {
        TestHost host;
        TestMail mail(host, content);
        mail.rcpt("ben");
        show(handler, mail);
    }

    static std::string shown(const std::string& content)
    {
        Pipe pipe;
        ConsoleHandler handler(ConsoleHandler::Format::Full, pipe.out.get());
        Reader reader(std::move(pipe.in));
        deliver(handler, content);
        pipe.out = FileDescriptor();
        return reader.text();
    }

    template <class Action>
    static int errorOf(Action&& action)
    {
        try
        {
            action();
        }
        catch (const std::system_error& error)
        {
            return error.code().value();
        }
        return 0;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConsoleTest);

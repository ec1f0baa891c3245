// A server killed with SIGKILL while it appends, many times: every acknowledged message is in the
// mailbox once and whole, and no part of another is.
#include "MboxFixture.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mboxtest;

namespace
{

constexpr std::uint32_t threads = 4;
constexpr std::uint32_t minimumRounds = 50;
constexpr std::uint32_t maximumRounds = 600;

/// Tells a message from all others, and its end from its middle. Every fifth one takes several
/// write(2).
std::string contentOf(std::uint32_t id)
{
    const std::size_t size = id % 5 == 0 ? 400000 : id % 3000;
    return "Id: " + std::to_string(id) + "\n\n" + std::string(size, 'x') + "\nFrom the end of " +
           std::to_string(id) + "\n";
}

/// One run of the server in a process of its own.
class Victim
{
public:
    Victim(const std::string& path, std::uint32_t firstId, bool syncs)
    {
        int ends[2];
        CPPUNIT_ASSERT_EQUAL(0, ::pipe2(ends, O_CLOEXEC));
        _pid = ::fork();
        if (_pid == 0)
        {
            run(path, firstId, syncs, ends[1]);
            ::_exit(0);
        }
        ::close(ends[1]);
        _acks = mpsmtp::store::FileDescriptor(ends[0]);
    }

    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;

    ~Victim() { kill(); }

    /// The next acknowledged message, or 0 when there is none any more. Id 0 is never used.
    [[nodiscard]] std::uint32_t readAck() const
    {
        std::uint32_t id = 0;
        return ::read(_acks.get(), &id, sizeof(id)) == sizeof(id) ? id : 0;
    }

    void kill()
    {
        if (_pid > 0)
        {
            ::kill(_pid, SIGKILL);
            ::waitpid(_pid, nullptr, 0);
        }
        _pid = -1;
    }

private:
    static void run(const std::string& path, std::uint32_t firstId, bool syncs, int acks)
    {
        MboxServer server(path,
                          {{"trace", "0"}, {"delivered_to", "0"}},
                          [syncs](int fd, int)
                          { return syncs && ::fdatasync(fd) != 0 ? errno : 0; });
        std::vector<std::thread> workers;
        for (std::uint32_t i = 0; i < threads; ++i)
        {
            workers.emplace_back(
                [&server, acks, id = firstId + i]() mutable
                {
                    for (;; id += threads)
                    {
                        if (server.deliverContent({contentOf(id)}) != 250 ||
                            ::write(acks, &id, sizeof(id)) != sizeof(id))
                            ::_exit(1);
                    }
                });
        }
        for (std::thread& worker : workers)
            worker.join();
    }

    pid_t _pid = -1;
    mpsmtp::store::FileDescriptor _acks;
};

/// How often each message is in the mailbox; fails the test if one of them is not whole.
std::map<std::uint32_t, unsigned> messagesIn(std::string_view mailbox)
{
    std::map<std::uint32_t, unsigned> counts;
    while (!mailbox.empty())
    {
        const std::size_t next = mailbox.find("\nFrom sender@");
        const std::string message(mailbox.substr(0, next == mailbox.npos ? next : next + 1));
        mailbox.remove_prefix(message.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, message.find(separator));
        const std::size_t idAt = separator.size() + 4;
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            message.substr(0, 200), std::string("Id: "), message.substr(separator.size(), 4));
        const auto id = static_cast<std::uint32_t>(std::stoul(message.substr(idAt)));
        std::string expected = separator + contentOf(id) + "\n";
        expected.insert(expected.rfind("From the end"), ">");
        CPPUNIT_ASSERT_MESSAGE("torn: " + std::to_string(id), expected == message);
        ++counts[id];
    }
    return counts;
}

} // namespace

class MboxCrashTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxCrashTest);
    CPPUNIT_TEST(killedAnywhereLosesNothingAndLeavesNothingTorn);
    CPPUNIT_TEST(killedBetweenWriteAndAcknowledgementLeavesTheMailboxAsBefore);
    CPPUNIT_TEST_SUITE_END();

public:
    /// At least as many rounds as wanted, and as many as it takes to have seen torn batches.
    void killedAnywhereLosesNothingAndLeavesNothingTorn()
    {
        std::mt19937 random(20260101); // NOLINT(cert-msc32-c,cert-msc51-cpp): repeatable on purpose
        unsigned tornBatches = 0;
        for (std::uint32_t round = 1;
             round <= minimumRounds || (tornBatches < 3 && round <= maximumRounds);
             ++round)
            tornBatches += crashOnce(random, round) ? 1 : 0;
        CPPUNIT_ASSERT_MESSAGE("the test has torn nothing", tornBatches > 0);
    }

    void killedBetweenWriteAndAcknowledgementLeavesTheMailboxAsBefore()
    {
        MboxServer before(box());
        CPPUNIT_ASSERT_EQUAL(250u, before.deliverContent({"a\r\n"}));
        const pid_t pid = ::fork();
        if (pid == 0)
        {
            MboxServer server(box(), {}, [](int, int) { return ::kill(::getpid(), SIGKILL); });
            (void)server.deliverContent({"b\r\n"});
            ::_exit(0);
        }
        ::waitpid(pid, nullptr, 0);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "it was written", stored("a\n") + stored("b\n"), readFile(box()));
        CPPUNIT_ASSERT_MESSAGE("its dot-lock is left", std::filesystem::exists(box() + ".lock"));
        MboxServer after(box(), {{"lock_timeout", "50"}});
        CPPUNIT_ASSERT_EQUAL(stored("a\n"), readFile(box()));
        CPPUNIT_ASSERT_EQUAL(250u, after.deliverContent({"c\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + stored("c\n"), readFile(box()));
    }

private:
    [[nodiscard]] std::string box() const { return _folder.path() + "/box"; }

    /// \return whether the kill has left something to put right
    bool crashOnce(std::mt19937& random, std::uint32_t round)
    {
        std::filesystem::remove(box());
        const std::set<std::uint32_t> acknowledged = killAfterSome(random, round);
        const auto sizeBefore = std::filesystem::file_size(box());
        const MboxServer recovered(box());
        const std::string mailbox = readFile(box());
        const auto found = messagesIn(mailbox);
        for (const auto& [id, count] : found)
            CPPUNIT_ASSERT_EQUAL_MESSAGE("twice: " + std::to_string(id), 1u, count);
        for (const std::uint32_t id : acknowledged)
            CPPUNIT_ASSERT_MESSAGE("lost: " + std::to_string(id), found.count(id) == 1);
        return mailbox.size() != sizeBefore;
    }

    /// \return the messages that the server had acknowledged
    std::set<std::uint32_t> killAfterSome(std::mt19937& random, std::uint32_t round) const
    {
        Victim victim(box(), round * 1000, round % 4 == 0);
        std::set<std::uint32_t> acknowledged;
        const std::uint32_t wanted = std::uniform_int_distribution<std::uint32_t>(1, 40)(random);
        for (std::uint32_t i = 0; i < wanted; ++i)
            acknowledged.insert(victim.readAck());
        const auto end =
            std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 2000);
        while (std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
        victim.kill();
        while (const std::uint32_t id = victim.readAck())
            acknowledged.insert(id);
        CPPUNIT_ASSERT_MESSAGE("the server ended by itself", acknowledged.count(0) == 0);
        return acknowledged;
    }

    const TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxCrashTest);

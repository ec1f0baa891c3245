// Many threads on one mailbox, and on several in opposite order; Python reads while they write.
#include "MboxFixture.h"
#include "MboxPython.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <thread>

using namespace mboxtest;

namespace
{

constexpr std::size_t threads = 8;

/// Where others hold the lock for a while: a slow machine must not end the wait.
const MboxHost::Options patient = {{"lock_timeout", "100000"}};

/// Counts the messages and the different ones among them; each must end as it began.
const char* const readAll = "import mailbox, sys\n"
                            "bodies = [m.get_payload() for m in mailbox.mbox(sys.argv[1])]\n"
                            "for body in bodies:\n"
                            "    lines = body.split('\\n')\n"
                            "    assert lines[-1] == '' and lines[-2] == lines[0], body\n"
                            "print(len(bodies), len(set(bodies)))\n";

/// Reads under Python's lock until its input ends; prints how often, and fails at the first torn
/// message.
const char* const readMeanwhile =
    "import mailbox, os, select, sys, time\n"
    "times = 0\n"
    "print('ready', flush=True)\n"
    "while not select.select([sys.stdin], [], [], 0.005)[0]:\n"
    "    box = mailbox.mbox(sys.argv[1])\n"
    "    try:\n"
    "        box.lock()\n"
    "    except mailbox.ExternalClashError:\n"
    "        continue\n"
    "    for message in box:\n"
    "        lines = message.get_payload().split('\\n')\n"
    "        assert lines[-1] == '' and lines[-2] == lines[0], lines\n"
    "    box.unlock()\n"
    "    box.close()\n"
    "    times += 1\n"
    "print(times)\n";

template <class Work>
void onAllThreads(Work work)
{
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < threads; ++i)
        workers.emplace_back([i, &work] { work(i); });
    for (std::thread& worker : workers)
        worker.join();
}

Mail numbered(std::size_t thread, std::size_t number)
{
    const std::string id = std::to_string(thread) + "." + std::to_string(number);
    Mail mail;
    mail.segments = {"Subject: " + id + "\r\n\r\n" + id + "\r\n",
                     std::string(number % 500, 'x') + "\r\nFrom us\r\n" + id + "\r\n"};
    return mail;
}

} // namespace

class MboxConcurrencyTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxConcurrencyTest);
    CPPUNIT_TEST(eightThreadsFillOneMailbox);
    CPPUNIT_TEST(pythonReadsWholeMessagesMeanwhile);
    CPPUNIT_TEST(transactionsShareTheirSyncs);
    CPPUNIT_TEST(aFailedBatchFailsAllOfItsMembers);
    CPPUNIT_TEST(recipientsInAnyOrderAndTwoHandlersMeetWithoutDeadlock);
    CPPUNIT_TEST_SUITE_END();

public:
    void eightThreadsFillOneMailbox()
    {
        constexpr std::size_t count = 1000;
        MboxServer server(box());
        std::atomic<std::size_t> accepted{0};
        onAllThreads(
            [&](std::size_t thread)
            {
                for (std::size_t i = 0; i < count; ++i)
                    accepted += server.deliver(numbered(thread, i)) == 250 ? 1 : 0;
            });
        CPPUNIT_ASSERT_EQUAL(threads * count, accepted.load());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, server.handler().mailboxesInUse());
        Python python(readAll, {box()});
        CPPUNIT_ASSERT_EQUAL(std::string("8000 8000"), python.readLine());
    }

    void pythonReadsWholeMessagesMeanwhile()
    {
        MboxServer server(box(), patient);
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver(numbered(0, 0)));
        Python python(readMeanwhile, {box()});
        CPPUNIT_ASSERT_EQUAL(std::string("ready"), python.readLine());
        std::atomic<std::size_t> accepted{0};
        onAllThreads(
            [&](std::size_t thread)
            {
                for (std::size_t i = 1; i <= 50; ++i)
                    accepted += server.deliver(numbered(thread, i)) == 250 ? 1 : 0;
            });
        CPPUNIT_ASSERT_EQUAL(threads * 50, accepted.load());
        python.closeInput();
        CPPUNIT_ASSERT_MESSAGE("torn", !python.readLine().empty());
        CPPUNIT_ASSERT_EQUAL(0, python.finish());
    }

    /// A disk that takes two milliseconds: who comes meanwhile shares the next sync.
    void transactionsShareTheirSyncs()
    {
        constexpr std::size_t count = 25;
        std::atomic<std::size_t> syncs{0};
        MboxServer server(box(),
                          {},
                          [&syncs](int, int)
                          {
                              ++syncs;
                              std::this_thread::sleep_for(std::chrono::milliseconds(2));
                              return 0;
                          });
        onAllThreads(
            [&](std::size_t thread)
            {
                for (std::size_t i = 0; i < count; ++i)
                    (void)server.deliver(numbered(thread, i));
            });
        CPPUNIT_ASSERT_MESSAGE(std::to_string(syncs) + " syncs", syncs < threads * count / 2);
    }

    void aFailedBatchFailsAllOfItsMembers()
    {
        constexpr std::size_t count = 50;
        std::atomic<unsigned> syncs{0};
        MboxServer server(box(),
                          {},
                          [&syncs](int, int)
                          {
                              std::this_thread::yield();
                              return ++syncs % 3 == 0 ? EIO : 0;
                          });
        std::atomic<std::size_t> accepted{0};
        onAllThreads(
            [&](std::size_t thread)
            {
                for (std::size_t i = 0; i < count; ++i)
                    accepted += server.deliver(numbered(thread, i)) == 250 ? 1 : 0;
            });
        CPPUNIT_ASSERT(accepted > 0 && accepted < threads * count);
        Python python(readAll, {box()});
        const std::string all = std::to_string(accepted);
        CPPUNIT_ASSERT_EQUAL(all + " " + all, python.readLine());
    }

    /// The two handlers know nothing of each other, as two sections of a configuration.
    void recipientsInAnyOrderAndTwoHandlersMeetWithoutDeadlock()
    {
        constexpr std::size_t count = 25;
        const std::string path = _folder.path() + "/%{rcpt.user}";
        MboxServer one(path, patient);
        MboxServer other(path, patient);
        std::atomic<std::size_t> accepted{0};
        onAllThreads(
            [&](std::size_t thread)
            {
                for (std::size_t i = 0; i < count; ++i)
                {
                    Mail mail = numbered(thread, i);
                    mail.recipients = {"a@x", "b@x"};
                    if (thread % 2 == 0)
                        std::swap(mail.recipients[0], mail.recipients[1]);
                    accepted += (thread < threads / 2 ? one : other).deliver(mail) == 250 ? 1 : 0;
                }
            });
        CPPUNIT_ASSERT_EQUAL(threads * count, accepted.load());
        for (const char* name : {"/a", "/b"})
        {
            Python python(readAll, {_folder.path() + name});
            CPPUNIT_ASSERT_EQUAL(std::string("200 200"), python.readLine());
        }
    }

private:
    [[nodiscard]] std::string box() const { return _folder.path() + "/box"; }

    const TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxConcurrencyTest);

// Two handler objects of one process on the same mailboxes, as a reload makes them: the old one
// still has transactions while the new one begins. Neither may lose, double or tear mail, refuse it
// as "locked", or take the other's locks and notes for those of a killed server.
#include "MboxFixture.h"
#include "MboxPython.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace mboxtest;

namespace
{

/// Counts the messages and the different ones among them; each must end as it began.
const char* const readAll = "import mailbox, sys\n"
                            "bodies = [m.get_payload() for m in mailbox.mbox(sys.argv[1])]\n"
                            "for body in bodies:\n"
                            "    lines = body.split('\\n')\n"
                            "    assert lines[-1] == '' and lines[-2] == lines[0], body\n"
                            "print(len(bodies), len(set(bodies)))\n";

Mail numbered(const std::string& id)
{
    Mail mail;
    mail.segments = {"Subject: x\r\n\r\n" + id + "\r\n", "From us\r\n" + id + "\r\n"};
    return mail;
}

/// A sync that does not end before the test wants it to.
class Gate
{
public:
    int pass()
    {
        std::unique_lock<std::mutex> lock(_mutex);
        ++_waiting;
        _changed.notify_all();
        _changed.wait(lock, [this] { return _isOpen; });
        return 0;
    }

    void awaitSomebody()
    {
        std::unique_lock<std::mutex> lock(_mutex);
        _changed.wait(lock, [this] { return _waiting > 0; });
    }

    void open()
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _isOpen = true;
        _changed.notify_all();
    }

private:
    std::mutex _mutex; // guards what follows
    std::condition_variable _changed;
    int _waiting = 0;
    bool _isOpen = false;
};

} // namespace

class MboxGenerationsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxGenerationsTest);
    CPPUNIT_TEST(eightThreadsOfEachLoseNothing);
    CPPUNIT_TEST(aBusyGenerationDoesNotKeepTheOtherOut);
    CPPUNIT_TEST(aNewGenerationLeavesTheOldOnesBatchAlone);
    CPPUNIT_TEST(theDotLockOfTheOtherIsWaitedFor);
    CPPUNIT_TEST(aStrangersLockIsStillSeenBeforeTheCommit);
    CPPUNIT_TEST_SUITE_END();

public:
    void eightThreadsOfEachLoseNothing()
    {
        constexpr int threads = 8;
        constexpr int count = 200;
        MboxServer old(box());
        MboxServer young(box());
        std::atomic<int> accepted{0};
        std::vector<std::thread> clients;
        for (int thread = 0; thread < 2 * threads; ++thread)
            clients.emplace_back(
                [&, thread]
                {
                    MboxServer& server = thread < threads ? old : young;
                    for (int i = 0; i < count; ++i)
                        accepted += server.deliver(numbered(std::to_string(thread) + "." +
                                                            std::to_string(i))) == 250
                                        ? 1
                                        : 0;
                });
        for (std::thread& client : clients)
            client.join();
        CPPUNIT_ASSERT_EQUAL(2 * threads * count, accepted.load());
        CPPUNIT_ASSERT_EQUAL(std::string("3200 3200"), read());
    }

    /// Of three threads one appends and two wait, so that the old one holds the lock nearly all the
    /// time. By trying again and again, with pauses, the young one would hardly ever find it free.
    void aBusyGenerationDoesNotKeepTheOtherOut()
    {
        const auto slowSync = [](int, int)
        {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            return 0;
        };
        MboxServer old(box(), {{"lock_timeout", "1000"}}, slowSync);
        MboxServer young(box(), {{"lock_timeout", "1000"}}, slowSync);
        std::atomic<bool> isOver{false};
        std::atomic<int> failed{0};
        std::vector<std::thread> clients;
        for (int thread = 0; thread < 3; ++thread)
            clients.emplace_back(
                [&, thread]
                {
                    for (int i = 0; !isOver; ++i)
                        failed += old.deliver(numbered(std::to_string(thread) + "." +
                                                       std::to_string(i))) == 250
                                      ? 0
                                      : 1;
                });
        for (int i = 0; i < 50; ++i)
            failed += young.deliver(numbered("young." + std::to_string(i))) == 250 ? 0 : 1;
        isOver = true;
        for (std::thread& client : clients)
            client.join();
        CPPUNIT_ASSERT_EQUAL(0, failed.load());
    }

    /// start() looks for batches of killed servers; this one is alive.
    void aNewGenerationLeavesTheOldOnesBatchAlone()
    {
        Gate gate;
        MboxServer old(box(), {}, [&gate](int, int) { return gate.pass(); });
        unsigned code = 0;
        std::thread client([&] { code = old.deliver(numbered("old")); });
        gate.awaitSomebody(); // written, noted, not yet durable
        MboxServer young(box());
        CPPUNIT_ASSERT_EQUAL(std::string(), young.host().logText());
        std::unique_ptr<Transaction> next = young.transaction(numbered("young"));
        CPPUNIT_ASSERT_EQUAL(250u, next->stage());
        gate.open();
        client.join();
        CPPUNIT_ASSERT_EQUAL(250u, code);
        next->persist();
        next->commit();
        CPPUNIT_ASSERT_EQUAL(std::string("2 2"), read());
    }

    void theDotLockOfTheOtherIsWaitedFor()
    {
        Gate gate;
        MboxServer old(box(), {}, [&gate](int, int) { return gate.pass(); });
        MboxServer young(box());
        unsigned oldCode = 0;
        unsigned youngCode = 0;
        std::thread oldClient([&] { oldCode = old.deliver(numbered("old")); });
        gate.awaitSomebody();
        std::thread youngClient([&] { youngCode = young.deliver(numbered("young")); });
        for (int i = 0; i < 100; ++i)
        {
            CPPUNIT_ASSERT(std::filesystem::exists(box() + ".lock"));
            std::this_thread::yield();
        }
        gate.open();
        oldClient.join();
        youngClient.join();
        CPPUNIT_ASSERT_EQUAL(250u, oldCode);
        CPPUNIT_ASSERT_EQUAL(250u, youngCode);
        CPPUNIT_ASSERT_EQUAL(std::string("2 2"), read());
        CPPUNIT_ASSERT(!std::filesystem::exists(box() + ".lock"));
        CPPUNIT_ASSERT_EQUAL(std::string(), young.host().logText());
    }

    void aStrangersLockIsStillSeenBeforeTheCommit()
    {
        MboxServer old(box(), {{"lock_timeout", "50"}});
        MboxServer young(box(), {{"lock_timeout", "50"}});
        CPPUNIT_ASSERT_EQUAL(250u, old.deliver(numbered("one")));
        writeFile(box() + ".lock", "");
        for (MboxServer* server : {&old, &young})
        {
            const auto transaction = server->transaction(numbered("two"));
            CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
            CPPUNIT_ASSERT_THROW(transaction->persist(), mpsmtp::Error);
        }
        std::filesystem::remove(box() + ".lock");
        for (MboxServer* server : {&old, &young})
            CPPUNIT_ASSERT_EQUAL(250u, server->deliver(numbered("three")));
    }

private:
    [[nodiscard]] std::string box() const { return _folder.path() + "/box"; }

    [[nodiscard]] std::string read() const { return Python(readAll, {box()}).readLine(); }

    const TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxGenerationsTest);

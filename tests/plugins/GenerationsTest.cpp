// Two handler objects of one process on the same store, as a reload makes them: the old one still
// has transactions while the new one begins. mbox and console have theirs in MboxGenerationsTest
// and ConsoleTest.
#include "maildir/MaildirHandler.h"
#include "mh/MhHandler.h"

#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace mpsmtp;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;

namespace
{

constexpr int threadsOfEach = 8;
constexpr int mailsOfEach = 50;

std::string bodyOf(int thread, int number)
{
    return "body of " + std::to_string(thread) + "." + std::to_string(number) + "\n";
}

/// \param deliver (handler, thread, number), by 8 threads for each handler at once
template <class Deliver>
void byBoth(Handler& old, Handler& young, Deliver deliver)
{
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 2 * threadsOfEach; ++thread)
        threads.emplace_back(
            [&, thread]
            {
                for (int number = 0; number < mailsOfEach; ++number)
                    deliver(thread % 2 == 0 ? old : young, thread, number);
            });
    for (std::thread& thread : threads)
        thread.join();
}

/// Every mail that byBoth() sends.
std::multiset<std::string> allBodies()
{
    std::multiset<std::string> bodies;
    for (int thread = 0; thread < 2 * threadsOfEach; ++thread)
        for (int number = 0; number < mailsOfEach; ++number)
            bodies.insert(bodyOf(thread, number));
    return bodies;
}

} // namespace

class GenerationsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(GenerationsTest);
    CPPUNIT_TEST(maildirsLoseNothing);
    CPPUNIT_TEST(mhFoldersLoseNothing);
    CPPUNIT_TEST(maildirsLeaveTheOldOnesStagedFilesAlone);
    CPPUNIT_TEST(mhFoldersLeaveTheOldOnesStagedFilesAlone);
    CPPUNIT_TEST_SUITE_END();

public:
    void maildirsLoseNothing() { losesNothing<maildir::MaildirHandler>(); }

    void mhFoldersLoseNothing() { losesNothing<mh::MhHandler>(); }

    void maildirsLeaveTheOldOnesStagedFilesAlone() { leavesStaged<maildir::MaildirHandler>(); }

    void mhFoldersLeaveTheOldOnesStagedFilesAlone() { leavesStaged<mh::MhHandler>(); }

private:
    template <class Store>
    void losesNothing()
    {
        Store old(_host.context());
        Store young(_host.context());
        byBoth(old,
               young,
               [this](Handler& handler, int thread, int number)
               {
                   TestMail mail(_host, "\r\n" + bodyOf(thread, number));
                   mail.rcpt("ben").deliveredBy(handler);
               });
        std::multiset<std::string> bodies;
        for (const std::string& file : test::filesBelow(_root.path()))
            if (const std::string text = test::contentOf(file); !text.empty()) // .mh_sequences
                bodies.insert(text.substr(text.find("body of ")));
        CPPUNIT_ASSERT(allBodies() == bodies);
    }

    /// So many recipients that their files have hidden names, which a handler sweeps when it first
    /// opens a folder: of processes that are gone.
    template <class Store>
    void leavesStaged()
    {
        constexpr int recipients = 60;
        Store old(_host.context());
        TestMail mail(_host, "\r\n" + bodyOf(0, 0));
        for (int i = 0; i < recipients; ++i)
            mail.rcpt("ben");
        Stage staged = mail.stagedBy(old);
        staged.work->persist();
        CPPUNIT_ASSERT_MESSAGE("hidden names", !test::filesBelow(_root.path()).empty());
        {
            Store young(_host.context());
            young.start();
            TestMail other(_host, "\r\n" + bodyOf(1, 1));
            for (int i = 0; i < recipients; ++i)
                other.rcpt("ben");
            Stage dropped = other.stagedBy(young);
            other.deliveredBy(young);
            dropped.work->abort();
        }
        staged.work->commit();
        staged.work.reset();
        std::multiset<std::string> bodies;
        for (const std::string& file : test::filesBelow(_root.path()))
            if (const std::string text = test::contentOf(file); !text.empty())
                bodies.insert(text.substr(text.find("body of ")));
        for (const std::string& body : {bodyOf(0, 0), bodyOf(1, 1)})
            CPPUNIT_ASSERT_EQUAL(std::size_t{recipients}, bodies.count(body));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2 * recipients}, bodies.size());
    }

    const TestFolder _root;
    TestHost _host{test::storeOptions(_root / "%{rcpt.domain}/%{rcpt.user}")};
};

CPPUNIT_TEST_SUITE_REGISTRATION(GenerationsTest);

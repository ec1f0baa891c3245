// Tests of delivery/TransactionSink, TransactionIds and TransactionLog: whole transactions, one after another and many at
// once.
#include "delivery/ServiceFixture.h"
#include "delivery/TransactionIds.h"
#include "delivery/TransactionLog.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;
namespace smtp = mpsmtp::smtp;

namespace
{

const std::string ok = "250 2.0.0 Ok: ID";

class FailingWrites : public FileCalls
{
public:
    explicit FailingWrites(int error) : _error(error) {}

    ssize_t write(int, const char*, std::size_t) override
    {
        errno = _error;
        return -1;
    }

private:
    const int _error;
};

class BrokenLog : public Poco::Channel
{
public:
    void log(const Poco::Message&) override { throw std::runtime_error("the log is broken"); }
};

std::ptrdiff_t openDescriptors()
{
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

} // namespace

class TransactionSinkTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(TransactionSinkTest);
    CPPUNIT_TEST(idsAreUniqueAndSortByTime);
    CPPUNIT_TEST(acceptedTransactionHasItsLine);
    CPPUNIT_TEST(droppedTransactionHasItsLine);
    CPPUNIT_TEST(clientTextCannotBreakTheLine);
    CPPUNIT_TEST(longListOfRecipientsIsCut);
    CPPUNIT_TEST(fullSpoolIsTold);
    CPPUNIT_TEST(smallMailNeedsNoDisk);
    CPPUNIT_TEST(nextTransactionStartsClean);
    CPPUNIT_TEST(droppedDataReachesNobody);
    CPPUNIT_TEST(droppedDataGivesItsSpaceBack);
    CPPUNIT_TEST(anExceptionOutOfTheDeliveryIsTemporaryAndLogged);
    CPPUNIT_TEST(oneServiceServesManyThreads);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { _fixture.emplace(); }

    void tearDown() override { _fixture.reset(); }

    void idsAreUniqueAndSortByTime()
    {
        const std::chrono::system_clock::time_point now(std::chrono::seconds(1'700'000'000));
        TransactionIds ids(7);
        TransactionIds others(8);
        std::set<std::string> seen;
        std::string id;
        for (int i = 0; i < 2000; ++i)
        {
            ids.next(now, id);
            CPPUNIT_ASSERT_EQUAL(std::size_t{16}, id.size());
            CPPUNIT_ASSERT(seen.insert(id).second);
            others.next(now, id);
            CPPUNIT_ASSERT(seen.insert(id).second);
        }
        ids.next(now + std::chrono::seconds(1), id);
        CPPUNIT_ASSERT_MESSAGE("later ids sort behind", id > *seen.rbegin());
        CPPUNIT_ASSERT_EQUAL(std::string(),
                             [&]
                             {
                                 const auto odd =
                                     id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz");
                                 return odd == std::string::npos ? std::string() : id.substr(odd);
                             }());
    }

    void acceptedTransactionHasItsLine()
    {
        _fixture->add("two", "tree");
        CPPUNIT_ASSERT(_fixture->run());
        CPPUNIT_ASSERT_EQUAL(ok, _fixture->send("12345"));
        const std::string line = lastLine();
        const std::string id = line.substr(3, 16);
        CPPUNIT_ASSERT_EQUAL(
            "id=" + id +
                " client=192.0.2.1 from=<from@example.org> "
                "to=<to0@example.com>,<to1@example.com> size=5 reply=\"250 2.0.0 Ok: " +
                id + "\" ms=20 handlers=tree:ok",
            line);
    }

    void droppedTransactionHasItsLine()
    {
        _fixture->add("two", "tree");
        CPPUNIT_ASSERT(_fixture->run());
        smtp::Envelope envelope;
        ServiceFixture::open(*_fixture->sink, envelope);
        CPPUNIT_ASSERT(ServiceFixture::put(*_fixture->sink, "123"));
        const smtp::Reply tooLarge(552, "5.3.4", "Too \"large\"");
        _fixture->sink->drop(ServiceFixture::session(), envelope, &tooLarge);
        CPPUNIT_ASSERT(
            lastLine().find("size=3 reply=\"552 5.3.4 Too \\x22large\\x22\" ms=5 handlers=-") !=
            std::string::npos);
        ServiceFixture::open(*_fixture->sink, envelope);
        _fixture->sink->drop(ServiceFixture::session(), envelope, nullptr);
        CPPUNIT_ASSERT(lastLine().find("size=0 reply=none") != std::string::npos);
        envelope.clear();
        _fixture->sink->drop(ServiceFixture::session(), envelope, &tooLarge);
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "id=- client=192.0.2.1 from=<> to= size=0 reply=\"552 5.3.4 Too \\x22large\\x22\" "
                "ms=0 handlers=-"),
            lastLine());
    }

    void clientTextCannotBreakTheLine()
    {
        smtp::Envelope envelope;
        envelope.id = "id";
        envelope.reversePath.address = "a\r\nid=forged@b\x1b[2J";
        const smtp::Reply reply(550, "5.0.0", "two\nlines");
        const std::string line = transactionLine(
            {ServiceFixture::session(), envelope, 0, &reply, std::chrono::milliseconds(1), {}});
        CPPUNIT_ASSERT_EQUAL(
            std::string("id=id client=192.0.2.1 from=<a\\x0D\\x0Aid=forged@b\\x1B[2J> to= size=0 "
                        "reply=\"550 5.0.0 two\\x0Alines\" ms=1 handlers=-"),
            line);
    }

    void longListOfRecipientsIsCut()
    {
        smtp::Envelope envelope;
        for (int i = 0; i < 500; ++i)
            envelope.recipients.push_back(ServiceFixture::recipient("r" + std::to_string(i)));
        const std::string line = transactionLine(
            {ServiceFixture::session(), envelope, 0, nullptr, std::chrono::milliseconds(0), {}});
        CPPUNIT_ASSERT(line.find("<r19@example.com>,+480 size=") != std::string::npos);
        CPPUNIT_ASSERT(line.find("r20@") == std::string::npos);
    }

    void fullSpoolIsTold()
    {
        struct Row
        {
            const char* why;
            int error;
            std::string expected;
        };

        for (const Row& row :
             {Row{"disk full", ENOSPC, "452 4.3.1 Insufficient system storage"},
              Row{"over quota", EDQUOT, "452 4.3.1 Insufficient system storage"},
              Row{"broken disk", EIO, "451 4.3.0 Local error in processing, try again later"}})
        {
            _fixture.emplace();
            FailingWrites files(row.error);
            _fixture->files = &files;
            _fixture->config.spoolMemoryOctets = 10;
            _fixture->add("two", "tree");
            CPPUNIT_ASSERT(_fixture->run());
            (void)_fixture->calls();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.expected, _fixture->send("more than ten octets"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(), _fixture->calls());
            CPPUNIT_ASSERT_MESSAGE(row.why,
                                   _fixture->log("delivery").back().find("spool id=") == 0);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                "the next small one is taken", ok, _fixture->send("small"));
            _fixture->sink.reset();
            _fixture->service.reset(); // before `files`
        }
    }

    void smallMailNeedsNoDisk()
    {
        FailingWrites files(ENOSPC);
        _fixture->files = &files;
        _fixture->add("two", "tree");
        CPPUNIT_ASSERT(_fixture->run());
        CPPUNIT_ASSERT_EQUAL(ok, _fixture->send(std::string(256 * 1024, 'x')));
        _fixture->sink.reset();
        _fixture->service.reset();
    }

    void nextTransactionStartsClean()
    {
        _fixture->config.spoolMemoryOctets = 100;
        _fixture->add("filter", "f", {{"prepend", "X"}});
        _fixture->add("one", "a", {{"mail", "mail"}});
        CPPUNIT_ASSERT(_fixture->run());
        for (const std::string& body : {std::string(200'000, 'a'), std::string("b"), std::string()})
        {
            std::filesystem::remove(_fixture->folder.path("mail"));
            CPPUNIT_ASSERT_EQUAL(ok, _fixture->send("A: 1\r\n\r\n" + body));
            CPPUNIT_ASSERT("X: of 1\r\nA: 1\r\n\r\n" + body + "\n" ==
                           readFile(_fixture->folder.path("mail")));
        }
    }

    void droppedDataReachesNobody()
    {
        _fixture->add("one", "a", {{"mail", "mail"}});
        CPPUNIT_ASSERT(_fixture->run());
        smtp::Envelope envelope;
        ServiceFixture::open(*_fixture->sink, envelope);
        CPPUNIT_ASSERT(ServiceFixture::put(*_fixture->sink, std::string(500'000, 'x')));
        _fixture->sink->drop(ServiceFixture::session(), envelope, nullptr);
        CPPUNIT_ASSERT(std::filesystem::is_empty(_fixture->config.spoolDirectory));
        CPPUNIT_ASSERT_EQUAL(ok, _fixture->send("next"));
        CPPUNIT_ASSERT_EQUAL(std::string("next\n"), readFile(_fixture->folder.path("mail")));
    }

    /// Of a file without a name only its descriptor can be seen.
    void droppedDataGivesItsSpaceBack()
    {
        _fixture->config.spoolMemoryOctets = 10;
        _fixture->add("two", "tree");
        CPPUNIT_ASSERT(_fixture->run());
        const auto before = openDescriptors();
        smtp::Envelope envelope;
        ServiceFixture::open(*_fixture->sink, envelope);
        CPPUNIT_ASSERT(ServiceFixture::put(*_fixture->sink, "more than ten octets"));
        CPPUNIT_ASSERT_EQUAL(before + 1, openDescriptors());
        _fixture->sink->drop(ServiceFixture::session(), envelope, nullptr);
        CPPUNIT_ASSERT_EQUAL(before, openDescriptors());
    }

    /// A log that fails, in the middle of the chain: nothing of the server's own may reach the connection.
    void anExceptionOutOfTheDeliveryIsTemporaryAndLogged()
    {
        _fixture->add("two", "a");
        _fixture->add("two", "b", {{"fail", "stage"}, {"how", "std"}});
        CPPUNIT_ASSERT(_fixture->run());
        (void)_fixture->calls();
        Poco::Logger::get("handler.b").setChannel(Poco::AutoPtr<Poco::Channel>(new BrokenLog));
        CPPUNIT_ASSERT_EQUAL(std::string("451 4.3.0 Local error in processing, try again later"),
                             _fixture->send());
        CPPUNIT_ASSERT_EQUAL(std::string("a stage, b stage, a abort"), _fixture->calls());
        CPPUNIT_ASSERT(lastLine().find(" handlers=a:aborted") != std::string::npos);
        const auto causes = _fixture->log("delivery");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, causes.size());
        CPPUNIT_ASSERT_EQUAL(std::string("delivery id="), causes[0].substr(0, 12));
        CPPUNIT_ASSERT(causes[0].find(": the log is broken") != std::string::npos);
    }

    void oneServiceServesManyThreads()
    {
        constexpr int threads = 8;
        constexpr int mails = 50;
        _fixture->config.spoolMemoryOctets = 1000;
        _fixture->config.durability = Durability::Fsync;
        _fixture->add("filter", "f", {{"prepend", "X"}});
        _fixture->add("two", "a");
        _fixture->add("one", "b", {{"mail", "mail"}});
        _fixture->add("one", "c").required = false;
        Clock clock;
        std::vector<Problem> problems;
        std::vector<Problem> warnings;
        _fixture->service =
            DeliveryService::load(_fixture->config,
                                  {problems, warnings},
                                  {FileCalls::system(), clock, SyncCalls::system(), nullptr});
        CPPUNIT_ASSERT(_fixture->service);
        CPPUNIT_ASSERT(_fixture->service->start().empty());
        std::atomic<int> accepted{0};
        std::vector<std::thread> pool;
        for (int i = 0; i < threads; ++i)
            pool.emplace_back([&, i] { accepted += sendMany(*_fixture->service, mails, i); });
        for (auto& thread : pool)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(threads * mails, accepted.load());
        CPPUNIT_ASSERT_EQUAL(std::size_t{threads * mails}, _fixture->log("transaction").size());
        _fixture->service.reset(); // before `clock`
    }

private:
    std::string lastLine()
    {
        const auto lines = _fixture->log("transaction");
        CPPUNIT_ASSERT(!lines.empty());
        return lines.back();
    }

    static int sendMany(DeliveryService& service, int mails, int thread)
    {
        const auto sink = service.newSink();
        const auto info = ServiceFixture::session();
        int accepted = 0;
        for (int i = 0; i < mails; ++i)
        {
            smtp::Envelope envelope;
            ServiceFixture::open(*sink, envelope);
            ServiceFixture::put(*sink,
                                "A: 1\r\n\r\n" +
                                    std::string(static_cast<std::size_t>(i * 50 + thread), 'x'));
            accepted += sink->complete(info, envelope).code == 250 ? 1 : 0;
            if (sink->hasWorkAfterReply())
                sink->replied();
        }
        return accepted;
    }

    std::optional<ServiceFixture> _fixture;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TransactionSinkTest);

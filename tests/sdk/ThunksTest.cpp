// The border between a mpsmtp::Handler and the C ABI: which hooks are called, and what becomes of
// whatever they throw.
#include <mpsmtp/Plugin.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <cerrno>

using namespace mpsmtp;

/// What a hook answered.
struct mpsmtp_reply_target
{
    std::map<std::uint32_t, unsigned> codes;
    std::vector<std::string> faults;
};

namespace
{

void recordReply(mpsmtp_reply_target* target,
                 std::uint32_t index,
                 const mpsmtp_reply* reply) noexcept
{
    target->codes[index] = reply->code;
}

void recordFault(mpsmtp_reply_target* target, mpsmtp_string text) noexcept
{
    target->faults.emplace_back(detail::fromAbi(text));
}

std::int32_t noOption(mpsmtp_host_data*, mpsmtp_string, mpsmtp_string*) noexcept
{
    return 0;
}

std::vector<std::string>& loggedLines()
{
    static std::vector<std::string> lines;
    return lines;
}

void recordLog(mpsmtp_host_data*, std::int32_t, mpsmtp_string text) noexcept
{
    loggedLines().emplace_back(detail::fromAbi(text));
}

mpsmtp_host testHost()
{
    mpsmtp_host host{};
    host.size = sizeof host;
    host.option = &noOption;
    host.reply = &recordReply;
    host.fault = &recordFault;
    host.log = &recordLog;
    return host;
}

/// Does in every hook what the test says.
struct Puppet : Handler
{
    static inline std::function<void()> act; // set by one test at a time

    explicit Puppet(const Context&) {}

    Verdict onMessage(Session&, Envelope&, Message&) override
    {
        act();
        return Discard;
    }

    Report deliver(Envelope&, const Recipients&, Message&) override
    {
        act();
        Report report;
        report.fail(1, Reply::mailboxFull());
        return report;
    }

    void start() override { act(); }
};

struct Refusing : Handler
{
    explicit Refusing(const Context& context) { (void)context.config.string("missing"); }
};

struct Silent : Handler
{
    explicit Silent(const Context&) {}
};

/// Counts of the steps of two-phase delivery.
struct Steps
{
    int persisted = 0;
    int committed = 0;
    int aborted = 0;
    int destroyed = 0;
};

struct TwoPhase : Handler
{
    static inline Steps steps;

    struct Work : Staged
    {
        ~Work() override { ++steps.destroyed; }

        void persist() override { ++steps.persisted; }

        void commit() override { ++steps.committed; }

        void abort() noexcept override { ++steps.aborted; }
    };

    explicit TwoPhase(const Context&) {}

    Stage stage(Envelope&, const Recipients&, Message&) override
    {
        return std::make_unique<Work>();
    }
};

/// A handler made through the ABI, as the server makes it.
template <class H>
class Made
{
public:
    Made() : _table(NoOptionTable()), _plugin(detail::Thunks<H>::describe("t", "1", _table))
    {
        _handler = _plugin.create(&_host, nullptr, detail::toAbi("name"), &target);
    }

    Made(const Made&) = delete;
    Made& operator=(const Made&) = delete;

    ~Made()
    {
        if (_handler)
            _handler->destroy(_handler->self);
    }

    const mpsmtp_handler* operator->() const { return _handler; }

    explicit operator bool() const { return _handler != nullptr; }

    mpsmtp_reply_target target;

private:
    using NoOptionTable = detail::OptionTable<0>;

    mpsmtp_host _host = testHost();
    NoOptionTable _table;
    mpsmtp_plugin _plugin;
    const mpsmtp_handler* _handler = nullptr;
};

struct Thrown
{
    const char* why;
    std::function<void()> act;
    std::size_t faults;
    unsigned code; ///< 0: the host's default for a fault
};

const std::vector<Thrown>& thrown()
{
    static const std::vector<Thrown> rows{
        {"a std::exception is a fault", [] { throw std::runtime_error("secret"); }, 1, 0},
        {"an int is a fault", [] { throw 42; }, 1, 0},
        {"ENOSPC asks to retry as a full disk",
         [] { throw std::system_error(ENOSPC, std::generic_category(), "write"); },
         1,
         452},
        {"EDQUOT is a full disk too",
         [] { throw std::system_error(EDQUOT, std::generic_category(), "write"); },
         1,
         452},
        {"EACCES is our fault",
         [] { throw std::system_error(EACCES, std::generic_category()); },
         1,
         0},
        {"mpsmtp::Error chooses the reply", [] { throw Error(Reply::noSuchUser()); }, 0, 550}};
    return rows;
}

} // namespace

class ThunksTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ThunksTest);
    CPPUNIT_TEST(onlyOverriddenHooksAreCalled);
    CPPUNIT_TEST(whatStartThrowsIsReported);
    CPPUNIT_TEST(whatDeliverThrowsBecomesAReply);
    CPPUNIT_TEST(whatOnMessageThrowsChoosesTheVerdict);
    CPPUNIT_TEST(reasonOfAnErrorIsLogged);
    CPPUNIT_TEST(verdictIsPassed);
    CPPUNIT_TEST(reportNamesTheRecipient);
    CPPUNIT_TEST(throwingConstructorMakesNoHandler);
    CPPUNIT_TEST(stagedWorkIsReleasedOnce);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        Puppet::act = [] {};
        TwoPhase::steps = {};
    }

    void onlyOverriddenHooksAreCalled()
    {
        CPPUNIT_ASSERT_EQUAL(0u, Made<Silent>()->hooks);
        CPPUNIT_ASSERT_EQUAL(unsigned(MPSMTP_HOOK_MESSAGE | MPSMTP_HOOK_DELIVER),
                             Made<Puppet>()->hooks);
        CPPUNIT_ASSERT_EQUAL(unsigned(MPSMTP_HOOK_STAGE), Made<TwoPhase>()->hooks);
    }

    void whatStartThrowsIsReported()
    {
        Made<Puppet> puppet;
        Puppet::act = [] { throw std::runtime_error("no database"); };
        puppet->start(puppet->self, &puppet.target);
        CPPUNIT_ASSERT_EQUAL(std::string("no database"), puppet.target.faults.at(0));
    }

    void whatDeliverThrowsBecomesAReply()
    {
        for (const Thrown& row : thrown())
        {
            Made<Puppet> puppet;
            Puppet::act = row.act;
            puppet->deliver(puppet->self, &_envelope, _all, 2, &_message, &puppet.target);
            check(row, puppet.target);
        }
    }

    void whatOnMessageThrowsChoosesTheVerdict()
    {
        for (const Thrown& row : thrown())
        {
            Made<Puppet> puppet;
            Puppet::act = row.act;
            const auto kind =
                puppet->on_message(puppet->self, &_envelope, &_message, &puppet.target);
            check(row, puppet.target);
            const int wanted = row.code >= 500 ? MPSMTP_REJECT : MPSMTP_DEFER;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, wanted, int(kind));
        }
    }

    void reasonOfAnErrorIsLogged()
    {
        loggedLines().clear();
        Made<Puppet> puppet;
        Puppet::act = [] { throw Error(Reply::noSuchUser(), "not in the table"); };
        puppet->deliver(puppet->self, &_envelope, _all, 2, &_message, &puppet.target);
        CPPUNIT_ASSERT_EQUAL(550u, puppet.target.codes.at(MPSMTP_ALL_RECIPIENTS));
        CPPUNIT_ASSERT_EQUAL(std::string("not in the table"), loggedLines().at(0));
    }

    void verdictIsPassed()
    {
        Made<Puppet> puppet;
        const auto kind = puppet->on_message(puppet->self, &_envelope, &_message, &puppet.target);
        CPPUNIT_ASSERT_EQUAL(int(MPSMTP_DISCARD), int(kind));
        CPPUNIT_ASSERT(puppet.target.codes.empty());
    }

    void reportNamesTheRecipient()
    {
        Made<Puppet> puppet;
        puppet->deliver(puppet->self, &_envelope, _all, 2, &_message, &puppet.target);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), puppet.target.codes.size());
        CPPUNIT_ASSERT_EQUAL(452u, puppet.target.codes.at(1));
    }

    void throwingConstructorMakesNoHandler()
    {
        const Made<Refusing> refusing;
        CPPUNIT_ASSERT(!refusing);
        CPPUNIT_ASSERT_EQUAL(std::string("option \"missing\" has no value"),
                             refusing.target.faults.at(0));
    }

    void stagedWorkIsReleasedOnce()
    {
        Made<TwoPhase> handler;
        void* staged =
            handler->stage(handler->self, &_envelope, _all, 2, &_message, &handler.target);
        CPPUNIT_ASSERT(staged != nullptr);
        handler->persist(handler->self, staged, &handler.target);
        handler->commit(handler->self, staged, &handler.target);
        handler->release(handler->self, staged);
        const Steps& steps = TwoPhase::steps;
        CPPUNIT_ASSERT(steps.persisted == 1 && steps.committed == 1 && steps.aborted == 0);
        CPPUNIT_ASSERT_EQUAL(1, steps.destroyed);
    }

private:
    static void check(const Thrown& row, const mpsmtp_reply_target& target)
    {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.faults, target.faults.size());
        const auto found = target.codes.find(MPSMTP_ALL_RECIPIENTS);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            row.why, row.code, found == target.codes.end() ? 0 : found->second);
    }

    mpsmtp_session _session{};
    mpsmtp_envelope _envelope = [this]
    {
        mpsmtp_envelope envelope{};
        envelope.size = sizeof envelope;
        envelope.session = &_session;
        return envelope;
    }();
    mpsmtp_message _message{};
    const std::uint32_t _all[2] = {0, 1};
};

CPPUNIT_TEST_SUITE_REGISTRATION(ThunksTest);

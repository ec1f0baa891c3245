// "No allocation per command" for a whole dialog, from octets to octets.
#include "AllocationCounter.h"
#include "smtp/Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cstddef>
#include <string>
#include <string_view>

using namespace mpsmtp::smtp;

namespace
{

/// Takes everything and allocates nothing, so that what is counted is the dialog's.
class FrugalSink : public MessageSink
{
public:
    [[nodiscard]] std::optional<Reply> begin(const SessionInfo&, Envelope&) override { return {}; }

    [[nodiscard]] std::optional<Reply>
    recipient(const SessionInfo&, const Envelope&, const Recipient&) override
    {
        return {};
    }

    [[nodiscard]] std::optional<Reply> open(const SessionInfo&, const Envelope&) override
    {
        return {};
    }

    [[nodiscard]] Buffer writable() override { return {_room, sizeof _room}; }

    [[nodiscard]] bool written(std::size_t) override { return true; }

    [[nodiscard]] Reply complete(const SessionInfo&, const Envelope&) override
    {
        return {250, "2.0.0", "OK"};
    }

    [[nodiscard]] bool hasWorkAfterReply() const noexcept override { return false; }

    void replied() override {}

    void drop(const SessionInfo&, const Envelope&, const Reply*) override {}

private:
    char _room[65536] = {};
};

} // namespace

class DialogAllocationTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DialogAllocationTest);
    CPPUNIT_TEST(commandsAllocateNothing);
    CPPUNIT_TEST(aTransactionWithShortAddressesAllocatesNothing);
    CPPUNIT_TEST(mailDataAllocatesNothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void commandsAllocateNothing()
    {
        FrugalSink sink;
        Dialog dialog(_options, someSession(), sink);
        (void)give(dialog, "EHLO client.test\r\n");
        for (const char* command :
             {"NOOP\r\n",
              "RSET\r\n",
              "VRFY x\r\n",
              "MAIL FROM:<somebody.with.a.long.name@department.example.com>\r\nRSET\r\n",
              "HELP\r\n",
              "DATA\r\n",
              "BDAT 3\r\nabc"})
        {
            (void)give(dialog, command);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(command, std::size_t(0), give(dialog, command));
        }
    }

    void aTransactionWithShortAddressesAllocatesNothing()
    {
        FrugalSink sink;
        Dialog dialog(_options, someSession(), sink);
        const std::string transaction =
            "MAIL FROM:<a@a.com>\r\nRCPT TO:<b@a.com>\r\nDATA\r\nx\r\n.\r\n";
        (void)give(dialog, "EHLO client.test\r\n" + transaction);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), give(dialog, transaction));
    }

    void mailDataAllocatesNothing()
    {
        const std::string line = std::string(70, 'x') + "\r\n..dots\r\n";
        for (const auto policy : {BareNewline::Keep, BareNewline::Normalize, BareNewline::Reject})
        {
            _options.bareNewline = policy;
            FrugalSink sink;
            Dialog dialog(_options, someSession(), sink);
            (void)give(dialog, "EHLO x\r\nMAIL FROM:<a@a.com>\r\nRCPT TO:<b@a.com>\r\nDATA\r\n");
            for (int i = 0; i < 10; ++i)
                CPPUNIT_ASSERT_EQUAL(std::size_t(0), give(dialog, line));
        }
    }

private:
    /// Allocations made for these octets.
    static std::size_t give(Dialog& dialog, std::string_view octets)
    {
        const std::size_t before = allocationCount();
        dialog.feed(octets);
        const std::size_t made = allocationCount() - before;
        dialog.clearOutput();
        return made;
    }

    SessionOptions _options;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DialogAllocationTest);

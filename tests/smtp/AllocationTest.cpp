// "No allocation per command" as a test: operator new of this runner counts. Not with sanitizers, which have their own.
#include "Conversation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cstdlib>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MPSMTP_COUNTS_ALLOCATIONS 1
#endif

namespace
{

std::atomic<std::size_t> allocations{0};

} // namespace

#ifdef MPSMTP_COUNTS_ALLOCATIONS
void* operator new(std::size_t size)
{
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) // NOLINT(cppcoreguidelines-no-malloc)
        return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept
{
    std::free(memory); // NOLINT(cppcoreguidelines-no-malloc)
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory); // NOLINT(cppcoreguidelines-no-malloc)
}
#endif

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

class AllocationTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(AllocationTest);
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
             {"NOOP\r\n", "RSET\r\n", "VRFY x\r\n", "HELP\r\n", "DATA\r\n", "BDAT 3\r\nabc"})
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
        const std::size_t before = allocations;
        dialog.feed(octets);
        const std::size_t made = allocations - before;
        dialog.clearOutput();
        return made;
    }

    SessionOptions _options;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AllocationTest);

// What runs for each command and each block of mail data does not allocate: counted by the global operator new.
#include "smtp/Command.h"
#include "smtp/DataDecoder.h"
#include "smtp/MailArguments.h"
#include "smtp/NewlineScanner.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>
#include <new>

namespace
{

thread_local std::size_t allocations = 0; // a counter that is part of operator new has to be global

} // namespace

void* operator new(std::size_t size)
{
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept
{
    std::free(memory);
}

using namespace mpsmtp::smtp;

class NoAllocationTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(NoAllocationTest);
    CPPUNIT_TEST(commandsAreParsedWithoutAllocation);
    CPPUNIT_TEST(mailDataIsDecodedWithoutAllocation);
    CPPUNIT_TEST(aReusedEnvelopeTakesPathsWithoutAllocation);
    CPPUNIT_TEST_SUITE_END();

public:
    void commandsAreParsedWithoutAllocation()
    {
        const std::size_t before = allocations;
        const Command command =
            parseCommand("MAIL FROM:<somebody.with.a.long.name@department.example.com>");
        const bool isHelo = isValidHelo("client-17.department.example.com", false);
        const auto bdat = parseBdat("1000000 LAST");
        const std::size_t after = allocations; // the assertion itself allocates
        CPPUNIT_ASSERT_EQUAL(before, after);
        CPPUNIT_ASSERT(command.verb == Verb::Mail && isHelo && bdat);
    }

    void mailDataIsDecodedWithoutAllocation()
    {
        std::string data = "a\r\n..b\r\n.\r\n";
        DataDecoder decoder;
        NewlineScanner scanner;
        const std::size_t before = allocations;
        const auto result = decoder.decode(data.data(), data.size());
        scanner.scan({data.data(), result.kept});
        const std::size_t after = allocations; // the assertion itself allocates
        CPPUNIT_ASSERT_EQUAL(before, after);
        CPPUNIT_ASSERT(result.ended);
    }

    void aReusedEnvelopeTakesPathsWithoutAllocation()
    {
        const PathRules rules{false, "host.example"};
        const std::string argument = "FROM:<somebody.with.a.long.name@department.example.com>";
        Envelope envelope;
        CPPUNIT_ASSERT(!parseMail(argument, rules, 0, envelope));
        const std::size_t before = allocations;
        const auto refusal = parseMail(argument, rules, 0, envelope);
        const std::size_t after = allocations; // the assertion itself allocates
        CPPUNIT_ASSERT_EQUAL(before, after);
        CPPUNIT_ASSERT(!refusal);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NoAllocationTest);

// What runs for each command and each block of mail data does not allocate.
#include "smtp/Command.h"
#include "smtp/DataDecoder.h"
#include "smtp/MailArguments.h"
#include "smtp/NewlineScanner.h"

#include "AllocationCounter.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

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
        const std::size_t before = allocationCount();
        const Command command =
            parseCommand("MAIL FROM:<somebody.with.a.long.name@department.example.com>");
        const bool isHelo = isValidHelo("client-17.department.example.com", false);
        const auto bdat = parseBdat("1000000 LAST");
        const std::size_t after = allocationCount(); // the assertion itself allocates
        CPPUNIT_ASSERT_EQUAL(before, after);
        CPPUNIT_ASSERT(command.verb == Verb::Mail && isHelo && bdat);
    }

    void mailDataIsDecodedWithoutAllocation()
    {
        std::string data = "a\r\n..b\r\n.\r\n";
        DataDecoder decoder;
        NewlineScanner scanner;
        const std::size_t before = allocationCount();
        const auto result = decoder.decode(data.data(), data.size());
        scanner.scan({data.data(), result.kept});
        const std::size_t after = allocationCount(); // the assertion itself allocates
        CPPUNIT_ASSERT_EQUAL(before, after);
        CPPUNIT_ASSERT(result.ended);
    }

    void aReusedEnvelopeTakesPathsWithoutAllocation()
    {
        const PathRules rules{false, "host.example"};
        const std::string argument = "FROM:<somebody.with.a.long.name@department.example.com>";
        Envelope envelope;
        const std::size_t first = allocationCount();
        CPPUNIT_ASSERT(!parseMail(argument, rules, 0, envelope));
        const std::size_t before = allocationCount();
        const auto refusal = parseMail(argument, rules, 0, envelope);
        const std::size_t after = allocationCount(); // the assertion itself allocates
        CPPUNIT_ASSERT_MESSAGE("the counter counts", before == 0 || before > first);
        CPPUNIT_ASSERT_EQUAL(before, after);
        CPPUNIT_ASSERT(!refusal);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NoAllocationTest);

// The command lines of the benchmark programs: what is taken, and each way to be wrong.
#include "bench/base/Arguments.h"
#include "bench/load/LoadPlan.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::bench;

namespace
{

LoadPlan planOf(const std::vector<std::string>& words)
{
    return loadPlanOf(Arguments(words, loadOptions()));
}

} // namespace

class ArgumentsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ArgumentsTest);
    CPPUNIT_TEST(optionsThatAreNotGivenHaveTheirFallbacks);
    CPPUNIT_TEST(optionsThatAreGivenCount);
    CPPUNIT_TEST(mistakesAreSaid);
    CPPUNIT_TEST_SUITE_END();

public:
    void optionsThatAreNotGivenHaveTheirFallbacks()
    {
        const LoadPlan plan = planOf({"--to", "localhost:25"});
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, plan.connections);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, plan.perConnection);
        CPPUNIT_ASSERT(plan.pipelining == Pipelining::None);
        CPPUNIT_ASSERT(!plan.usesBdat && !plan.speaksLmtp);
    }

    void optionsThatAreGivenCount()
    {
        const LoadPlan plan = planOf({"--lmtp", "--to", "unix:/x", "--pipeline", "next", "--bdat"});
        CPPUNIT_ASSERT_EQUAL(std::string("unix:/x"), plan.target);
        CPPUNIT_ASSERT(plan.pipelining == Pipelining::Next);
        CPPUNIT_ASSERT(plan.usesBdat && plan.speaksLmtp);
    }

    void mistakesAreSaid()
    {
        const struct
        {
            const char* why;
            std::vector<std::string> words;
            const char* expected;
        } rows[] = {
            {"where to", {}, "--to must be given"},
            {"unknown", {"--port", "1"}, "there is no option --port"},
            {"no option", {"to"}, "there is no option to"},
            {"no value", {"--to"}, "--to needs a value"},
            {"no number", {"--messages", "1k"}, "--messages is a number, not 1k"},
            {"negative", {"--messages", "-1"}, "--messages is a number, not -1"},
            {"empty", {"--messages", ""}, "--messages is a number, not "},
            {"none", {"--to", "h:1", "--messages", "0"}, "--messages is at least 1"},
            {"way",
             {"--to", "h:1", "--pipeline", "all"},
             "--pipeline is none, transaction or next, not all"},
            {"too small", {"--to", "h:1", "--octets", "159"}, "--octets is at least 160"},
        };

        for (const auto& row : rows)
        {
            std::string said = "nothing";
            try
            {
                (void)planOf(row.words);
            }
            catch (const UsageMistake& mistake)
            {
                said = mistake.what();
            }
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(row.expected), said);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ArgumentsTest);

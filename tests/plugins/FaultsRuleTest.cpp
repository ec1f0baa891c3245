// How rules of the handler `faults` are read: what each word means, and what is said of a mistake.
#include "faults/RuleParser.h"

#include "faults/Glob.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <set>
#include <string>

using namespace mpsmtp::faults;

namespace
{

/// "column: text" of every mistake.
std::string mistakesOf(const std::string& text)
{
    std::string all;
    for (const auto& mistake : parseRule(text).mistakes)
        all += (all.empty() ? "" : " | ") + std::to_string(mistake.column) + ": " + mistake.text;
    return all;
}

Rule ruleOf(const std::string& text)
{
    auto parsed = parseRule(text);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string(), mistakesOf(text));
    return parsed.rule;
}

/// "code|enhanced|text", or the mistake behind "!".
std::string replyOf(const std::string& verb, const std::string& reply)
{
    const auto parsed = parseRule("on " + verb + " do reply=\"" + reply + "\"");
    if (!parsed.mistakes.empty())
        return "!" + parsed.mistakes.front().text;
    const auto& got = parsed.rule.actions.reply;
    return std::to_string(got.code()) + "|" + got.enhanced() + "|" + got.text();
}

} // namespace

class FaultsRuleTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(FaultsRuleTest);
    CPPUNIT_TEST(everyWordHasItsPlace);
    CPPUNIT_TEST(quotesKeepBlanks);
    CPPUNIT_TEST(unitsAreUnderstood);
    CPPUNIT_TEST(repliesAreChecked);
    CPPUNIT_TEST(everyMistakeIsNamedWithItsColumn);
    CPPUNIT_TEST(allMistakesOfARuleAreFoundAtOnce);
    CPPUNIT_TEST(patternsFitWholeTexts);
    CPPUNIT_TEST(networksHoldTheirAddresses);
    CPPUNIT_TEST(schedulesCountMatches);
    CPPUNIT_TEST(lotsDependOnSeedAndNumberAlone);
    CPPUNIT_TEST_SUITE_END();

    void everyWordHasItsPlace()
    {
        const Rule rule =
            ruleOf("on message client=192.0.2.0/24 helo=h* from=a@* to=*@b.test "
                   "size>10 size<2K header.Subject=*x* header.X-Y=z nth=4 every=2 first=9 "
                   "probability=0.5 do delay=2s throttle=3K reply=\"451 4.3.0 Later\"");
        CPPUNIT_ASSERT(rule.verb == Verb::Message);
        CPPUNIT_ASSERT(rule.conditions.client->contains("192.0.2.77"));
        CPPUNIT_ASSERT_EQUAL(std::string("h*"), *rule.conditions.helo);
        CPPUNIT_ASSERT_EQUAL(std::string("a@*"), *rule.conditions.from);
        CPPUNIT_ASSERT_EQUAL(std::string("*@b.test"), *rule.conditions.to);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, *rule.conditions.largerThan);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2048}, *rule.conditions.smallerThan);
        CPPUNIT_ASSERT_EQUAL(std::string("X-Y"), rule.conditions.headers.at(1).field);
        CPPUNIT_ASSERT_EQUAL(std::string("z"), rule.conditions.headers.at(1).pattern);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, *rule.schedule.nth);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, *rule.schedule.every);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, *rule.schedule.first);
        CPPUNIT_ASSERT_EQUAL(0.5, *rule.schedule.probability);
        CPPUNIT_ASSERT(rule.actions.delay == std::chrono::seconds(2));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3072}, rule.actions.octetsPerSecond);
        CPPUNIT_ASSERT(rule.actions.ending == Actions::Ending::Reply);
        CPPUNIT_ASSERT_EQUAL(std::string("delay=2s throttle=3K reply=\"451 4.3.0 Later\""),
                             rule.actionText);
    }

    void quotesKeepBlanks()
    {
        const Rule rule =
            ruleOf("  on\tmessage  from=\"\" header.Subject=\"a \\\"b\\\" \\\\ c\" do continue ");
        CPPUNIT_ASSERT_EQUAL(std::string("a \"b\" \\ c"), rule.conditions.headers.at(0).pattern);
        CPPUNIT_ASSERT_EQUAL(std::string(), *rule.conditions.from);
        CPPUNIT_ASSERT(rule.actions.ending == Actions::Ending::None);
    }

    void unitsAreUnderstood()
    {
        const struct
        {
            const char* why;
            const char* text;
            std::int64_t milliseconds;
        } cases[] = {
            {"a plain number is seconds, as in the ini file", "3", 3000},
            {"milliseconds", "250ms", 250},
            {"minutes", "5m", 300'000},
            {"the longest", "24h", 86'400'000},
        };

        for (const auto& each : cases)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                each.why,
                each.milliseconds,
                std::int64_t{
                    ruleOf(std::string("on data do delay=") + each.text).actions.delay.count()});
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{5 * 1024 * 1024},
                             *ruleOf("on message size>5M do drop").conditions.largerThan);
    }

    void repliesAreChecked()
    {
        const struct
        {
            const char* why;
            const char* verb;
            const char* reply;
            const char* expected;
        } cases[] = {
            {"code, enhanced code, text",
             "rcpt",
             "550 5.1.1 No such user",
             "550|5.1.1|No such user"},
            {"the enhanced code may be left out", "rcpt", "451 Later", "451||Later"},
            {"so may the text", "rcpt", "451", "451||"},
            {"a text may begin with a number",
             "rcpt",
             "452 3 mails too many",
             "452||3 mails too many"},
            {"a greeting", "connect", "554 5.3.2 Closed", "554|5.3.2|Closed"},
            {"421 closes", "mail", "421 4.3.2 Bye", "421|4.3.2|Bye"},
            {"a success is none",
             "mail",
             "250 Ok",
             "!\"reply\": a reply begins with a code from 400 to 599, not \"250\""},
            {"nothing",
             "mail",
             "",
             "!\"reply\": a reply begins with a code from 400 to 599, not \"\""},
            {"too many digits",
             "mail",
             "4510 x",
             "!\"reply\": a reply begins with a code from 400 to 599, not \"4510\""},
            {"no other greeting",
             "connect",
             "550 5.7.1 No",
             "!\"reply\": a greeting can only be 421 or 554 (RFC 5321 3.1), not 550"},
            {"the classes differ",
             "rcpt",
             "451 5.1.1 x",
             "!\"reply\": the enhanced code \"5.1.1\" does not fit 451; write 4.SUBJECT.DETAIL"},
            {"a part is missing",
             "rcpt",
             "451 4.1 x",
             "!\"reply\": the enhanced code \"4.1\" does not fit 451; write 4.SUBJECT.DETAIL"},
            {"four digits",
             "rcpt",
             "451 4.1.1000 x",
             "!\"reply\": the enhanced code \"4.1.1000\" does not fit 451; write 4.SUBJECT.DETAIL"},
        };

        for (const auto& each : cases)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                each.why, std::string(each.expected), replyOf(each.verb, each.reply));
    }

    void everyMistakeIsNamedWithItsColumn()
    {
        const std::string verbs = "connect, helo, mail, rcpt, data, message";
        const std::string endings = "reply=…, delay=…, drop, throttle=…, continue";

        const struct
        {
            const char* why;
            const char* text;
            std::string expected;
        } cases[] = {
            {"nothing", " ", "1: it is empty; write: on VERB [CONDITION…] do ACTION…"},
            {"no \"on\"", "at data do drop", "1: a rule begins with \"on\""},
            {"a verb that is none",
             "on dta do drop",
             "4: unknown verb \"dta\"; write one of " + verbs},
            {"only \"on\"",
             "on",
             "3: here must follow one of " + verbs +
                 " | 3: here must follow \"do\" and what to do"},
            {"no \"do\"",
             "on data drop",
             "9: unknown condition \"drop\"; write one of client=…, helo=…, from=…, to=…, nth=…, "
             "every=…, first=…, probability=… | 13: here must follow \"do\" and what to do"},
            {"nothing to do", "on data do", "11: here must follow " + endings},
            {"an action that is none",
             "on data do stop",
             "12: unknown action \"stop\"; write one of " + endings},
            {"a condition that comes too early",
             "on mail to=x do drop",
             "9: \"to\" is not known on mail, only on rcpt, data, message"},
            {"discard before there is a message",
             "on data do discard",
             "12: \"discard\" is not known on data, only on message"},
            {"a value where there is none", "on data do drop=1", "12: \"drop\" is written drop"},
            {"no value", "on data nth do drop", "9: \"nth\" is written nth=…"},
            {"another sign", "on message size=3 do drop", "12: \"size\" is written size<…, size>…"},
            {"no field's name",
             "on message header.=x do drop",
             "12: \"header.\": write the name of a header field, as in header.Subject=*test*"},
            {"the same word twice", "on data nth=1 nth=2 do drop", "15: \"nth\" is there twice"},
            {"0 never comes", "on data nth=0 do drop", "9: \"nth\": write a whole number from 1"},
            {"more than certain",
             "on data probability=1.5 do drop",
             "9: \"probability\": write a number from 0 to 1, as in 0.25"},
            {"no number",
             "on data probability=nan do drop",
             "9: \"probability\": write a number from 0 to 1, as in 0.25"},
            {"no network",
             "on data client=192.0.2.0/33 do drop",
             "9: \"client\": write an address, a network as in 192.0.2.0/24 or 2001:db8::/32, or "
             "unix"},
            {"a unit that is none",
             "on message size>3X do drop",
             "12: \"size\": write octets, as in 500, 10K or 5M"},
            {"more than 64 bits",
             "on message size>18446744073709551615K do drop",
             "12: \"size\": write octets, as in 500, 10K or 5M"},
            {"longer than a day",
             "on data do delay=25h",
             "12: \"delay\": write a time of at most 24h, as in 250ms, 2s, 5m or 1h"},
            {"standing still",
             "on data do throttle=0",
             "12: \"throttle\": write octets a second from 1, as in 100 or 2K"},
            {"two endings",
             "on data do drop reply=451",
             "17: \"reply\": write only one of reply, drop and discard"},
            {"an open quote",
             "on data do reply=\"451 x",
             "18: the closing \" is missing (in an ini file a \";\" or \"#\" behind a blank begins "
             "a comment, unless the whole value is quoted)"},
            {"something behind a quote",
             "on data do reply=\"451\"x",
             "23: a blank must follow the closing \""},
        };

        for (const auto& each : cases)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(each.why, each.expected, mistakesOf(each.text));
    }

    void allMistakesOfARuleAreFoundAtOnce()
    {
        const auto parsed = parseRule("on rcpt too=x nth=a do reply=250 delay=x");
        std::set<std::size_t> columns;
        for (const auto& mistake : parsed.mistakes)
            columns.insert(mistake.column);
        CPPUNIT_ASSERT(columns == (std::set<std::size_t>{9, 15, 24, 34}));
    }

    void patternsFitWholeTexts()
    {
        const struct
        {
            const char* why;
            const char* pattern;
            const char* text;
            bool fits;
        } cases[] = {
            {"letters of either case", "*@SLOW.example", "ben@slow.EXAMPLE", true},
            {"nothing is a text too", "", "", true},
            {"the null reverse-path is nothing else", "", "a@a.test", false},
            {"a star takes nothing", "a*b", "ab", true},
            {"a star is tried again", "*ab*ab", "xabyabzab", true},
            {"all of the text", "a", "ab", false},
            {"one octet", "a?c", "abc", true},
            {"one octet and not none", "a?", "a", false},
            {"stars only", "***", "x", true},
            {"only ASCII letters have two cases", "\xC3\xA4", "\xC3\x84", false},
            {"a bracket is itself", "[a]", "a", false},
        };

        for (const auto& each : cases)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(each.why, each.fits, fitsGlob(each.pattern, each.text));
        const std::string manyOctets(20000, 'a');
        CPPUNIT_ASSERT_MESSAGE("hostile texts take no time that matters",
                               !fitsGlob("*a*a*a*a*a*a*b", manyOctets));
    }

    void networksHoldTheirAddresses()
    {
        const struct
        {
            const char* why;
            const char* network;
            const char* address;
            bool holds;
        } cases[] = {
            {"one address", "192.0.2.1", "192.0.2.1", true},
            {"another address", "192.0.2.1", "192.0.2.2", false},
            {"bits that are no whole octet", "192.0.2.0/25", "192.0.2.127", true},
            {"just outside", "192.0.2.0/25", "192.0.2.128", false},
            {"everyone of IPv4", "0.0.0.0/0", "203.0.113.9", true},
            {"but no IPv6", "0.0.0.0/0", "2001:db8::1", false},
            {"IPv6", "2001:db8::/32", "2001:db8:ffff::1", true},
            {"IPv6 written otherwise", "2001:db8:0:0::1", "2001:db8::1", true},
            {"IPv4 in IPv6's clothes", "192.0.2.0/24", "::ffff:192.0.2.9", true},
            {"a Unix socket has no address", "0.0.0.0/0", "unix", false},
            {"a Unix socket", "unix", "unix", true},
        };

        for (const auto& each : cases)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                each.why, each.holds, Network::parse(each.network)->contains(each.address));
        for (const char* bad :
             {"", "192.0.2", "192.0.2.0/", "192.0.2.0/-1", "::/129", "x", "192.0.2.0/8/8"})
            CPPUNIT_ASSERT_MESSAGE(bad, !Network::parse(bad));
    }

    void schedulesCountMatches()
    {
        const struct
        {
            const char* why;
            const char* words;
            std::set<std::uint64_t> expected; ///< of 1 to 7
        } cases[] = {
            {"always", "", {1, 2, 3, 4, 5, 6, 7}},
            {"once", "nth=3", {3}},
            {"again and again", "every=3", {3, 6}},
            {"at first", "first=2", {1, 2}},
            {"all must agree", "every=2 first=5", {2, 4}},
            {"never", "probability=0", {}},
            {"certainly", "probability=1", {1, 2, 3, 4, 5, 6, 7}},
        };

        for (const auto& each : cases)
        {
            const Rule rule = ruleOf("on data " + std::string(each.words) + " do drop");
            std::set<std::uint64_t> included;
            for (std::uint64_t number = 1; number <= 7; ++number)
                if (rule.schedule.includes(number, 1))
                    included.insert(number);
            CPPUNIT_ASSERT_MESSAGE(each.why, included == each.expected);
        }
    }

    void lotsDependOnSeedAndNumberAlone()
    {
        Schedule schedule;
        schedule.probability = 0.25;
        int hits = 0;
        int differences = 0;
        for (std::uint64_t number = 1; number <= 10000; ++number)
        {
            const bool isHit = schedule.includes(number, 7);
            CPPUNIT_ASSERT_EQUAL(isHit, schedule.includes(number, 7));
            hits += isHit ? 1 : 0;
            differences += isHit == schedule.includes(number, 8) ? 0 : 1;
        }
        CPPUNIT_ASSERT_MESSAGE(std::to_string(hits), hits > 2300 && hits < 2700);
        CPPUNIT_ASSERT_MESSAGE("another seed, other lots", differences > 3000);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FaultsRuleTest);

// MAIL, RCPT and BDAT: each parameter's values, each refusal's code.
#include "smtp/MailArguments.h"

#include <cppunit/extensions/HelperMacros.h>

#include <limits>
#include <string>
#include <vector>

using namespace mpsmtp::smtp;

namespace
{

constexpr PathRules rules{false, "host.example"};
constexpr std::uint64_t limit = 1000;

std::string code(const std::optional<FixedReply>& refusal)
{
    return refusal ? std::to_string(refusal->code) + " " + std::string(refusal->enhanced) : "ok";
}

struct Row
{
    const char* why;
    std::string argument;
    std::string expected;
};

void checkMail(const std::vector<Row>& rows)
{
    for (const Row& row : rows)
    {
        Envelope envelope;
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            row.why, row.expected, code(parseMail(row.argument, rules, limit, envelope)));
    }
}

void checkRcpt(const std::vector<Row>& rows, bool smtpUtf8)
{
    for (const Row& row : rows)
    {
        Envelope envelope;
        envelope.smtpUtf8 = smtpUtf8;
        Recipient recipient;
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            row.why, row.expected, code(parseRcpt(row.argument, rules, envelope, recipient)));
    }
}

} // namespace

class MailArgumentsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MailArgumentsTest);
    CPPUNIT_TEST(mailTakesAReversePath);
    CPPUNIT_TEST(mailParametersAreChecked);
    CPPUNIT_TEST(mailFillsTheEnvelope);
    CPPUNIT_TEST(aRefusedMailLeavesWhatWasUnderstood);
    CPPUNIT_TEST(sizeIsUnlimitedWithoutLimit);
    CPPUNIT_TEST(nonAsciiSendersNeedSmtpUtf8);
    CPPUNIT_TEST(rcptTakesAForwardPath);
    CPPUNIT_TEST(rcptParametersAreChecked);
    CPPUNIT_TEST(rcptFillsTheRecipient);
    CPPUNIT_TEST(nonAsciiRecipientsNeedSmtpUtf8);
    CPPUNIT_TEST(bdatTakesASizeAndLast);
    CPPUNIT_TEST_SUITE_END();

public:
    void mailTakesAReversePath()
    {
        checkMail({
            {"plain", "FROM:<a@b>", "ok"},
            {"null", "FROM:<>", "ok"},
            {"any case", "from:<a@b>", "ok"},
            {"typed by hand", "From: a@b", "ok"},
            {"no argument", "", "501 5.5.4"},
            {"no colon", "FROM <a@b>", "501 5.5.4"},
            {"TO", "TO:<a@b>", "501 5.5.4"},
            {"no path", "FROM:", "501 5.1.7"},
            {"bad path", "FROM:<a@b@c>", "501 5.1.7"},
            {"path too long", "FROM:<" + std::string(300, 'a') + "@b>", "501 5.1.7"},
        });
    }

    void mailParametersAreChecked()
    {
        checkMail({
            {"SIZE", "FROM:<a@b> SIZE=10", "ok"},
            {"SIZE at the limit", "FROM:<a@b> SIZE=1000", "ok"},
            {"SIZE over the limit", "FROM:<a@b> SIZE=1001", "552 5.3.4"},
            {"SIZE of 20 digits", "FROM:<a@b> SIZE=99999999999999999999", "552 5.3.4"},
            {"SIZE of 20 digits, small", "FROM:<a@b> SIZE=00000000000000000007", "ok"},
            {"SIZE of 21 digits", "FROM:<a@b> SIZE=000000000000000000007", "501 5.5.4"},
            {"SIZE without value", "FROM:<a@b> SIZE", "501 5.5.4"},
            {"SIZE negative", "FROM:<a@b> SIZE=-1", "501 5.5.4"},
            {"SIZE with plus", "FROM:<a@b> SIZE=+1", "501 5.5.4"},
            {"SIZE in hexadecimal", "FROM:<a@b> SIZE=0x10", "501 5.5.4"},
            {"BODY=7BIT", "FROM:<a@b> BODY=7BIT", "ok"},
            {"BODY in lower case", "FROM:<a@b> body=8bitmime", "ok"},
            {"BODY=BINARYMIME", "FROM:<a@b> BODY=BINARYMIME", "ok"},
            {"BODY of another kind", "FROM:<a@b> BODY=9BIT", "501 5.5.4"},
            {"BODY without value", "FROM:<a@b> BODY", "501 5.5.4"},
            {"SMTPUTF8", "FROM:<a@b> SMTPUTF8", "ok"},
            {"SMTPUTF8 with a value", "FROM:<a@b> SMTPUTF8=1", "501 5.5.4"},
            {"RET=FULL", "FROM:<a@b> RET=FULL", "ok"},
            {"RET=HDRS", "FROM:<a@b> RET=hdrs", "ok"},
            {"RET of another kind", "FROM:<a@b> RET=SOME", "501 5.5.4"},
            {"RET without value", "FROM:<a@b> RET", "501 5.5.4"},
            {"ENVID", "FROM:<a@b> ENVID=QQ+3D1", "ok"},
            {"ENVID that is no xtext", "FROM:<a@b> ENVID=Q+Q", "501 5.5.4"},
            {"ENVID without value", "FROM:<a@b> ENVID", "501 5.5.4"},
            {"AUTH is not offered yet", "FROM:<a@b> AUTH=<>", "555 5.5.4"},
            {"unknown", "FROM:<a@b> FOO=1", "555 5.5.4"},
            {"a parameter of RCPT", "FROM:<a@b> NOTIFY=NEVER", "555 5.5.4"},
            {"no space in front", "FROM:<a@b>SIZE=1", "501 5.1.7"},
            {"twice", "FROM:<a@b> BODY=7BIT BODY=7BIT", "501 5.5.4"},
            {"text behind a null path", "FROM:<> <a@b>", "501 5.5.4"},
            {"all at once", "FROM:<> SIZE=1 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x", "ok"},
        });
    }

    void mailFillsTheEnvelope()
    {
        Envelope envelope;
        envelope.parameters.push_back({"OLD", ""});
        envelope.declaredOctets = 7;
        CPPUNIT_ASSERT(!parseMail(
            "FROM:<Ben@B> size=12 BODY=8BITMIME SMTPUTF8 RET=FULL", rules, limit, envelope));
        CPPUNIT_ASSERT_EQUAL(std::string("Ben@b"), envelope.reversePath.address);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t(12), envelope.declaredOctets);
        CPPUNIT_ASSERT(envelope.body == BodyType::EightBitMime);
        CPPUNIT_ASSERT(envelope.smtpUtf8);
        CPPUNIT_ASSERT_EQUAL(std::size_t(4), envelope.parameters.size());
        CPPUNIT_ASSERT_EQUAL(std::string("SIZE"), envelope.parameters[0].keyword);
        CPPUNIT_ASSERT_EQUAL(std::string("FULL"), envelope.parameters[3].value);
        CPPUNIT_ASSERT(!parseMail("FROM:<> BODY=BINARYMIME", rules, limit, envelope));
        CPPUNIT_ASSERT(envelope.body == BodyType::BinaryMime);
        CPPUNIT_ASSERT(envelope.reversePath.isNull() && !envelope.smtpUtf8);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t(0), envelope.declaredOctets);
    }

    void aRefusedMailLeavesWhatWasUnderstood()
    {
        Envelope envelope;
        CPPUNIT_ASSERT(parseMail("FROM:<a@b> SIZE=5000", rules, limit, envelope));
        CPPUNIT_ASSERT_EQUAL(std::string("a@b"), envelope.reversePath.address);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t(5000), envelope.declaredOctets);
    }

    void sizeIsUnlimitedWithoutLimit()
    {
        Envelope envelope;
        CPPUNIT_ASSERT(!parseMail("FROM:<a@b> SIZE=99999999999999999999", rules, 0, envelope));
        CPPUNIT_ASSERT_EQUAL(std::numeric_limits<std::uint64_t>::max(), envelope.declaredOctets);
    }

    void nonAsciiSendersNeedSmtpUtf8()
    {
        checkMail({
            {"without", "FROM:<j\xc3\xb6@b>", "553 5.6.7"},
            {"domain only", "FROM:<a@b\xc3\xbc.example>", "553 5.6.7"},
            {"with, behind the path", "FROM:<j\xc3\xb6@b> SMTPUTF8", "ok"},
            {"with, last of several", "FROM:<j\xc3\xb6@b> SIZE=1 SMTPUTF8", "ok"},
            {"invalid UTF-8", "FROM:<j\xf6@b> SMTPUTF8", "501 5.1.7"},
        });
    }

    void rcptTakesAForwardPath()
    {
        checkRcpt({{"plain", "TO:<a@b>", "ok"},
                   {"any case", "to:<a@b>", "ok"},
                   {"typed by hand", "To: a@b", "ok"},
                   {"Postmaster", "TO:<Postmaster>", "ok"},
                   {"null", "TO:<>", "501 5.1.3"},
                   {"no argument", "", "501 5.5.4"},
                   {"no colon", "TO <a@b>", "501 5.5.4"},
                   {"FROM", "FROM:<a@b>", "501 5.5.4"},
                   {"no path", "TO:", "501 5.1.3"}},
                  false);
    }

    void rcptParametersAreChecked()
    {
        checkRcpt({{"NOTIFY", "TO:<a@b> NOTIFY=NEVER", "ok"},
                   {"NOTIFY of all three", "TO:<a@b> NOTIFY=success,FAILURE,Delay", "ok"},
                   {"NOTIFY mixed with NEVER", "TO:<a@b> NOTIFY=NEVER,DELAY", "501 5.5.4"},
                   {"NOTIFY without value", "TO:<a@b> NOTIFY", "501 5.5.4"},
                   {"ORCPT", "TO:<a@b> ORCPT=rfc822;x+2By@z", "ok"},
                   {"ORCPT without type", "TO:<a@b> ORCPT=x@y", "501 5.5.4"},
                   {"ORCPT beyond ASCII", "TO:<a@b> ORCPT=utf-8;\xc3\xa9@y", "501 5.5.4"},
                   {"twice", "TO:<a@b> NOTIFY=DELAY NOTIFY=DELAY", "501 5.5.4"},
                   {"unknown", "TO:<a@b> FOO", "555 5.5.4"},
                   {"a parameter of MAIL", "TO:<a@b> SIZE=1", "555 5.5.4"}},
                  false);
        checkRcpt({{"ORCPT beyond ASCII", "TO:<a@b> ORCPT=utf-8;\xc3\xa9@y", "ok"}}, true);
    }

    void rcptFillsTheRecipient()
    {
        const Envelope envelope;
        Recipient recipient;
        CPPUNIT_ASSERT(
            !parseRcpt("TO:<Ann@B> notify=NEVER ORCPT=rfc822;x@y", rules, envelope, recipient));
        CPPUNIT_ASSERT_EQUAL(std::string("Ann@b"), recipient.path.address);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), recipient.parameters.size());
        CPPUNIT_ASSERT_EQUAL(std::string("NOTIFY"), recipient.parameters[0].keyword);
        CPPUNIT_ASSERT_EQUAL(std::string("rfc822;x@y"), recipient.parameters[1].value);
        CPPUNIT_ASSERT(!parseRcpt("TO:<root>", rules, envelope, recipient));
        CPPUNIT_ASSERT_EQUAL(std::string("root@host.example"), recipient.path.address);
        CPPUNIT_ASSERT(recipient.parameters.empty());
    }

    void nonAsciiRecipientsNeedSmtpUtf8()
    {
        const std::string argument = "TO:<j\xc3\xb6@b>";
        checkRcpt({{"without", argument, "553 5.6.7"}}, false);
        checkRcpt({{"with", argument, "ok"}}, true);
    }

    void bdatTakesASizeAndLast()
    {
        struct BdatRow
        {
            const char* why;
            std::string argument;
            std::string expected;
        };

        const std::vector<BdatRow> rows{
            {"a chunk", "86", "86"},
            {"the last", "86 LAST", "86 last"},
            {"any case, several blanks", "86 \t last", "86 last"},
            {"nothing more", "0 LAST", "0 last"},
            {"empty chunk", "0", "0"},
            {"leading zeros", "007", "7"},
            {"largest", "18446744073709551614", "18446744073709551614"},
            {"one too large", "18446744073709551615", "refused"},
            {"overflow", "18446744073709551616", "refused"},
            {"overflow by far", "99999999999999999999999", "refused"},
            {"empty", "", "refused"},
            {"LAST alone", "LAST", "refused"},
            {"negative", "-1", "refused"},
            {"plus", "+1", "refused"},
            {"no digit", "1x", "refused"},
            {"another word", "1 FIRST", "refused"},
            {"two words", "1 LAST LAST", "refused"},
            {"no blank", "1LAST", "refused"},
        };
        for (const BdatRow& row : rows)
        {
            const auto bdat = parseBdat(row.argument);
            const std::string actual =
                bdat ? std::to_string(bdat->octets) + (bdat->last ? " last" : "") : "refused";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, actual);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MailArgumentsTest);

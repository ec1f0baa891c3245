// Splitting parameters: grammar, upper case, duplicates.
#include "smtp/EsmtpParameters.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace mpsmtp::smtp;

namespace
{

// "KEY=value,KEY2" or the refusal's text.
std::string parse(const std::string& text)
{
    std::vector<EsmtpParameter> parameters;
    if (const auto refusal = parseEsmtpParameters(text, parameters))
    {
        CPPUNIT_ASSERT_EQUAL(501u, refusal->code);
        CPPUNIT_ASSERT_EQUAL(std::string("5.5.4"), std::string(refusal->enhanced));
        return std::string(refusal->text);
    }
    std::string out;
    for (const EsmtpParameter& parameter : parameters)
    {
        out += (out.empty() ? "" : ",") + parameter.keyword;
        out += parameter.value.empty() ? "" : "=" + parameter.value;
    }
    return out;
}

} // namespace

class EsmtpParametersTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(EsmtpParametersTest);
    CPPUNIT_TEST(parametersAreSplit);
    CPPUNIT_TEST(theirNumberIsLimited);
    CPPUNIT_TEST_SUITE_END();

public:
    void parametersAreSplit()
    {
        struct Row
        {
            const char* why;
            std::string text;
            std::string expected;
        };

        const std::string bad = "Bad parameter syntax";
        const std::string twice = "Parameter given twice";
        const std::vector<Row> rows{
            {"none", "", ""},
            {"blanks", " \t ", ""},
            {"one without value", " SMTPUTF8", "SMTPUTF8"},
            {"keywords in upper case, values as sent",
             " size=1 Body=8bitMime",
             "SIZE=1,BODY=8bitMime"},
            {"several blanks", "  A=1 \t B=2 ", "A=1,B=2"},
            {"hyphens and digits", " 8-x=1", "8-X=1"},
            {"vendor keyword", " XFOO=<>", "XFOO=<>"},
            {"UTF-8 value (RFC 6531 3.3)", " ORCPT=utf-8;\xc3\xa9", "ORCPT=utf-8;\xc3\xa9"},
            {"empty value", " SIZE=", bad},
            {"empty keyword", " =1", bad},
            {"equals sign in the value", " A=b=c", bad},
            {"keyword begins with a hyphen", " -A=1", bad},
            {"keyword with underscore", " A_B=1", bad},
            {"keyword beyond ASCII", " \xc3\xa9=1", bad},
            {"bracket", " <a@b>", bad},
            {"NUL in the value", std::string(" A=b\0", 5), bad},
            {"CR in the value", " A=b\r", bad},
            {"DEL in the value", " A=b\x7f", bad},
            {"invalid UTF-8 in the value", " A=\xff", bad},
            {"C1 control in the value", " A=\xc2\x85", bad},
            {"twice", " SIZE=1 SIZE=2", twice},
            {"twice in two cases", " size=1 SIZE=1", twice},
            {"twice without value", " X X", twice},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, parse(row.text));
    }

    void theirNumberIsLimited()
    {
        std::string text;
        for (int i = 0; i < 32; ++i)
            text += " K" + std::to_string(i);
        CPPUNIT_ASSERT(parse(text) != "Too many parameters");
        CPPUNIT_ASSERT_EQUAL(std::string("Too many parameters"), parse(text + " ONEMORE"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EsmtpParametersTest);

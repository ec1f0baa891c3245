// The ini format: what is understood, and the sentence for everything that is not.
#include "app/IniReader.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using mpsmtp::app::IniDocument;
using mpsmtp::app::readIni;

namespace
{

/// Everything that was read, on one line: "[a@1] k=v@2 !3:text".
std::string shown(const IniDocument& document)
{
    std::string text;
    for (const auto& section : document.sections)
    {
        text += "[" + section.name + "@" + std::to_string(section.origin.line) + "]";
        for (const auto& setting : section.settings)
            text +=
                " " + setting.key + "=" + setting.value + "@" + std::to_string(setting.origin.line);
    }
    for (const auto& problem : document.problems)
        text += " !" + std::to_string(problem.origin.line) + ":" + problem.text;
    return text;
}

struct Row
{
    const char* why;
    std::string input;
    std::string expected;
};

void check(const std::vector<Row>& rows)
{
    for (const Row& row : rows)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(readIni(row.input, "x.ini")));
}

} // namespace

class IniReaderTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(IniReaderTest);
    CPPUNIT_TEST(sectionsAndKeysKeepTheirOrderAndLines);
    CPPUNIT_TEST(commentsNeedALineStartOrABlank);
    CPPUNIT_TEST(quotesKeepWhatWouldBeAComment);
    CPPUNIT_TEST(foreignLineEndsAndMarksAreUnderstood);
    CPPUNIT_TEST(eachMistakeHasItsSentenceAndLine);
    CPPUNIT_TEST(allMistakesAreReportedAtOnce);
    CPPUNIT_TEST(longValuesAreNotCut);
    CPPUNIT_TEST(anyPrefixOfAFileIsReadWithoutHarm);
    CPPUNIT_TEST_SUITE_END();

    void sectionsAndKeysKeepTheirOrderAndLines()
    {
        check({
            {"nothing", "", ""},
            {"order is the file's", "[b]\nz = 1\na=2\n[a]\n", "[b@1] z=1@2 a=2@3[a@4]"},
            {"an empty section is kept", "[a]\n[b]", "[a@1][b@2]"},
            {"an indented line is a line", "[a]\nk = 1\n\t l = 2", "[a@1] k=1@2 l=2@3"},
            {"names may hold a colon", "[handler:my tree]", "[handler:my tree@1]"},
            {"blanks inside brackets", "[ a ]", "[a@1]"},
            {"an empty value", "[a]\nk =\n", "[a@1] k=@2"},
            {"the first = parts", "[a]\nk = a=b", "[a@1] k=a=b@2"},
            {"keys differ by case", "[a]\nk=1\nK=2", "[a@1] k=1@2 K=2@3"},
            {"8-bit text is text", "[a]\nk = Gr\xC3\xBC\xC3\x9F", "[a@1] k=Gr\xC3\xBC\xC3\x9F@2"},
        });
    }

    void commentsNeedALineStartOrABlank()
    {
        check({
            {"both marks", "; a\n# b\n  ; c\n[s]\n", "[s@4]"},
            {"behind a section", "[s] ; text", "[s@1]"},
            {"behind a section, glued", "[s];text", "[s@1]"},
            {"behind a value", "[s]\nk = v ; text\nl = w\t# text", "[s@1] k=v@2 l=w@3"},
            {"no blank, no comment", "[s]\nk = a;b#c", "[s@1] k=a;b#c@2"},
            {"only a comment", "[s]\nk = ; text", "[s@1] k=@2"},
            {"= inside a comment", "; k = v\n[s]", "[s@2]"},
        });
    }

    void quotesKeepWhatWouldBeAComment()
    {
        check({
            {"blanks and marks", "[s]\nk = \" a ; b \" ; c", "[s@1] k= a ; b @2"},
            {"an empty text", "[s]\nk = \"\"", "[s@1] k=@2"},
            {"an escaped quote", "[s]\nk = \"a\\\"b\\\\\"", "[s@1] k=a\"b\\@2"},
            {"other backslashes stay", "[s]\nk = \"a\\b\"", "[s@1] k=a\\b@2"},
            {"a quote inside is a quote", "[s]\nk = a \"b\" c", "[s@1] k=a \"b\" c@2"},
        });
    }

    void foreignLineEndsAndMarksAreUnderstood()
    {
        check({
            {"CRLF", "[s]\r\nk = v\r\n\r\n", "[s@1] k=v@2"},
            {"BOM", "\xEF\xBB\xBF[s]\nk=v", "[s@1] k=v@2"},
            {"UTF-16",
             std::string("\xFF\xFE[\0s\0]\0", 8),
             " !1:the file is UTF-16; save it as UTF-8"},
        });
    }

    void eachMistakeHasItsSentenceAndLine()
    {
        check({
            {"unclosed section", "\n[s\nk=v", " !2:the section's closing ] is missing: [s"},
            {"text behind a section",
             "[s] x",
             " !1:only a comment may follow the section's ]: [s] x"},
            {"no name", "[ ]\nk=v", " !1:the section has no name: []"},
            {"section twice",
             "[s]\n\n[s]",
             "[s@1] !3:section [s] is there twice; the first is in line 1"},
            {"key twice",
             "[s]\nk=1\nk=2",
             "[s@1] k=1@2 !3:[s] has \"k\" twice; the first is in line 2"},
            {"key twice in a section twice",
             "[s]\nk=1\n[s]\nk=2",
             "[s@1] k=1@2 !3:section [s] is there twice; the first is in line 1 "
             "!4:[s] has \"k\" twice; the first is in line 2"},
            {"no =",
             "[s]\nhello ; x",
             "[s@1] !2:expected \"key = value\" or \"[section]\", not \"hello\""},
            {"no section", "k = v", " !1:key \"k\" stands above the first [section]"},
            {"no key",
             "[s]\n= v",
             "[s@1] !2:a key is made of letters, digits, \"_\" and \"-\", not \"\""},
            {"key with a blank",
             "[s]\na b = v",
             "[s@1] !2:a key is made of letters, digits, \"_\" and \"-\", not \"a b\""},
            {"open quote", "[s]\nk = \"v", "[s@1] !2:the value's closing \" is missing: \"v"},
            {"quote that escapes its end",
             "[s]\nk = \"v\\\"",
             "[s@1] !2:the value's closing \" is missing: \"v\\\""},
            {"text behind a quote",
             "[s]\nk = \"v\" w",
             "[s@1] !2:only a comment may follow a quoted value: \"v\" w"},
            {"NUL",
             std::string("[s]\nk = a\0b", 11),
             "[s@1] !2:a control character (octet 0x00) is not allowed here"},
            {"a CR that ends no line",
             "[s]\nk = a\rb",
             "[s@1] !2:a control character (octet 0x0D) is not allowed here"},
        });
    }

    void allMistakesAreReportedAtOnce()
    {
        const auto document = readIni("a = 1\n[b\nc = 2\n[d]\ne\nf = \"\n", "x.ini");
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, document.problems.size());
        CPPUNIT_ASSERT_EQUAL(std::string("x.ini"), document.problems.front().origin.file);
        CPPUNIT_ASSERT_EQUAL(6u, document.problems.back().origin.line);
    }

    void longValuesAreNotCut()
    {
        const std::string value(100'000, 'x');
        const auto document = readIni("[s]\nk = " + value, "x.ini");
        CPPUNIT_ASSERT_EQUAL(value, document.sections.at(0).settings.at(0).value);
    }

    void anyPrefixOfAFileIsReadWithoutHarm()
    {
        const std::string text =
            "\xEF\xBB\xBF[a]\r\nk = \"x\\\" ; y\" ; z\n[b\n=\n[]\n[c] d\nl\n\"";
        for (std::size_t length = 0; length <= text.size(); ++length)
            CPPUNIT_ASSERT(readIni(text.substr(0, length), "x.ini").sections.size() <= 2);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(IniReaderTest);

#include "common/PathComponent.h"

#include "plugins/HostileNames.h"

#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <string>
#include <vector>

using namespace mpsmtp::store;

namespace
{

std::string decode(const std::string& text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i)
    {
        if (text[i] != '%')
        {
            out += text[i];
            continue;
        }
        out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
    }
    return out;
}

struct Row
{
    const char* why;
    std::string value;
    std::string expected;
};

} // namespace

class PathComponentTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PathComponentTest);
    CPPUNIT_TEST(valuesAreEncodedWhereTheyMustBe);
    CPPUNIT_TEST(decodingGivesTheValueBack);
    CPPUNIT_TEST(differentValuesGiveDifferentComponents);
    CPPUNIT_TEST(componentsAreHarmless);
    CPPUNIT_TEST(insideAComponentOnlyTheSeparatorIsAdded);
    CPPUNIT_TEST(folderNamesAreAsciiWithoutDots);
    CPPUNIT_TEST_SUITE_END();

public:
    void valuesAreEncodedWhereTheyMustBe()
    {
        using namespace std::string_literals;
        const std::vector<Row> rows{
            {"a plain name stays", "ben", "ben"},
            {"case stays", "Ben", "Ben"},
            {"dots inside stay", "ben.smith", "ben.smith"},
            {"UTF-8 stays", "j\xC3\xBCrgen", "j\xC3\xBCrgen"},
            {"signs of local parts stay", "a!#$&'*+-=?^_`{|}~", "a!#$&'*+-=?^_`{|}~"},
            {"slash", "a/b", "a%2Fb"},
            {"parent folder", "..", "%2E."},
            {"this folder", ".", "%2E"},
            {"leading dot", ".profile", "%2Eprofile"},
            {"way out", "../../x", "%2E.%2F..%2Fx"},
            {"percent", "a%2Fb", "a%252Fb"},
            {"backslash", "a\\b", "a%5Cb"},
            {"NUL", "a\0b"s, "a%00b"},
            {"escape", "\x1B[2J", "%1B[2J"},
            {"DEL", "\x7F", "%7F"},
            {"C1 control", "\xC2\x85", "%C2%85"},
            {"right-to-left override",
             "a\xE2\x80\xAE"
             "b",
             "a%E2%80%AEb"},
            {"zero width space",
             "a\xE2\x80\x8B"
             "b",
             "a%E2%80%8Bb"},
            {"Latin-1 is not UTF-8", "j\xFCrgen", "j%FCrgen"},
            {"overlong slash", "\xC0\xAF", "%C0%AF"},
            {"cut UTF-8", "a\xE2\x82", "a%E2%82"},
            {"spaces at the ends", " a b ", "%20a b%20"},
            {"one space", " ", "%20"},
            {"empty", "", "%"},
            {"dot-lock", "ben.lock", "ben%2Elock"},
            {"only a dot-lock's ending", ".lock", "%2Elock"},
            {"lock elsewhere", "ben.locked", "ben.locked"},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.expected, finishComponent(encodeValue(row.value)));
    }

    void decodingGivesTheValueBack()
    {
        for (const std::string& name : mpsmtp::test::hostileNames())
        {
            const std::string component = finishComponent(encodeValue(name));
            CPPUNIT_ASSERT_EQUAL(name, component == "%" ? "" : decode(component));
        }
    }

    void differentValuesGiveDifferentComponents()
    {
        const auto names = mpsmtp::test::hostileNames();
        const std::set<std::string> different(names.begin(), names.end());
        std::set<std::string> components;
        std::set<std::string> folders;
        for (const std::string& name : different)
        {
            components.insert(finishComponent(encodeValue(name)));
            folders.insert(encodeFolderName(name));
        }
        CPPUNIT_ASSERT_EQUAL(different.size(), components.size());
        CPPUNIT_ASSERT_EQUAL(different.size(), folders.size());
    }

    void componentsAreHarmless()
    {
        for (const std::string& name : mpsmtp::test::hostileNames())
        {
            const std::string component = finishComponent(encodeValue(name));
            CPPUNIT_ASSERT_MESSAGE(name, !component.empty());
            CPPUNIT_ASSERT_MESSAGE(name, component.front() != '.');
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string::npos, component.find('/'));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string::npos, component.find('\0'));
            CPPUNIT_ASSERT_MESSAGE(
                name, component.size() < 5 || component.substr(component.size() - 5) != ".lock");
        }
    }

    void insideAComponentOnlyTheSeparatorIsAdded()
    {
        Placement placement;
        placement.atStart = false;
        placement.atEnd = false;
        placement.separator = '.';
        CPPUNIT_ASSERT_EQUAL(std::string(" %2Ea%2Eb "), encodeValue(" .a.b ", placement));
        placement.separator = '\xC3'; // of a literal that begins with a letter like this one
        CPPUNIT_ASSERT_EQUAL(std::string("%C3%BC\xE2\x82\xAC"),
                             encodeValue("\xC3\xBC\xE2\x82\xAC", placement));
    }

    void folderNamesAreAsciiWithoutDots()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("lists"), encodeFolderName("lists"));
        CPPUNIT_ASSERT_EQUAL(std::string("a%2Eb"), encodeFolderName("a.b"));
        CPPUNIT_ASSERT_EQUAL(std::string("%26AOk-"), encodeFolderName("&AOk-"));
        CPPUNIT_ASSERT_EQUAL(std::string("%C3%BC"), encodeFolderName("\xC3\xBC"));
        CPPUNIT_ASSERT_EQUAL(std::string("%"), encodeFolderName(""));
        CPPUNIT_ASSERT_EQUAL(std::string("%2E%2E"), encodeFolderName(".."));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PathComponentTest);

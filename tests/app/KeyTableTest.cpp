// The table of keys, etc/mpsmtp.ini and mpsmtp.ini(5) say the same: every key, its default, unit
// and sentence.
#include "app/KeyTable.h"

#include "Paths.h"
#include "app/Configuration.h"
#include "app/IniReader.h"
#include "app/SectionCheck.h"
#include "app/ValueCheck.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace mpsmtp::app;

namespace
{

std::string fileText(const std::string& name)
{
    std::ifstream file(mpsmtp::test::inSource("/" + name), std::ios::binary);
    CPPUNIT_ASSERT_MESSAGE(name, file.is_open());
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A disabled setting or section: ";" and a name without a blank between.
bool isDisabled(const std::string& line)
{
    return line.size() > 1 && line[0] == ';' &&
           (line[1] == '[' || (line[1] >= 'a' && line[1] <= 'z'));
}

/// etc/mpsmtp.ini with every setting switched on.
std::string enabledSample()
{
    std::istringstream lines(fileText("etc/mpsmtp.ini"));
    std::string text;
    for (std::string line; std::getline(lines, line);)
        text += (isDisabled(line) ? line.substr(1) : line) + '\n';
    return text;
}

IniDocument readSample(const std::string& text)
{
    auto document = readIni(text, "etc/mpsmtp.ini");
    for (auto& problem : checkSections(document.sections))
        document.problems.push_back(std::move(problem));
    // The examples of all handlers are in one section each, and one of them shows a custom plugin.
    CPPUNIT_ASSERT_EQUAL(std::string(),
                         document.problems.empty() ? "" : shown(document.problems.front()));
    return document;
}

std::string name(const KeySpec& spec)
{
    return "[" + std::string(spec.section) + "] " + std::string(spec.key);
}

/// What stands in the sample for a key, in whatever section of its kind.
std::vector<std::string> valuesIn(const IniDocument& document, const KeySpec& spec)
{
    std::vector<std::string> values;
    for (const IniSection& section : document.sections)
        if (splitSectionName(section.name).kind == spec.section)
            if (const auto* setting = section.find(spec.key))
                values.push_back(setting->value);
    return values;
}

/// The comment lines above each other, as one text.
std::string joinedLines(const std::string& text)
{
    std::string joined = text;
    std::replace(joined.begin(), joined.end(), '\n', ' ');
    return joined;
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// The paragraph of a key in mpsmtp.ini(5), on one line.
std::string manualEntry(const std::string& manual, const KeySpec& spec)
{
    const bool isNamed = findSection(spec.section)->isNamed;
    const auto section =
        manual.find("\n.Ss [" + std::string(spec.section) + (isNamed ? ":NAME]" : "]") + "\n");
    CPPUNIT_ASSERT_MESSAGE(name(spec), section != std::string::npos);
    const auto sectionEnd = manual.find("\n.S", section + 1);
    const auto entry = manual.find("\n.It Ic " + std::string(spec.key) + "\n", section);
    CPPUNIT_ASSERT_MESSAGE(name(spec), entry < sectionEnd);
    const auto end = std::min(manual.find("\n.It", entry + 1), manual.find("\n.El", entry + 1));
    return joinedLines(manual.substr(entry, end - entry));
}

/// The keys that the manual shows in all its sections.
std::size_t manualKeyCount(const std::string& manual)
{
    std::size_t count = 0;
    for (auto at = manual.find("\n.It Ic "); at != std::string::npos;
         at = manual.find("\n.It Ic ", at + 1))
        ++count;
    return count;
}

} // namespace

class KeyTableTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(KeyTableTest);
    CPPUNIT_TEST(everyDefaultIsAValueOfItsKey);
    CPPUNIT_TEST(keysAreUniqueAndTheirSectionsExist);
    CPPUNIT_TEST(sampleIsACorrectConfiguration);
    CPPUNIT_TEST(sampleWithEverythingSwitchedOnIsCorrectToo);
    CPPUNIT_TEST(sampleShowsEveryKeyWithItsDefault);
    CPPUNIT_TEST(sampleExplainsEveryKeyInTheTablesWords);
    CPPUNIT_TEST(manualShowsEveryKeyWithItsDefault);
    CPPUNIT_TEST(manualShowsNoOtherKey);
    CPPUNIT_TEST_SUITE_END();

    void everyDefaultIsAValueOfItsKey()
    {
        for (const KeySpec& spec : keyTable())
            if (!spec.defaultValue.empty())
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    name(spec), std::string(), valueProblem(spec, spec.defaultValue));
    }

    void keysAreUniqueAndTheirSectionsExist()
    {
        std::set<std::string> seen;
        for (const KeySpec& spec : keyTable())
        {
            CPPUNIT_ASSERT_MESSAGE(name(spec), seen.insert(name(spec)).second);
            const SectionSpec* section = findSection(spec.section);
            CPPUNIT_ASSERT_MESSAGE(name(spec), section != nullptr && section->isAvailable);
            CPPUNIT_ASSERT_MESSAGE(name(spec), findReserved(spec.section, spec.key) == nullptr);
        }
    }

    void sampleIsACorrectConfiguration()
    {
        const Surroundings machine{"host", "/x", "/p", {}};
        const auto loaded = makeConfiguration(
            "etc/mpsmtp.ini", readSample(fileText("etc/mpsmtp.ini")), {}, machine);
        CPPUNIT_ASSERT(loaded.problems.empty());
        const auto& listeners = loaded.configuration.server.listeners;
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, listeners.size());
        CPPUNIT_ASSERT_EQUAL(std::string("localhost:8025"), listeners[0].addresses.at(0));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, loaded.configuration.delivery.handlers.size());
    }

    void sampleWithEverythingSwitchedOnIsCorrectToo()
    {
        const auto document = readSample(enabledSample());
        CPPUNIT_ASSERT(document.sections.size() > 10);
    }

    void sampleShowsEveryKeyWithItsDefault()
    {
        const auto document = readSample(enabledSample());
        for (const KeySpec& spec : keyTable())
        {
            const auto values = valuesIn(document, spec);
            const bool isExplainedInProse = spec.section == "handler";
            CPPUNIT_ASSERT_MESSAGE(name(spec), !values.empty());
            if (!spec.defaultValue.empty() && !isExplainedInProse)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    name(spec), std::string(spec.defaultValue), values.front());
        }
    }

    void sampleExplainsEveryKeyInTheTablesWords()
    {
        const std::string sample = fileText("etc/mpsmtp.ini");
        for (const KeySpec& spec : keyTable())
        {
            CPPUNIT_ASSERT_MESSAGE(name(spec), contains(sample, spec.doc));
            if (!spec.unit.empty())
                CPPUNIT_ASSERT_MESSAGE(
                    name(spec),
                    contains(sample, std::string(spec.doc) + " [" + std::string(spec.unit) + "]"));
            if (!spec.defaultText.empty() && spec.section != "handler")
                CPPUNIT_ASSERT_MESSAGE(
                    name(spec), contains(sample, "default: " + std::string(spec.defaultText)));
        }
    }

    void manualShowsEveryKeyWithItsDefault()
    {
        const std::string manual = fileText("docs/man/mpsmtp.ini.5");
        for (const KeySpec& spec : keyTable())
        {
            const std::string entry = manualEntry(manual, spec);
            CPPUNIT_ASSERT_MESSAGE(name(spec) + ": " + entry, contains(entry, spec.doc));
            const std::string expected =
                !spec.defaultValue.empty() ? "Default: .Li " + std::string(spec.defaultValue) + " ."
                : !spec.defaultText.empty() ? "Default: " + std::string(spec.defaultText) + "."
                                            : "Must be set.";
            CPPUNIT_ASSERT_MESSAGE(name(spec) + ": " + entry, contains(entry, expected));
            if (!spec.unit.empty())
                CPPUNIT_ASSERT_MESSAGE(name(spec) + ": " + entry,
                                       contains(entry, "Unit: " + std::string(spec.unit) + "."));
        }
    }

    void manualShowsNoOtherKey()
    {
        CPPUNIT_ASSERT_EQUAL(keyTable().size(), manualKeyCount(fileText("docs/man/mpsmtp.ini.5")));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(KeyTableTest);

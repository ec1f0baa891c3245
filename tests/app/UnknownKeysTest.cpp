// A letter is left out of each key that there is, in turn: of every section of KeyTable, and of every bundled plugin's option
// table. Each time file, line and the key that was meant are told.
#include "Paths.h"
#include "app/Configuration.h"
#include "app/KeyTable.h"
#include "delivery/DeliveryService.h"
#include "delivery/Environment.h"
#include "delivery/PluginLibrary.h"

#include <mpsmtp/Reply.h>

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace mpsmtp::app;
namespace delivery = mpsmtp::delivery;

namespace
{

const std::string pluginFolder = mpsmtp::test::inBuild("/plugins");
using Keys = std::vector<std::string>;

/// True for "rule", which may be rule1, rule2 or rules.
bool isAmbiguous(const std::string& typo, const Keys& all)
{
    const auto begins = [&](const std::string& key) { return key.rfind(typo, 0) == 0; };
    return std::count_if(all.begin(), all.end(), begins) > 1;
}

/// `key` without one of its letters, for each of them; not what is another key, or may be several, or two letters of which
/// one is left. Numbered keys differ in their last digit anyway.
Keys typosOf(const std::string& key, const Keys& all)
{
    std::set<std::string> typos;
    const bool isNumbered = key.back() >= '0' && key.back() <= '9';
    for (std::size_t i = 0; key.size() > 2 && !isNumbered && i < key.size(); ++i)
        if (auto typo = key.substr(0, i) + key.substr(i + 1); !isAmbiguous(typo, all))
            typos.insert(std::move(typo));
    for (const std::string& each : all)
        typos.erase(each);
    return {typos.begin(), typos.end()};
}

Keys keysOfSection(std::string_view section)
{
    const auto keys = keysOf(section);
    return {keys.begin(), keys.end()};
}

/// Every mistake in the text of a file, those of the plugins' options too, as they are shown.
Keys mistakesIn(const std::string& text)
{
    const Surroundings machine{"host.example.org", "/srv/me", pluginFolder, {}};
    auto loaded = makeConfiguration("x.ini", readIni(text, "x.ini"), {}, machine);
    std::vector<delivery::Problem> problems = std::move(loaded.problems);
    std::vector<delivery::Problem> warnings;
    if (problems.empty())
        (void)delivery::DeliveryService::load(
            loaded.configuration.delivery, {problems, warnings}, delivery::Environment::system());
    Keys shownProblems;
    for (const auto& problem : problems)
        shownProblems.push_back(shown(problem));
    return shownProblems;
}

bool contains(const Keys& lines, const std::string& line)
{
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

/// Line 1 is the head of the section, and line 2 the typo.
void expectSuggestion(const std::string& head,
                      const std::string& typo,
                      const std::string& key,
                      const std::string& rest)
{
    const std::string expected =
        "x.ini:2: " + head + " unknown key \"" + typo + "\" (did you mean \"" + key + "\"?)";
    const Keys mistakes = mistakesIn(head + "\n" + typo + " = x\n" + rest);
    CPPUNIT_ASSERT_MESSAGE(expected + " but " + (mistakes.empty() ? "nothing" : mistakes.front()),
                           contains(mistakes, expected));
}

const std::string listener = "[listener:main]\naddress = localhost:8025\n";
const std::string handler = "[handler:h]\ntype = discard\n";

} // namespace

class UnknownKeysTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(UnknownKeysTest);
    CPPUNIT_TEST(everyKeyOfEverySectionIsSuggested);
    CPPUNIT_TEST(everyKeyOfEveryHandlerIsSuggested);
    CPPUNIT_TEST(everyOptionOfEveryBundledPluginIsSuggested);
    CPPUNIT_TEST(theKeyThatNamesThePluginIsSuggested);
    CPPUNIT_TEST_SUITE_END();

public:
    void everyKeyOfEverySectionIsSuggested()
    {
        std::size_t checked = 0;
        for (const SectionSpec& section : sectionTable())
        {
            if (!section.isAvailable || section.name == "handler")
                continue;
            const std::string head =
                "[" + std::string(section.name) + (section.isNamed ? ":x]" : "]");
            const Keys keys = keysOfSection(section.name);
            for (const std::string& key : keys)
                for (const std::string& typo : typosOf(key, keys))
                {
                    expectSuggestion(head, typo, key, listener + handler);
                    ++checked;
                }
        }
        CPPUNIT_ASSERT_MESSAGE(std::to_string(checked), checked > 200);
    }

    /// Beside the options of a plugin.
    void everyKeyOfEveryHandlerIsSuggested()
    {
        const Keys keys = keysOfSection("handler");
        for (const std::string& key : keys)
            for (const std::string& typo : typosOf(key, keys))
                if (key != "type" && key != "plugin")
                    expectSuggestion("[handler:x]", typo, key, "type = discard\n" + listener);
    }

    void everyOptionOfEveryBundledPluginIsSuggested()
    {
        std::size_t plugins = 0;
        for (const auto& file : std::filesystem::directory_iterator(pluginFolder))
        {
            if (file.path().extension() != ".so")
                continue;
            ++plugins;
            const std::string type = file.path().stem();
            const Keys options = optionsOf(file.path());
            Keys all = keysOfSection("handler");
            all.insert(all.end(), options.begin(), options.end());
            for (const std::string& option : options)
                for (const std::string& typo : typosOf(option, all))
                    expectSuggestion(
                        "[handler:x]", typo, option, "type = " + type + "\n" + listener);
        }
        CPPUNIT_ASSERT_EQUAL(pluginSources(), plugins);
    }

    void theKeyThatNamesThePluginIsSuggested()
    {
        for (const std::string key : {"type", "plugin"})
            for (const std::string& typo : typosOf(key, {}))
                expectSuggestion("[handler:x]", typo, key, "path = mail\n" + listener);
    }

private:
    static Keys optionsOf(const std::string& path)
    {
        const auto* plugin = delivery::loadPlugin(path).plugin;
        CPPUNIT_ASSERT_MESSAGE(path, plugin != nullptr);
        Keys options;
        for (std::size_t i = 0; i < plugin->option_count; ++i)
            options.emplace_back(mpsmtp::detail::fromAbi(plugin->options[i]->key));
        return options;
    }

    static std::size_t pluginSources()
    {
        std::size_t count = 0;
        const std::filesystem::path folder = mpsmtp::test::inSource("/plugins");
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            count += std::filesystem::exists(entry.path() / "Plugin.cpp") ? 1 : 0;
        return count;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(UnknownKeysTest);

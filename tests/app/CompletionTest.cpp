// What the program answers when a shell asks what may stand next.
#include "app/Completion.h"

#include "Paths.h"
#include "app/CommandWords.h"
#include "app/KeyTable.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

using namespace mpsmtp::app;

namespace
{

using Words = std::vector<std::string>;

Surroundings surroundings()
{
    Surroundings result;
    result.pluginDirectory = mpsmtp::test::inBuild("/plugins");
    return result;
}

std::string answer(const Words& words)
{
    std::string text;
    const auto completion = complete(words, surroundings());
    for (const Candidate& each : completion.candidates)
        text += each.word + " ";
    if (completion.paths != PathKind::None)
        text += completion.paths == PathKind::Files ? ":files " : ":folders ";
    return text.empty() ? text : text.substr(0, text.size() - 1);
}

bool offers(const Completion& completion, const std::string& word)
{
    return std::any_of(completion.candidates.begin(),
                       completion.candidates.end(),
                       [&](const Candidate& each)
                       { return each.word == word && !each.doc.empty(); });
}

struct Row
{
    const char* why;
    Words words;
    std::string expected;
};

void check(const std::vector<Row>& rows)
{
    for (const Row& row : rows)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, answer(row.words));
}

} // namespace

class CompletionTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(CompletionTest);
    CPPUNIT_TEST(everyOptionIsOfferedWithItsSentence);
    CPPUNIT_TEST(everyKeyIsOfferedWithItsSentence);
    CPPUNIT_TEST(eachPlaceHasItsWords);
    CPPUNIT_TEST(namesComeFromTheFile);
    CPPUNIT_TEST(whateverStandsThereNothingFails);
    CPPUNIT_TEST_SUITE_END();

    std::string _file;

public:
    void setUp() override
    {
        _file = std::filesystem::temp_directory_path() /
                ("mpsmtp-completion-" + std::to_string(::getpid()) + ".ini");
        std::ofstream(_file) << "[listener:a]\n[listener:b]\n[handler:store]\ntype = maildir\n"
                                "[handler:own]\nplugin = /nowhere.so\n[route:r]\n";
    }

    void tearDown() override { std::filesystem::remove(_file); }

private:
    void everyOptionIsOfferedWithItsSentence()
    {
        const auto completion = complete({"-"}, surroundings());
        for (const OptionWord& each : optionWords())
            CPPUNIT_ASSERT_MESSAGE(std::string(each.name),
                                   offers(completion, std::string(each.name)));
        const auto commands = complete({""}, surroundings());
        for (const CommandWord& each : commandWords())
            CPPUNIT_ASSERT_MESSAGE(std::string(each.name),
                                   offers(commands, std::string(each.name)));
    }

    void everyKeyIsOfferedWithItsSentence()
    {
        const auto completion = complete({"-c", _file, "--set", ""}, surroundings());
        for (const KeySpec& each : keyTable())
        {
            const std::string name(each.section == "listener"  ? "listener:b"
                                   : each.section == "handler" ? "handler:own"
                                   : each.section == "route"   ? "route:r"
                                                               : each.section);
            const std::string word = name + "." + std::string(each.key) + "=";
            CPPUNIT_ASSERT_MESSAGE(word, offers(completion, word));
        }
    }

    void eachPlaceHasItsWords()
    {
        check({
            {"nothing yet", {}, "debug mh maildir mbox"},
            {"a command", {"m"}, "mh maildir mbox"},
            {"a folder behind it", {"mh", ""}, ":folders"},
            {"a file behind it", {"mbox", ""}, ":files"},
            {"no second one", {"mbox", "a", ""}, ""},
            {"a host", {"debug", ""}, "localhost 127.0.0.1 ::1"},
            {"no command with a file", {"-c", _file, ""}, ""},
            {"a value, apart", {"--config", ""}, ":files"},
            {"a value, glued", {"--config="}, ":files"},
            {"a value of a short option", {"-c", ""}, ":files"},
            {"a value may begin with a dash", {"--set", "-"}, ""},
            {"an option that is there already", {"--check-config", "--check"}, ""},
            {"one that may be there twice", {"--set", "a.b=c", "--se"}, "--set"},
            {"an address", {"--listen", "l"}, "localhost:"},
            {"glued, the whole word", {"--listen=l"}, "--listen=localhost:"},
            {"a client", {"--client", ""}, "127.0.0.1 ::1 unix"},
            {"a new plugin's name is anything", {"--new-plugin", ""}, ""},
            {"and then its folder", {"--new-plugin", "x", ""}, ":folders"},
            {"a switch",
             {"--set", "listener:main.strict_addresses="},
             "listener:main.strict_addresses=yes listener:main.strict_addresses=no"},
            {"a choice, glued", {"--set=spool.durability=j"}, "--set=spool.durability=journal"},
            {"a path", {"--set", "spool.directory="}, ":files"},
            {"a number is anything", {"--set", "limits.errors="}, ""},
            {"the handler of a command",
             {"mh", "d", "--set", "handler:store.pa"},
             "handler:store.path="},
            {"the section of no command",
             {"--set", "handler:screen.form"},
             "handler:screen.format="},
        });
    }

    void namesComeFromTheFile()
    {
        check({
            {"listeners", {"--config=" + _file, "--listener", ""}, "a b"},
            {"handlers", {"-c", _file, "--test-handler", ""}, "store own"},
            {"keys of its plugin",
             {"-c", _file, "--set", "handler:store.delivered"},
             "handler:store.delivered_to="},
            {"their values",
             {"-c", _file, "--set", "handler:store.create="},
             "handler:store.create=yes handler:store.create=no"},
            {"types that are installed",
             {"-c", _file, "--set", "handler:own.type=d"},
             "handler:own.type=discard"},
            {"no code of a user's plugin",
             {"-c", _file, "--set", "handler:own.p"},
             "handler:own.plugin="},
        });
    }

    void whateverStandsThereNothingFails()
    {
        check({
            {"no file", {"-c", "/nowhere", "--listener", ""}, ""},
            {"a folder for a file", {"-c", "/", "--listener", ""}, ""},
            {"a device without end is not read", {"-c", "/dev/zero", "--listener", ""}, ""},
            {"no such section", {"--set", "nothing.at="}, ""},
            {"no such key", {"--set", "limits.nothing="}, ""},
            {"no dot", {"--set", "limits="}, ""},
            {"an equals sign alone", {"="}, ""},
            {"no such option", {"--nothing="}, ""},
            {"a type that leaves the folder", {"mh", "d", "--set", "handler:store.type=../"}, ""},
        });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CompletionTest);

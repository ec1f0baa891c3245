// --new-plugin: names in their two forms, and a project that is written whole or not at all.
#include "app/NewPlugin.h"

#include <cppunit/extensions/HelperMacros.h>

#include <Poco/TemporaryFile.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

using namespace mpsmtp::app;
namespace fs = std::filesystem;

class NewPluginTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(NewPluginTest);
    CPPUNIT_TEST(aTypeBecomesTheNameOfAClass);
    CPPUNIT_TEST(aTypeMustSuitTheServerTheLanguageAndCMake);
    CPPUNIT_TEST(namesAreReplacedInNamesAndContents);
    CPPUNIT_TEST(foldersAboveAreMade);
    CPPUNIT_TEST(afterAFailureNothingIsLeft);
    CPPUNIT_TEST(aTemplateThatIsNotThereIsTold);
    CPPUNIT_TEST(commandsAreWordsForAShell);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _folder = Poco::TemporaryFile::tempName();
        fs::create_directories(_folder + "/template");
        write("template/MyHandler.cpp", "class MyHandler; // my-handler, MyHandlerTest\n");
        write("template/my-handler.ini", "[handler:my-handler]\n");
    }

    void tearDown() override { fs::remove_all(_folder); }

private:
    void write(const std::string& name, const std::string& content) const
    {
        std::ofstream(_folder + "/" + name) << content;
    }

    std::string read(const std::string& name) const
    {
        std::ifstream file(_folder + "/" + name);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    std::string failureOf(const std::string& folder, const std::string& source = "template") const
    {
        try
        {
            writeNewPlugin("tag", _folder + "/" + source, _folder + "/" + folder);
        }
        catch (const std::system_error& error)
        {
            return error.what();
        }
        return {};
    }

    void aTypeBecomesTheNameOfAClass()
    {
        const struct
        {
            const char* type;
            const char* expected;
        } rows[] = {{"tag", "Tag"},
                    {"spam-mark", "SpamMark"},
                    {"spam_mark", "SpamMark"},
                    {"a--b-", "AB"},
                    {"to-2nd", "To2nd"}};

        for (const auto& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.type, std::string(row.expected), classNameOf(row.type));
    }

    void aTypeMustSuitTheServerTheLanguageAndCMake()
    {
        for (const char* type : {"tag", "spam-mark", "a", "x2_"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(type, std::string(), newPluginNameProblem(type));
        for (const char* type : {"", "Tag", "2nd", "-a", "a.b", "../a", "a b", "test", "install"})
            CPPUNIT_ASSERT_MESSAGE(type, !newPluginNameProblem(type).empty());
    }

    void namesAreReplacedInNamesAndContents()
    {
        writeNewPlugin("my-tag", _folder + "/template", _folder + "/new/");
        CPPUNIT_ASSERT_EQUAL(std::string("class MyTag; // my-tag, MyTagTest\n"),
                             read("new/MyTag.cpp"));
        CPPUNIT_ASSERT_EQUAL(std::string("[handler:my-tag]\n"), read("new/my-tag.ini"));
    }

    void foldersAboveAreMade()
    {
        CPPUNIT_ASSERT_EQUAL(std::string(), failureOf("a/b/c"));
        CPPUNIT_ASSERT(fs::exists(_folder + "/a/b/c/tag.ini"));
    }

    void afterAFailureNothingIsLeft()
    {
        // A name that is too long for a file: the folders exist by then, and perhaps other files.
        write("template/my-handler" + std::string(240, 'x'), "");
        const std::string longType(30, 'a');
        CPPUNIT_ASSERT_THROW(writeNewPlugin(longType, _folder + "/template", _folder + "/a/b"),
                             std::system_error);
        CPPUNIT_ASSERT(!fs::exists(_folder + "/a"));
        fs::create_directory(_folder + "/mine");
        CPPUNIT_ASSERT_THROW(writeNewPlugin(longType, _folder + "/template", _folder + "/mine"),
                             std::system_error);
        CPPUNIT_ASSERT_MESSAGE("a folder that was there stays", fs::is_empty(_folder + "/mine"));
    }

    void aTemplateThatIsNotThereIsTold()
    {
        CPPUNIT_ASSERT_EQUAL("cannot read the template " + _folder +
                                 "/nowhere: No such file or directory",
                             failureOf("new", "nowhere"));
        CPPUNIT_ASSERT(!fs::exists(_folder + "/new"));
    }

    void commandsAreWordsForAShell()
    {
        const std::string here = nextSteps("tag", "it's", "/opt/m/bin", "/opt/m/lib/cmake/mpsmtp");
        CPPUNIT_ASSERT_MESSAGE(here, here.find("  cd 'it'\\''s'\n") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(
            here,
            here.find("  cmake -B build -Dmpsmtp_DIR=/opt/m/lib/cmake/mpsmtp\n") !=
                std::string::npos);
        const std::string standard = nextSteps("tag", "d", "/usr/bin", "/usr/lib/cmake/mpsmtp");
        CPPUNIT_ASSERT_MESSAGE("found without being told",
                               standard.find("  cmake -B build\n") != std::string::npos);
    }

    std::string _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(NewPluginTest);

// Tests of delivery/PluginLibrary: each way to fail has one sentence.
#include "delivery/PluginLibrary.h"
#include "Paths.h"
#include "delivery/LoadedFiles.h"
#include "delivery/SignalGuard.h"
#include "delivery/TestSupport.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;

namespace
{

const std::string plugins = mpsmtp::test::inBuild("/tests/delivery-plugins");

HandlerConfig ofType(const std::string& type)
{
    HandlerConfig section;
    section.type = type;
    return section;
}

HandlerConfig ofFile(const std::string& path)
{
    HandlerConfig section;
    section.plugin = path;
    return section;
}

bool isChanged(const std::string& path)
{
    const auto changed = changedPlugins();
    return std::find(changed.begin(), changed.end(), path) != changed.end();
}

std::string so(const std::string& name)
{
    return plugins + "/" + name + ".so";
}

} // namespace

class PluginLibraryTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PluginLibraryTest);
    CPPUNIT_TEST(pluginIsFoundByTypeAndByFile);
    CPPUNIT_TEST(fileIsLoadedOnce);
    CPPUNIT_TEST(fileThatIsReplacedIsKnownAndNotLoaded);
    CPPUNIT_TEST(everyFailureHasItsSentence);
    CPPUNIT_TEST(fileThatIsNoObjectIsTold);
    CPPUNIT_TEST(sectionNeedsTypeOrPlugin);
    CPPUNIT_TEST(whatACrashWouldDoIsSeenInAChild);
    CPPUNIT_TEST(theChildHasNothingToSayOfAGoodPlugin);
    CPPUNIT_TEST(theDocumentListsEverySentence);
    CPPUNIT_TEST(optionTableIsChecked);
    CPPUNIT_TEST(signalsStayTheServers);
    CPPUNIT_TEST_SUITE_END();

public:
    void pluginIsFoundByTypeAndByFile()
    {
        PluginLibrary library(plugins);
        CPPUNIT_ASSERT_EQUAL(std::string(), library.find(ofType("two")).mistake);
        CPPUNIT_ASSERT_EQUAL(std::string(), library.find(ofFile(so("one"))).mistake);
        // By file, a plugin may be called as its owner likes.
        CPPUNIT_ASSERT_EQUAL(std::string(), library.find(ofFile(so("misnamed"))).mistake);
    }

    void fileIsLoadedOnce()
    {
        PluginLibrary library(plugins);
        const auto* first = library.find(ofType("two")).plugin;
        CPPUNIT_ASSERT(first != nullptr);
        CPPUNIT_ASSERT(first == library.find(ofType("two")).plugin);
        CPPUNIT_ASSERT(first == library.find(ofFile(so("two"))).plugin);
    }

    void fileThatIsReplacedIsKnownAndNotLoaded()
    {
        const TempFolder folder;
        const std::string path = folder.path() + "/two.so";
        std::filesystem::copy_file(so("two"), path);
        const auto* loaded = PluginLibrary(folder.path()).find(ofType("two")).plugin;
        CPPUNIT_ASSERT(loaded != nullptr);
        CPPUNIT_ASSERT(!isChanged(path));
        std::filesystem::copy_file(so("two"), path + ".new");
        std::filesystem::rename(path + ".new", path);
        CPPUNIT_ASSERT_MESSAGE("another inode", isChanged(path));
        CPPUNIT_ASSERT(loaded == PluginLibrary(folder.path()).find(ofType("two")).plugin);
        CPPUNIT_ASSERT_MESSAGE("what runs is what was first", isChanged(path));
        std::filesystem::remove(path);
        CPPUNIT_ASSERT_MESSAGE("gone", isChanged(path));
    }

    void everyFailureHasItsSentence()
    {
        struct Row
        {
            const char* why;
            HandlerConfig section;
            std::string expected;
        };

        for (
            const Row& row :
            {Row{"no such file",
                 ofFile("/nowhere/x.so"),
                 "cannot load /nowhere/x.so: no such file"},
             Row{"no such type",
                 ofType("filtre"),
                 "unknown type \"filtre\" (did you mean \"filter\"?): there is no " + so("filtre")},
             Row{"type that is a path",
                 ofType("../one"),
                 "bad type \"../one\": a type is made of lower-case letters, digits, \"-\" and "
                 "\"_\""},
             Row{"relative file", ofFile("x.so"), "plugin = \"x.so\" is not an absolute path"},
             Row{"undefined symbol",
                 ofFile(so("undefined")),
                 "cannot load " + so("undefined") +
                     ": undefined symbol _Z18notDefinedAnywherev; link the library that defines it "
                     "(with "
                     "-Wl,-z,defs the linker tells)"},
             Row{"no descriptor",
                 ofFile(so("nodescriptor")),
                 so("nodescriptor") + " is not an mpsmtp plugin: it exports no "
                                      "mpsmtp_plugin_descriptor; does a source file of "
                                      "it end with MPSMTP_PLUGIN(…)?"},
             Row{"wrong magic",
                 ofFile(so("wrongmagic")),
                 so("wrongmagic") +
                     " is not an mpsmtp plugin: its mpsmtp_plugin_descriptor is something else"},
             Row{"another major version",
                 ofFile(so("major2")),
                 so("major2") +
                     " was built for plugin interface 2.1, this server has 1.1; build it with this "
                     "server's SDK"},
             Row{"a newer minor version",
                 ofFile(so("minor9")),
                 so("minor9") +
                     " was built for plugin interface 1.9, this server has 1.1; build it with this "
                     "server's SDK, or upgrade the server"},
             Row{"short descriptor",
                 ofFile(so("short")),
                 so("short") +
                     " has a malformed descriptor (its size is 16); build it again with the SDK"},
             Row{"malformed type",
                 ofFile(so("badtype")),
                 so("badtype") + " names its type \"Bad Type\"; a type is made of lower-case "
                                 "letters, digits, \"-\" and "
                                 "\"_\""},
             Row{"type of another name",
                 ofType("misnamed"),
                 so("misnamed") + " holds the type \"other\"; name the file after its type"},
             Row{"no create",
                 ofFile(so("nocreate")),
                 so("nocreate") + " has a malformed descriptor (no create function); build it "
                                  "again with the SDK"}})
        {
            const PluginResult result = PluginLibrary(plugins).find(row.section);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, result.mistake);
            CPPUNIT_ASSERT_MESSAGE(row.why, !result.plugin);
        }
    }

    void fileThatIsNoObjectIsTold()
    {
        const TempFolder folder;
        writeFile(folder.path("text.so"), "#!/bin/sh\n");
        writeFile(folder.path("empty.so"), "");
        for (const auto& path : {folder.path("text.so"), folder.path("empty.so"), folder.path()})
            CPPUNIT_ASSERT_EQUAL("cannot load " + path +
                                     ": it cannot be read, or is not a shared object; build it "
                                     "with g++ -shared -fPIC",
                                 loadPlugin(path).mistake);
        writeFile(folder.path("torn.so"),
                  "\x7f"
                  "ELF and no more");
        CPPUNIT_ASSERT_EQUAL(size_t{0},
                             loadPlugin(folder.path("torn.so")).mistake.find("cannot load "));
    }

    void sectionNeedsTypeOrPlugin()
    {
        PluginLibrary library(plugins);
        CPPUNIT_ASSERT_EQUAL(
            std::string(
                "needs \"type = …\" (a bundled plugin) or \"plugin = …\" (a shared object)"),
            library.find(HandlerConfig()).mistake);
        HandlerConfig both = ofType("two");
        both.plugin = so("two");
        CPPUNIT_ASSERT_EQUAL(std::string("has both \"type\" and \"plugin\"; use one of them"),
                             library.find(both).mistake);
    }

    void whatACrashWouldDoIsSeenInAChild()
    {
        struct Row
        {
            const char* why;
            const char* name;
            std::string expected;
        };

        ChildProbe probe(mpsmtp::test::inBuild("/bin/mpsmtpd"), std::chrono::seconds(3));
        const std::string globals = "; look at the constructors of its global objects";
        for (const Row& row :
             {Row{"a signal", "crashing", " crashed while loading (SIGSEGV)" + globals},
              Row{"an exception", "throwing", " crashed while loading (SIGABRT)" + globals},
              Row{"exit", "leaving", " ended the process while loading (exit status 0)" + globals},
              Row{"no end",
                  "hanging",
                  " did not finish loading within 3 s; do the work in start()"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why,
                so(row.name) + row.expected,
                PluginLibrary(plugins, &probe).find(ofFile(so(row.name))).mistake);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("what the child says is what loading would have said",
                                     loadPlugin(so("major2")).mistake,
                                     probe.mistake(so("major2")));
    }

    void theChildHasNothingToSayOfAGoodPlugin()
    {
        ChildProbe probe(mpsmtp::test::inBuild("/bin/mpsmtpd"));
        CPPUNIT_ASSERT_EQUAL(std::string(), probe.mistake(so("two")));
        ChildProbe nobody("/nowhere/mpsmtpd");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "no process, no opinion", std::string(), nobody.mistake(so("two")));
    }

    /// docs/load-errors.md, with the parts that differ in capitals.
    void theDocumentListsEverySentence()
    {
        const std::string document = readFile(mpsmtp::test::inSource("/docs/load-errors.md"));
        for (const char* sentence :
             {"cannot load FILE: no such file",
              "cannot load FILE: it cannot be read, or is not a shared object; build it with g++ "
              "-shared -fPIC",
              "cannot load FILE: undefined symbol NAME; link the library that defines it (with "
              "-Wl,-z,defs the linker tells)",
              "cannot load FILE: it needs LIBRARY, which is not installed",
              "FILE is not an mpsmtp plugin: it exports no mpsmtp_plugin_descriptor; does a "
              "source file of it end with MPSMTP_PLUGIN(…)?",
              "FILE is not an mpsmtp plugin: its mpsmtp_plugin_descriptor is something else",
              "FILE was built for plugin interface 2.1, this server has 1.1; build it with this "
              "server's SDK",
              "FILE was built for plugin interface 1.9, this server has 1.1; build it with this "
              "server's SDK, or upgrade the server",
              "FILE has a malformed descriptor (WHAT); build it again with the SDK",
              "FILE names its type NAME; a type is made of lower-case letters, digits, \"-\" and "
              "\"_\"",
              "FILE holds the type NAME; name the file after its type",
              "FILE crashed while loading (SIGNAL); look at the constructors of its global objects",
              "FILE ended the process while loading (exit status N); look at the constructors of "
              "its global objects",
              "FILE did not finish loading within 10 s; do the work in start()",
              "unknown type NAME: there is no FILE",
              "bad type NAME: a type is made of lower-case letters, digits, \"-\" and \"_\"",
              "cannot be made: REASON",
              "cannot start: REASON",
              "the plugin made a malformed handler; build it again with the SDK",
              "there are two sections of this name"})
            CPPUNIT_ASSERT_MESSAGE(sentence, document.find(sentence) != std::string::npos);
    }

    void optionTableIsChecked()
    {
        mpsmtp_plugin plugin = *loadPlugin(so("two")).plugin;
        plugin.options = nullptr;
        CPPUNIT_ASSERT(descriptorMistake(plugin, "x").find("no option table") != std::string::npos);
        const mpsmtp_option* options[] = {nullptr};
        plugin.options = options;
        plugin.option_count = 1;
        CPPUNIT_ASSERT(descriptorMistake(plugin, "x").find("option 0") != std::string::npos);
    }

    void signalsStayTheServers()
    {
        {
            const SignalGuard guard;
            std::signal(SIGTERM, SIG_IGN);
            sigset_t all;
            sigfillset(&all);
            ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        }
        CPPUNIT_ASSERT(std::signal(SIGTERM, SIG_DFL) == SIG_DFL);
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        CPPUNIT_ASSERT_EQUAL(0, sigismember(&mask, SIGTERM));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PluginLibraryTest);

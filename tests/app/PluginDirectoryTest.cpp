// Plugins are found from where the program lies: in a build tree, under any prefix, in a copy.
#include "app/PluginDirectory.h"

#include <cppunit/extensions/HelperMacros.h>

#include <Poco/TemporaryFile.h>

#include <filesystem>
#include <string>

using mpsmtp::app::bundledPluginDirectory;
using mpsmtp::app::packageDirectory;
using mpsmtp::app::templateDirectory;

class PluginDirectoryTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PluginDirectoryTest);
    CPPUNIT_TEST(aBuildTreeHasThemBesideBin);
    CPPUNIT_TEST(anInstalledProgramHasThemInItsLibraryFolder);
    CPPUNIT_TEST(theSdkIsFoundInTheSameWay);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override
    {
        _folder = Poco::TemporaryFile::tempName();
        std::filesystem::create_directories(_folder + "/bin");
    }

    void tearDown() override { std::filesystem::remove_all(_folder); }

private:
    void aBuildTreeHasThemBesideBin()
    {
        std::filesystem::create_directory(_folder + "/plugins");
        CPPUNIT_ASSERT_EQUAL(_folder + "/plugins", bundledPluginDirectory(_folder + "/bin"));
    }

    void anInstalledProgramHasThemInItsLibraryFolder()
    {
        const auto expected = bundledPluginDirectory(_folder + "/bin");
        const std::string end = "/mpsmtp/plugins";
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "even if the folder is not there", end, expected.substr(expected.size() - end.size()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, expected.find(_folder + "/lib"));
        std::filesystem::create_directories(expected);
        std::filesystem::create_directory(_folder + "/plugins");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "and before a folder beside bin", expected, bundledPluginDirectory(_folder + "/bin"));
    }

    void theSdkIsFoundInTheSameWay()
    {
        std::filesystem::create_directory(_folder + "/template");
        std::filesystem::create_directory(_folder + "/cmake");
        CPPUNIT_ASSERT_EQUAL(_folder + "/template", templateDirectory(_folder + "/bin"));
        CPPUNIT_ASSERT_EQUAL(_folder + "/cmake", packageDirectory(_folder + "/bin"));
        std::filesystem::create_directories(_folder + "/share/mpsmtp/template");
        CPPUNIT_ASSERT_EQUAL(_folder + "/share/mpsmtp/template",
                             templateDirectory(_folder + "/bin"));
    }

    std::string _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PluginDirectoryTest);

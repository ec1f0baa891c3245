// Which files a handler reads: nothing that waits, and nothing without end.
#include "common/PlainFile.h"

#include "plugins/TestFolder.h"

#include <cppunit/extensions/HelperMacros.h>

#include <stdexcept>
#include <string>

#include <sys/stat.h>

using namespace mpsmtp;

class PlainFileTest : public CppUnit::TestFixture
{
public:
    void onlyPlainFilesAreRead()
    {
        const std::string fifo = _folder.path() + "/fifo";
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo(fifo.c_str(), 0600));
        for (const std::string& path : {fifo, _folder.path(), std::string("/dev/zero")})
            CPPUNIT_ASSERT_THROW_MESSAGE(path, store::requirePlainFile(path), std::runtime_error);
        store::requirePlainFile(_folder.path() + "/none"); // the reader tells
        store::requirePlainFile("/proc/self/exe");
    }

private:
    const test::TestFolder _folder;

    CPPUNIT_TEST_SUITE(PlainFileTest);
    CPPUNIT_TEST(onlyPlainFilesAreRead);
    CPPUNIT_TEST_SUITE_END();
};

CPPUNIT_TEST_SUITE_REGISTRATION(PlainFileTest);

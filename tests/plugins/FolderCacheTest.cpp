#include "common/FolderCache.h"

#include "plugins/TestFolder.h"
#include "plugins/TestHost.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/stat.h>

using namespace mpsmtp;
using namespace mpsmtp::store;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;

class FolderCacheTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(FolderCacheTest);
    CPPUNIT_TEST(aSecondUseCostsNothing);
    CPPUNIT_TEST(aRemovedFolderIsMadeAgain);
    CPPUNIT_TEST(aRenamedFolderIsLeftAlone);
    CPPUNIT_TEST(aMissingFolderIsNotMadeAgainstThePolicy);
    CPPUNIT_TEST(aFileInTheWayIsAnError);
    CPPUNIT_TEST(theUmaskDoesNotDecideTheMode);
    CPPUNIT_TEST(symbolicLinksOfTheAdministratorWork);
    CPPUNIT_TEST(openFoldersAreLimited);
    CPPUNIT_TEST(ensureKeepsNothingOpen);
    CPPUNIT_TEST(manyThreadsGetTheSameFolder);
    CPPUNIT_TEST(modesAndParents);
    CPPUNIT_TEST_SUITE_END();

public:
    void aSecondUseCostsNothing()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        const auto first = cache.open(_root / "ben");
        _host.forgetSyncs();
        CPPUNIT_ASSERT(cache.open(_root / "ben") == first);
        CPPUNIT_ASSERT(cache.find(_root / "ben") == first);
        CPPUNIT_ASSERT(_host.syncs().empty());
    }

    void aRemovedFolderIsMadeAgain()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        const auto first = cache.open(_root / "d/ben");
        std::filesystem::remove_all(_root / "d");
        CPPUNIT_ASSERT(!first->isInPlace());
        _host.forgetSyncs();
        const auto second = cache.open(_root / "d/ben");
        CPPUNIT_ASSERT(second->isInPlace());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root.path()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "d"));
    }

    void aRenamedFolderIsLeftAlone()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        const auto first = cache.open(_root / "ben");
        std::filesystem::rename(_root / "ben", _root / "old");
        const auto second = cache.open(_root / "ben");
        CPPUNIT_ASSERT(second->inode() != first->inode());
        CPPUNIT_ASSERT(second->isInPlace());
    }

    void aMissingFolderIsNotMadeAgainstThePolicy()
    {
        FolderPolicy policy;
        policy.create = false;
        FolderCache cache(_host.context().storage, _root.path(), policy);
        CPPUNIT_ASSERT(cache.open(_root / "ben") == nullptr);
        CPPUNIT_ASSERT(!cache.ensure(_root / "ben"));
        CPPUNIT_ASSERT(!std::filesystem::exists(_root / "ben"));
        std::filesystem::create_directory(_root / "ben");
        CPPUNIT_ASSERT(cache.open(_root / "ben") != nullptr);
        CPPUNIT_ASSERT(cache.ensure(_root / "ben"));
    }

    void aFileInTheWayIsAnError()
    {
        test::writeFile(_root / "d", "a file");
        FolderCache cache(_host.context().storage, _root.path(), {});
        for (const std::string& path : {_root / "d", _root / "d/ben"})
        {
            try
            {
                (void)cache.open(path);
                CPPUNIT_FAIL("no error");
            }
            catch (const std::system_error& error)
            {
                CPPUNIT_ASSERT_EQUAL(ENOTDIR, error.code().value());
                CPPUNIT_ASSERT(std::string(error.what()).find(path) != std::string::npos);
            }
        }
    }

    void theUmaskDoesNotDecideTheMode()
    {
        FolderPolicy policy;
        policy.mode = 0770;
        const mode_t before = ::umask(077);
        FolderCache cache(_host.context().storage, _root.path(), policy);
        const auto folder = cache.open(_root / "d/ben");
        ::umask(before);
        CPPUNIT_ASSERT_EQUAL(0770u, test::modeOf(_root / "d"));
        CPPUNIT_ASSERT_EQUAL(0770u, test::modeOf(_root / "d/ben"));
    }

    void symbolicLinksOfTheAdministratorWork()
    {
        const TestFolder disk;
        std::filesystem::create_directory_symlink(disk.path(), _root / "d");
        FolderCache cache(_host.context().storage, _root.path(), {});
        const auto folder = cache.open(_root / "d/ben");
        CPPUNIT_ASSERT(folder->isInPlace());
        CPPUNIT_ASSERT(std::filesystem::is_directory(disk / "ben"));
    }

    void openFoldersAreLimited()
    {
        FolderPolicy policy;
        policy.capacity = 4;
        FolderCache cache(_host.context().storage, _root.path(), policy);
        const std::size_t before = test::openDescriptors();
        for (int i = 0; i < 20; ++i)
            CPPUNIT_ASSERT(cache.open(_root / std::to_string(i)) != nullptr);
        CPPUNIT_ASSERT_EQUAL(before + 4, test::openDescriptors());
        _host.forgetSyncs();
        CPPUNIT_ASSERT(cache.open(_root / "0") != nullptr);
        CPPUNIT_ASSERT_MESSAGE("known to be durable still", _host.syncs().empty());
    }

    void ensureKeepsNothingOpen()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        const std::size_t before = test::openDescriptors();
        CPPUNIT_ASSERT(cache.ensure(_root / "d/ben"));
        CPPUNIT_ASSERT_EQUAL(before, test::openDescriptors());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "d"));
        CPPUNIT_ASSERT(cache.ensure(_root / "d/ben"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "d"));
    }

    void manyThreadsGetTheSameFolder()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        std::atomic<int> good{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t)
        {
            threads.emplace_back(
                [&]
                {
                    for (int i = 0; i < 50; ++i)
                    {
                        const auto folder = cache.open(_root / "d" + std::to_string(i) + "/ben");
                        good += folder && folder->isInPlace() ? 1 : 0;
                    }
                });
        }
        for (std::thread& thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(400, good.load());
    }

    void modesAndParents()
    {
        CPPUNIT_ASSERT_EQUAL(mode_t{0700}, folderMode(0600));
        CPPUNIT_ASSERT_EQUAL(mode_t{0750}, folderMode(0640));
        CPPUNIT_ASSERT_EQUAL(mode_t{0770}, folderMode(0660));
        CPPUNIT_ASSERT_EQUAL(mode_t{0755}, folderMode(0644));
        CPPUNIT_ASSERT_EQUAL(std::string("/a/b"), parentOf("/a/b/c"));
        CPPUNIT_ASSERT_EQUAL(std::string("/"), parentOf("/a"));
        CPPUNIT_ASSERT_EQUAL(std::string("."), parentOf("a"));
    }

private:
    const TestFolder _root;
    TestHost _host;
};

CPPUNIT_TEST_SUITE_REGISTRATION(FolderCacheTest);

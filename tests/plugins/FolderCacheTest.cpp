#include "common/FolderCache.h"

#include "plugins/TestFolder.h"
#include "plugins/TestHost.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

/// Called once, in front of the next mkdir(2) of this program.
std::function<void()>& beforeMkdir()
{
    static std::function<void()> event;
    return event;
}

} // namespace

/// Stands in front of the C library's.
extern "C" int mkdir(const char* path, mode_t mode) noexcept
{
    if (beforeMkdir())
        std::exchange(beforeMkdir(), {})();
    return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

using namespace mpsmtp;
using namespace mpsmtp::store;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;

class FolderCacheTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(FolderCacheTest);
    CPPUNIT_TEST(parentsAreMadeAndMadeDurable);
    CPPUNIT_TEST(aFolderThatExistedIsMadeDurableOnce);
    CPPUNIT_TEST(aSecondUseCostsNothing);
    CPPUNIT_TEST(aRemovedFolderIsMadeAgain);
    CPPUNIT_TEST(aRenamedFolderIsLeftAlone);
    CPPUNIT_TEST(aMissingFolderIsNotMadeAgainstThePolicy);
    CPPUNIT_TEST(aFileInTheWayIsAnError);
    CPPUNIT_TEST(aFailedSyncIsAnErrorAndTriedAgain);
    CPPUNIT_TEST(aFailedSyncAboveTheBaseIsTriedAgain);
    CPPUNIT_TEST(whatAnotherThreadIsMakingIsMadeDurable);
    CPPUNIT_TEST(aBaseThatAnotherThreadIsMakingIsMadeDurable);
    CPPUNIT_TEST(anOldFoldersSyncIsNotTheNewOnes);
    CPPUNIT_TEST(aParentThatCannotBeMadeLeavesNothingBehind);
    CPPUNIT_TEST(aParentThatMayNotBeReadIsTheAdministrators);
    CPPUNIT_TEST(theUmaskDoesNotDecideTheMode);
    CPPUNIT_TEST(symbolicLinksOfTheAdministratorWork);
    CPPUNIT_TEST(openFoldersAreLimited);
    CPPUNIT_TEST(ensureKeepsNothingOpen);
    CPPUNIT_TEST(manyThreadsGetTheSameFolder);
    CPPUNIT_TEST(modesAndParents);
    CPPUNIT_TEST_SUITE_END();

public:
    void parentsAreMadeAndMadeDurable()
    {
        FolderCache cache(_host.context().storage, _root / "mail", {});
        const auto folder = cache.open(_root / "mail/d/ben");
        CPPUNIT_ASSERT_EQUAL(_root / "mail/d/ben", folder->path());
        CPPUNIT_ASSERT(std::filesystem::is_directory(_root / "mail/d/ben"));
        for (const std::string& parent : {_root.path(), _root / "mail", _root / "mail/d"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(parent, std::size_t{1}, _host.folderSyncsOf(parent));
        CPPUNIT_ASSERT_EQUAL(0700u, test::modeOf(_root / "mail/d"));
    }

    void aFolderThatExistedIsMadeDurableOnce()
    {
        std::filesystem::create_directories(_root / "mail/d/ben");
        std::filesystem::create_directories(_root / "mail/d/donna");
        FolderCache cache(_host.context().storage, _root / "mail", {});
        CPPUNIT_ASSERT(cache.open(_root / "mail/d/ben"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "above the base is not ours", std::size_t{0}, _host.folderSyncsOf(_root.path()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "mail"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "mail/d"));
        CPPUNIT_ASSERT(cache.open(_root / "mail/d/donna"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "mail"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _host.folderSyncsOf(_root / "mail/d"));
    }

    void aSecondUseCostsNothing()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        const auto first = cache.open(_root / "ben");
        _host.forgetSyncs();
        CPPUNIT_ASSERT(cache.open(_root / "ben") == first);
        CPPUNIT_ASSERT(cache.find(_root / "ben") == first);
        CPPUNIT_ASSERT(_host.syncs().empty());
        cache.forget(_root / "ben");
        CPPUNIT_ASSERT(cache.find(_root / "ben") == nullptr);
        CPPUNIT_ASSERT(cache.open(_root / "ben") != first);
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

    void aFailedSyncIsAnErrorAndTriedAgain()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        _host.failSync(1, EIO);
        CPPUNIT_ASSERT_THROW((void)cache.open(_root / "ben"), std::system_error);
        CPPUNIT_ASSERT(cache.open(_root / "ben") != nullptr);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root.path()));
    }

    void aFailedSyncAboveTheBaseIsTriedAgain()
    {
        FolderCache cache(_host.context().storage, _root / "mail", {});
        _host.failSync(1, EIO);
        CPPUNIT_ASSERT_THROW((void)cache.open(_root / "mail/ben"), std::system_error);
        CPPUNIT_ASSERT(cache.open(_root / "mail/ben") != nullptr);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root.path()));
    }

    void whatAnotherThreadIsMakingIsMadeDurable()
    {
        assertDurableBesideAMaker(_root.path(), "mail/ben", "mail/donna");
    }

    void aBaseThatAnotherThreadIsMakingIsMadeDurable()
    {
        assertDurableBesideAMaker(_root / "mail", "mail/ben", "mail/donna");
        assertDurableBesideAMaker(_root / "x/y/mail", "x/y/mail/ben", "x/y/mail/donna");
    }

    /// One thread is about to note that it has synced the entry of a folder. Somebody removes that folder, and another thread
    /// makes it anew meanwhile.
    void anOldFoldersSyncIsNotTheNewOnes()
    {
        const std::string ben = _root / "ben";
        std::filesystem::create_directory(ben);
        FolderCache cache(_host.context().storage, _root.path(), {});
        std::promise<void> syncs;
        std::promise<void> goOn;
        _host.beforeSync(
            [&](const TestHost::Sync&)
            {
                _host.beforeSync({});
                syncs.set_value();
                goOn.get_future().wait();
            });
        std::thread other([&] { (void)cache.ensure(ben); });
        syncs.get_future().wait();
        std::filesystem::remove(ben);
        beforeMkdir() = [&]
        {
            goOn.set_value();
            other.join();
            _host.forgetSyncs();
        };
        CPPUNIT_ASSERT(cache.open(ben) != nullptr);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root.path()));
    }

    void aParentThatCannotBeMadeLeavesNothingBehind()
    {
        test::writeFile(_root / "disk", "a file, and no folder yet");
        FolderCache cache(_host.context().storage, _root / "disk/mail", {});
        CPPUNIT_ASSERT_THROW((void)cache.open(_root / "disk/mail/ben"), std::system_error);
        std::filesystem::remove(_root / "disk");
        std::filesystem::create_directories(_root / "disk/mail");
        CPPUNIT_ASSERT(cache.open(_root / "disk/mail/ben") != nullptr);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "made by the administrator", std::size_t{0}, _host.folderSyncsOf(_root / "disk"));
    }

    /// We may make folders in it, and cannot sync what we may not open.
    void aParentThatMayNotBeReadIsTheAdministrators()
    {
        if (::geteuid() == 0)
            return; // may read everything
        std::filesystem::create_directory(_root / "up");
        CPPUNIT_ASSERT_EQUAL(0, ::chmod((_root / "up").c_str(), 0300));
        FolderCache cache(_host.context().storage, _root / "up/mail", {});
        CPPUNIT_ASSERT(cache.open(_root / "up/mail/ben") != nullptr);
        CPPUNIT_ASSERT_EQUAL(0, ::chmod((_root / "up").c_str(), 0700));
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
    /// One thread has made the first folder's parents and has not synced their entries yet; another one opens the second
    /// folder, and may not count on the first one's sync: it answers 250 perhaps before it.
    void assertDurableBesideAMaker(const std::string& base,
                                   const std::string& first,
                                   const std::string& second)
    {
        FolderCache cache(_host.context().storage, base, {});
        std::size_t syncs = 0;
        _host.forgetSyncs();
        _host.beforeSync(
            [&](const TestHost::Sync& sync)
            {
                if (sync.path != _root.path())
                    return;
                _host.beforeSync({});
                CPPUNIT_ASSERT(cache.open(_root / second) != nullptr);
                syncs = _host.folderSyncsOf(_root.path());
            });
        CPPUNIT_ASSERT(cache.open(_root / first) != nullptr);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(base, std::size_t{1}, syncs);
    }

    const TestFolder _root;
    TestHost _host;
};

CPPUNIT_TEST_SUITE_REGISTRATION(FolderCacheTest);

// Driven through a FolderCache, which makes the folders.
#include "common/DurableEntries.h"
#include "common/FolderCache.h"

#include "plugins/SmallDisk.h"
#include "plugins/TestFolder.h"
#include "plugins/TestHost.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

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

/// Called once, behind it.
std::function<void()>& afterMkdir()
{
    static std::function<void()> event;
    return event;
}

/// A file system that gives out one inode number again and again, and does not tell births.
std::atomic<bool>& areAllAlike()
{
    static std::atomic<bool> value{false};
    return value;
}

} // namespace

/// Stands in front of the C library's.
extern "C" int mkdir(const char* path, mode_t mode) noexcept
{
    if (beforeMkdir())
        std::exchange(beforeMkdir(), {})();
    const int result = static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
    if (afterMkdir())
        std::exchange(afterMkdir(), {})();
    return result;
}

/// Stands in front of the C library's.
extern "C" int
statx(int folder, const char* path, int flags, unsigned mask, struct statx* status) noexcept
{
    const int result = static_cast<int>(::syscall(SYS_statx, folder, path, flags, mask, status));
    if (result == 0 && areAllAlike())
    {
        status->stx_ino = 1;
        status->stx_mask &= ~STATX_BTIME;
    }
    return result;
}

using namespace mpsmtp;
using namespace mpsmtp::store;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;

class DurableEntriesTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(DurableEntriesTest);
    CPPUNIT_TEST(parentsAreMadeAndMadeDurable);
    CPPUNIT_TEST(aFolderThatExistedIsMadeDurableOnce);
    CPPUNIT_TEST(aFailedSyncIsAnErrorAndTriedAgain);
    CPPUNIT_TEST(aFailedSyncAboveTheBaseIsTriedAgain);
    CPPUNIT_TEST(whatAnotherThreadIsMakingIsMadeDurable);
    CPPUNIT_TEST(aBaseThatAnotherThreadIsMakingIsMadeDurable);
    CPPUNIT_TEST(anOldFoldersSyncIsNotTheNewOnes);
    CPPUNIT_TEST(whatIsBeingMadeAnewIsNotTheOldOne);
    CPPUNIT_TEST(whatAnotherStoreIsMakingIsMadeDurable);
    CPPUNIT_TEST(whatIsMadeBesideDoesNotUnsettle);
    CPPUNIT_TEST(whatCannotBeSyncedIsSyncedWithAll);
    CPPUNIT_TEST(aFileSystemThatCannotBeSyncedIsAnError);
    CPPUNIT_TEST(whatOthersMakeAnewIsMadeDurableAnew);
    CPPUNIT_TEST(whatWasMissingAndComesBackIsMadeDurableAnew);
    CPPUNIT_TEST(linksAndRelativePathsAboveTheBase);
    CPPUNIT_TEST(theNameOfAFileIsMadeDurableOnce);
    CPPUNIT_TEST(aForgottenNameIsMadeDurableAnew);
    CPPUNIT_TEST(anotherFileSystemsFoldersAreTheAdministrators);
    CPPUNIT_TEST(aParentThatCannotBeMadeLeavesNothingBehind);
    CPPUNIT_TEST(aParentThatMayNotBeReadIsSyncedWithAll);
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
            "the base itself may be new", std::size_t{1}, _host.folderSyncsOf(_root.path()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "mail"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "mail/d"));
        CPPUNIT_ASSERT(cache.open(_root / "mail/d/donna"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root.path()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "mail"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _host.folderSyncsOf(_root / "mail/d"));
    }

    void aFailedSyncIsAnErrorAndTriedAgain()
    {
        FolderCache cache(_host.context().storage, _root.path(), {});
        failSyncOf(_root.path(), EIO);
        CPPUNIT_ASSERT_THROW((void)cache.open(_root / "ben"), std::system_error);
        CPPUNIT_ASSERT(cache.open(_root / "ben") != nullptr);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root.path()));
    }

    void aFailedSyncAboveTheBaseIsTriedAgain()
    {
        FolderCache cache(_host.context().storage, _root / "mail", {});
        failSyncOf(_root.path(), EIO);
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
    /// makes it anew meanwhile: the one ends before the other's making does, or before its sync.
    void anOldFoldersSyncIsNotTheNewOnes()
    {
        for (const bool isLate : {false, true})
        {
            const Alike alike;
            const TestFolder root;
            const std::string ben = root / "ben";
            std::filesystem::create_directory(ben);
            FolderCache cache(_host.context().storage, root.path(), {});
            std::promise<void> syncs;
            std::promise<void> goOn;
            beforeSyncOf(root.path(),
                         [&]
                         {
                             syncs.set_value();
                             goOn.get_future().wait();
                         });
            std::thread other([&] { (void)cache.ensure(ben); });
            syncs.get_future().wait();
            std::filesystem::remove(ben);
            const auto end = [&]
            {
                goOn.set_value();
                other.join();
                _host.forgetSyncs();
            };
            const auto endAndUse = [&]
            {
                end();
                CPPUNIT_ASSERT(cache.ensure(ben));
                CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(root.path()));
                _host.forgetSyncs();
            };
            if (isLate)
                beforeSyncOf(root.path(), endAndUse);
            else
                beforeMkdir() = end;
            CPPUNIT_ASSERT(cache.open(ben) != nullptr);
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(root.path()));
        }
    }

    /// The folder was known to be durable, and is not the same any more though it looks like it.
    void whatIsBeingMadeAnewIsNotTheOldOne()
    {
        const Alike alike;
        const std::string ben = _root / "ben";
        FolderCache cache(_host.context().storage, _root.path(), {});
        CPPUNIT_ASSERT(cache.ensure(ben));
        std::filesystem::remove(ben);
        std::size_t syncs = 0;
        afterMkdir() = [&]
        {
            _host.forgetSyncs();
            CPPUNIT_ASSERT(cache.ensure(ben));
            syncs = _host.folderSyncsOf(_root.path());
        };
        CPPUNIT_ASSERT(cache.ensure(ben));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, syncs);
    }

    /// Two sections of an ini file with one base. The first has made it and has not synced its entry yet, or never will.
    void whatAnotherStoreIsMakingIsMadeDurable()
    {
        FolderCache first(_host.context().storage, _root / "x/mail", {});
        FolderCache second(_host.context().storage, _root / "x/mail", {});
        failSyncOf(_root.path(), EIO);
        CPPUNIT_ASSERT_THROW((void)first.open(_root / "x/mail/ben"), std::system_error);
        CPPUNIT_ASSERT(std::filesystem::exists(_root / "x/mail/ben"));
        _host.forgetSyncs();
        CPPUNIT_ASSERT(second.open(_root / "x/mail/ben") != nullptr);
        for (const std::string& parent : {_root.path(), _root / "x", _root / "x/mail"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(parent, std::size_t{1}, _host.folderSyncsOf(parent));
    }

    /// Many mailboxes are new at one time, and still each folder above them is synced once only.
    void whatIsMadeBesideDoesNotUnsettle()
    {
        FolderCache cache(_host.context().storage, _root / "mail", {});
        _host.beforeSync(
            [&](const TestHost::Sync& sync)
            {
                if (sync.path != _root / "mail")
                    return;
                _host.beforeSync({});
                CPPUNIT_ASSERT(cache.open(_root / "mail/d/donna") != nullptr);
                _host.forgetSyncs();
            });
        CPPUNIT_ASSERT(cache.open(_root / "mail/d/ben") != nullptr);
        CPPUNIT_ASSERT(cache.open(_root / "mail/d/hanna") != nullptr);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "the one that waited", std::size_t{1}, _host.folderSyncsOf(_root / "mail"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _host.folderSyncsOf(_root / "mail/d"));
    }

    void whatCannotBeSyncedIsSyncedWithAll()
    {
        struct Row
        {
            int error;
            bool isSyncedWithAll;
            const char* why;
        };

        const Row rows[] = {
            {EINVAL, true, "a file system without fsync for folders"},
            {EROFS, true, "syncfs tells whether it has failed meanwhile"},
            {EACCES, true, "no right to it"},
            {EPERM, true, "no right to it"},
            {EOPNOTSUPP, true, "as EINVAL"},
            {ENOSYS, true, "as EINVAL"},
            {EIO, false, "the disk fails"},
            {ENOSPC, false, "the disk is full"},
            {EDQUOT, false, "the disk is full"},
        };
        for (const Row& row : rows)
        {
            FolderCache above(_host.context().storage, _root / "mail", {});
            _host.forgetSyncs();
            failSyncOf(_root.path(), row.error);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.isSyncedWithAll, opens(above, _root / "mail/ben"));
            CPPUNIT_ASSERT(opens(above, _root / "mail/donna"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::size_t{row.isSyncedWithAll}, _host.fileSystemSyncs());
            FolderCache below(_host.context().storage, _root.path(), {});
            failSyncOf(_root.path(), row.error);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, row.isSyncedWithAll, opens(below, _root / "mail/ben"));
        }
    }

    void aFileSystemThatCannotBeSyncedIsAnError()
    {
        FolderCache cache(_host.context().storage, _root / "mail", {});
        _host.beforeSync(
            [this](const TestHost::Sync& sync)
            {
                if (sync.path == _root.path() || sync.isFileSystem)
                    _host.failSync(1, sync.isFileSystem ? EROFS : EINVAL);
            });
        CPPUNIT_ASSERT(!opens(cache, _root / "mail/ben"));
        CPPUNIT_ASSERT(!opens(cache, _root / "mail/ben"));
        _host.beforeSync({});
        CPPUNIT_ASSERT(opens(cache, _root / "mail/ben"));
    }

    /// Somebody else makes anew what this cache knows: another section, the handlers of a new configuration, another server.
    void whatOthersMakeAnewIsMadeDurableAnew()
    {
        struct Row
        {
            std::string removed;
            std::string opened;
            std::string synced;
            const char* why;
        };

        const Row rows[] = {
            {"mail/d/ben", "mail/d/ben", "mail/d", "the mailbox"},
            {"mail/d", "mail/d/ben", "mail", "a folder above a known mailbox"},
            {"mail/d", "mail/d/donna", "mail", "a folder above a new mailbox"},
            {"mail", "mail/d/ben", "", "the base"},
        };
        if (const auto root = FileIdentity::of(_root.path()); root && root->birthSeconds == 0)
            return; // docs/reliability.md, "What is not promised"
        for (const Row& row : rows)
        {
            FolderPolicy policy;
            policy.capacity = 1; // what is known of folders that are not open counts too
            FolderCache cache(_host.context().storage, _root / "mail", policy);
            CPPUNIT_ASSERT(cache.open(_root / "mail/d/ben") != nullptr);
            CPPUNIT_ASSERT(cache.open(_root / "mail/e/else") != nullptr);
            waitForTheNextTick();
            std::filesystem::remove_all(_root / row.removed);
            std::filesystem::create_directories(_root / "mail/d/ben");
            _host.forgetSyncs();
            const std::string synced = row.synced.empty() ? _root.path() : _root / row.synced;
            CPPUNIT_ASSERT(cache.open(_root / row.opened) != nullptr);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::size_t{1}, _host.folderSyncsOf(synced));
            waitForTheNextTick();
            std::filesystem::remove_all(_root / "mail/d/ben");
            std::filesystem::create_directories(_root / "mail/d/ben");
            _host.forgetSyncs();
            CPPUNIT_ASSERT(cache.ensure(_root / "mail/d/ben"));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                "ensure", std::size_t{1}, _host.folderSyncsOf(_root / "mail/d"));
        }
    }

    /// Somebody moves it away, a mail finds it missing, and it is moved back: the disk may have it where it was meanwhile.
    void whatWasMissingAndComesBackIsMadeDurableAnew()
    {
        struct Row
        {
            std::string moved;
            std::string synced;
            const char* why;
        };

        const Row rows[] = {
            {"mail/d/ben/new", "mail/d/ben", "the folder itself"},
            {"mail/d/ben", "mail/d", "the mailbox"},
            {"mail/d", "mail", "a folder above it"},
            {"mail", "", "the base"},
        };
        enum class Use
        {
            Open,
            Reopen, // others have been used in between
            Ensure
        };
        FolderPolicy policy;
        policy.create = false;
        policy.capacity = 1;
        std::filesystem::create_directories(_root / "else");
        for (const Row& row : rows)
            for (const Use use : {Use::Open, Use::Reopen, Use::Ensure})
            {
                const std::string folder = _root / "mail/d/ben/new";
                std::filesystem::create_directories(folder);
                FolderCache cache(_host.context().storage, _root / "mail", policy);
                const auto isThere = [&] {
                    return use == Use::Ensure ? cache.ensure(folder)
                                              : cache.open(folder) != nullptr;
                };
                CPPUNIT_ASSERT(isThere());
                if (use == Use::Reopen)
                    CPPUNIT_ASSERT(cache.open(_root / "else") != nullptr);
                std::filesystem::rename(_root / row.moved, _root / "aside");
                CPPUNIT_ASSERT(!isThere());
                std::filesystem::rename(_root / "aside", _root / row.moved);
                _host.forgetSyncs();
                CPPUNIT_ASSERT(isThere());
                CPPUNIT_ASSERT(isThere());
                const std::string synced = row.synced.empty() ? _root.path() : _root / row.synced;
                CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::size_t{1}, _host.folderSyncsOf(synced));
            }
    }

    /// The way up is the file system's, not the text's.
    void linksAndRelativePathsAboveTheBase()
    {
        std::filesystem::create_directories(_root / "disk/x");
        std::filesystem::create_directory_symlink(_root / "disk/x", _root / "mail");
        FolderCache linked(_host.context().storage, _root / "mail", {});
        CPPUNIT_ASSERT(linked.open(_root / "mail/ben") != nullptr);
        for (const std::string& parent : {_root.path(), _root / "disk", _root / "disk/x"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(parent, std::size_t{1}, _host.folderSyncsOf(parent));
        const std::filesystem::path before = std::filesystem::current_path();
        for (const std::string& base :
             {std::string("mail"), std::string("."), std::string("../disk/x")})
        {
            std::filesystem::current_path(_root / "disk");
            _host.forgetSyncs();
            FolderCache relative(_host.context().storage, base, {});
            const bool isOpen = opens(relative, base + "/ben");
            std::filesystem::current_path(before);
            CPPUNIT_ASSERT_MESSAGE(base, isOpen);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(base, std::size_t{1}, _host.folderSyncsOf(_root.path()));
        }
    }

    void theNameOfAFileIsMadeDurableOnce()
    {
        const TestFolder disk;
        std::filesystem::create_directory(_root / "d");
        DurableEntries entries(_host.context().storage, _root.path());
        for (const std::string& folder : {_root / "d", disk.path()})
        {
            const std::string box = folder + "/box";
            test::writeFile(box, "a mail");
            for (int i = 0; i < 2; ++i)
                entries.settle(box);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(folder, std::size_t{1}, _host.folderSyncsOf(folder));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                folder, std::size_t{1}, _host.folderSyncsOf(parentOf(folder)));
            test::writeFile(box + ".new", "a mail");
            std::filesystem::rename(box + ".new", box);
            entries.settle(box);
            CPPUNIT_ASSERT_EQUAL_MESSAGE("a reader's", std::size_t{2}, _host.folderSyncsOf(folder));
            _host.forgetSyncs();
        }
    }

    /// Where a new file cannot be told from the old one.
    void aForgottenNameIsMadeDurableAnew()
    {
        const Alike alike;
        const std::string box = _root / "box";
        DurableEntries entries(_host.context().storage, _root.path());
        test::writeFile(box, "");
        entries.settle(box);
        std::filesystem::remove(box);
        test::writeFile(box, "");
        entries.settle(box);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "taken for the old one", std::size_t{1}, _host.folderSyncsOf(_root.path()));
        entries.forget(box);
        entries.settle(box);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _host.folderSyncsOf(_root.path()));
    }

    void anotherFileSystemsFoldersAreTheAdministrators()
    {
        const test::SmallDisk disk;
        if (!disk.isMounted())
            return;
        FolderCache cache(_host.context().storage, disk / "mail", {});
        CPPUNIT_ASSERT(cache.open(disk / "mail/ben") != nullptr);
        const std::string root = parentOf(disk / "mail");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(root));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, _host.folderSyncsOf(parentOf(root)));
    }

    void aParentThatCannotBeMadeLeavesNothingBehind()
    {
        test::writeFile(_root / "disk", "a file, and no folder yet");
        FolderCache cache(_host.context().storage, _root / "disk/mail", {});
        CPPUNIT_ASSERT_THROW((void)cache.open(_root / "disk/mail/ben"), std::system_error);
        std::filesystem::remove(_root / "disk");
        std::filesystem::create_directories(_root / "disk/mail");
        CPPUNIT_ASSERT(cache.open(_root / "disk/mail/ben") != nullptr);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "disk"));
        CPPUNIT_ASSERT(cache.open(_root / "disk/mail/donna") != nullptr);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "no making goes on there", std::size_t{1}, _host.folderSyncsOf(_root / "disk"));
    }

    /// We may make folders in it, and cannot sync what we may not open.
    void aParentThatMayNotBeReadIsSyncedWithAll()
    {
        CPPUNIT_ASSERT(::geteuid() != 0 || ::chown(_root.path().c_str(), nobody, nobody) == 0);
        bool isOpen = false;
        {
            const Unprivileged user; // root may read everything
            CPPUNIT_ASSERT(::geteuid() != 0);
            std::filesystem::create_directory(_root / "up");
            CPPUNIT_ASSERT_EQUAL(0, ::chmod((_root / "up").c_str(), 0300));
            FolderCache cache(_host.context().storage, _root / "up/mail", {});
            isOpen = opens(cache, _root / "up/mail/ben");
            CPPUNIT_ASSERT_EQUAL(0, ::chmod((_root / "up").c_str(), 0700));
        }
        CPPUNIT_ASSERT(isOpen);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.fileSystemSyncs());
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, _host.folderSyncsOf(_root / "up"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, _host.folderSyncsOf(_root / "up/mail"));
    }

private:
    static constexpr uid_t nobody = 65534;

    struct Unprivileged
    {
        Unprivileged() { (void)::seteuid(isRoot ? nobody : ::geteuid()); }

        ~Unprivileged() { (void)::seteuid(isRoot ? 0 : ::geteuid()); }

        Unprivileged(const Unprivileged&) = delete;
        Unprivileged& operator=(const Unprivileged&) = delete;

        const bool isRoot = ::geteuid() == 0;
    };

    struct Alike
    {
        Alike() { areAllAlike() = true; }

        ~Alike() { areAllAlike() = false; }

        Alike(const Alike&) = delete;
        Alike& operator=(const Alike&) = delete;
    };

    /// Once, in front of the next sync of that folder.
    void beforeSyncOf(const std::string& path, const std::function<void()>& event)
    {
        _host.beforeSync(
            [this, path, event](const TestHost::Sync& sync)
            {
                if (sync.path != path)
                    return;
                const auto once = event; // this function goes with the next line
                _host.beforeSync({});
                once();
            });
    }

    void failSyncOf(const std::string& path, int error)
    {
        beforeSyncOf(path, [this, error] { _host.failSync(1, error); });
    }

    /// Times of birth are as coarse as the kernel's clock.
    static void waitForTheNextTick() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

    static bool opens(FolderCache& cache, const std::string& path)
    {
        try
        {
            return cache.open(path) != nullptr;
        }
        catch (const std::system_error&)
        {
            return false;
        }
    }

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

CPPUNIT_TEST_SUITE_REGISTRATION(DurableEntriesTest);

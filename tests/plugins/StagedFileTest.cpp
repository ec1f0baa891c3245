#include "common/StagedFile.h"

#include "plugins/FileSizeLimit.h"
#include "plugins/SmallDisk.h"
#include "plugins/TestFolder.h"
#include "plugins/TestHost.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mpsmtp;
using namespace mpsmtp::store;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;

class StagedFileTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(StagedFileTest);
    CPPUNIT_TEST(nothingIsSeenBeforeTheLink);
    CPPUNIT_TEST(anAbandonedFileLeavesNothing);
    CPPUNIT_TEST(aTakenNameIsReportedAndKept);
    CPPUNIT_TEST(hiddenNamesOfOthersAreLeftAlone);
    CPPUNIT_TEST(aMovedFilesPathLeadsToNoOther);
    CPPUNIT_TEST(oneFileMayHaveManyNames);
    CPPUNIT_TEST(aHiddenFileHoldsNoDescriptor);
    CPPUNIT_TEST(copiesAreEqual);
    CPPUNIT_TEST(theModeIsAsAsked);
    CPPUNIT_TEST(aFailedWriteIsAnErrorThatLeavesNothing);
    CPPUNIT_TEST(aFullDiskIsAnErrorThatLeavesNothing);
    CPPUNIT_TEST(aFailedSyncNamesTheFile);
    CPPUNIT_TEST(otherFileSystemsAreReported);
    CPPUNIT_TEST(aRemovedFolderIsReported);
    CPPUNIT_TEST(leftoversOfDeadProcessesAreSwept);
    CPPUNIT_TEST_SUITE_END();

public:
    void nothingIsSeenBeforeTheLink()
    {
        for (const auto kind : kinds)
        {
            const auto file = make(kind);
            file->write("hello ");
            file->write("world");
            file->finish();
            file->sync(_host.context().storage);
            CPPUNIT_ASSERT(!hasName("1"));
            CPPUNIT_ASSERT_EQUAL(0, file->link(*_folder, "1"));
            CPPUNIT_ASSERT_EQUAL(std::string("hello world"), test::contentOf(_root / "1"));
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{11}, file->size());
            CPPUNIT_ASSERT_EQUAL(0, ::unlink((_root / "1").c_str()));
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, _host.dataSyncs());
    }

    void anAbandonedFileLeavesNothing()
    {
        for (const auto kind : kinds)
        {
            {
                const auto file = make(kind);
                file->write("x");
                CPPUNIT_ASSERT_EQUAL(kind == Staging::Kind::Named ? std::size_t{1} : std::size_t{0},
                                     names().size());
            }
            CPPUNIT_ASSERT(names().empty());
        }
    }

    void aTakenNameIsReportedAndKept()
    {
        test::writeFile(_root / "1", "first");
        for (const auto kind : kinds)
        {
            const auto file = make(kind);
            file->write("second");
            CPPUNIT_ASSERT_EQUAL(EEXIST, file->link(*_folder, "1"));
            CPPUNIT_ASSERT_EQUAL(std::string("first"), test::contentOf(_root / "1"));
        }
    }

    /// Two handlers of one process may use the same folder, and count each for itself.
    void hiddenNamesOfOthersAreLeftAlone()
    {
        Staging another(0600);
        const auto first = make(Staging::Kind::Named);
        first->write("first");
        const auto second = another.make(*_folder, _root.path(), Staging::Kind::Named);
        second->write("second");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, names().size());
        CPPUNIT_ASSERT_EQUAL(0, first->link(*_folder, "1"));
        CPPUNIT_ASSERT_EQUAL(0, second->link(*_folder, "2"));
        CPPUNIT_ASSERT_EQUAL(std::string("first"), test::contentOf(_root / "1"));
        CPPUNIT_ASSERT_EQUAL(std::string("second"), test::contentOf(_root / "2"));
    }

    /// Somebody moves the folder and makes another one, where a new handler, of the configuration that was read again, counts
    /// from one.
    void aMovedFilesPathLeadsToNoOther()
    {
        const TestFolder aside;
        const std::string hidden = _root / "tmp";
        std::filesystem::create_directory(hidden);
        Staging old(0600);
        const auto first = old.make(*_folder, hidden, Staging::Kind::Named);
        first->write("first");
        first->finish();
        std::filesystem::rename(hidden, aside / "tmp");
        std::filesystem::create_directory(hidden);
        Staging anew(0600);
        const auto second = anew.make(*_folder, hidden, Staging::Kind::Named);
        second->write("second");
        CPPUNIT_ASSERT_EQUAL(ENOENT, first->link(*_folder, "1"));
        CPPUNIT_ASSERT_EQUAL(0, second->link(*_folder, "1"));
        CPPUNIT_ASSERT_EQUAL(std::string("second"), test::contentOf(_root / "1"));
    }

    void oneFileMayHaveManyNames()
    {
        for (const auto kind : kinds)
        {
            {
                const auto file = make(kind);
                file->write("x");
                file->finish();
                CPPUNIT_ASSERT_EQUAL(0, file->link(*_folder, "1"));
                CPPUNIT_ASSERT_EQUAL(0, file->link(*_folder, "2"));
            }
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, names().size());
            CPPUNIT_ASSERT_EQUAL(std::string("x"), test::contentOf(_root / "2"));
            (void)::unlink((_root / "1").c_str());
            (void)::unlink((_root / "2").c_str());
        }
    }

    void aHiddenFileHoldsNoDescriptor()
    {
        const std::size_t before = test::openDescriptors();
        const auto file = make(Staging::Kind::Named);
        file->write("x");
        file->finish();
        CPPUNIT_ASSERT_EQUAL(before, test::openDescriptors());
        file->sync(_host.context().storage);
        CPPUNIT_ASSERT_EQUAL(before, test::openDescriptors());
    }

    void copiesAreEqual()
    {
        const std::string text(200000, 'x');
        for (const auto kind : kinds)
        {
            const auto file = make(kind);
            file->write(text);
            file->finish();
            const auto copy = make(Staging::Kind::Unnamed);
            file->copyTo(*copy);
            CPPUNIT_ASSERT_EQUAL(0, copy->link(*_folder, "copy"));
            CPPUNIT_ASSERT(text == test::contentOf(_root / "copy"));
            (void)::unlink((_root / "copy").c_str());
        }
    }

    void theModeIsAsAsked()
    {
        const mode_t before = ::umask(077);
        Staging staging(0664);
        for (const auto kind : kinds)
        {
            const auto file = staging.make(*_folder, _root.path(), kind);
            CPPUNIT_ASSERT_EQUAL(0, file->link(*_folder, "1"));
            CPPUNIT_ASSERT_EQUAL(0664u, test::modeOf(_root / "1"));
            (void)::unlink((_root / "1").c_str());
        }
        ::umask(before);
    }

    void aFailedWriteIsAnErrorThatLeavesNothing()
    {
        for (const auto kind : kinds)
        {
            const test::FileSizeLimit limit(1000);
            const auto file = make(kind);
            CPPUNIT_ASSERT_EQUAL(EFBIG, errorOf([&] { file->write(std::string(5000, 'x')); }));
        }
        CPPUNIT_ASSERT(names().empty());
    }

    void aFullDiskIsAnErrorThatLeavesNothing()
    {
        const test::SmallDisk disk;
        if (!disk.isMounted())
            return;
        for (const auto kind : kinds)
        {
            const Folder folder(
                disk / "",
                FileDescriptor(::open((disk / "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
            const auto file = _staging.make(folder, disk / "", kind);
            CPPUNIT_ASSERT_EQUAL(ENOSPC, errorOf([&] { file->write(std::string(200000, 'x')); }));
        }
        CPPUNIT_ASSERT(test::namesIn(disk / "").empty());
    }

    void aFailedSyncNamesTheFile()
    {
        const auto file = make(Staging::Kind::Unnamed);
        _host.failSync(1, ENOSPC);
        try
        {
            file->sync(_host.context().storage);
            CPPUNIT_FAIL("no error");
        }
        catch (const std::system_error& error)
        {
            CPPUNIT_ASSERT_EQUAL(ENOSPC, error.code().value());
            CPPUNIT_ASSERT(std::string(error.what()).find(_root.path()) != std::string::npos);
        }
    }

    void otherFileSystemsAreReported()
    {
        const TestFolder other("/dev/shm");
        const Folder folder(
            other.path(),
            FileDescriptor(::open(other.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
        if (folder.device() == _folder->device())
            return;
        for (const auto kind : kinds)
            CPPUNIT_ASSERT_EQUAL(EXDEV, make(kind)->link(folder, "1"));
    }

    void aRemovedFolderIsReported()
    {
        const auto file = make(Staging::Kind::Unnamed);
        std::filesystem::remove_all(_root.path());
        CPPUNIT_ASSERT_EQUAL(ENOENT, file->link(*_folder, "1"));
        for (const auto kind : kinds)
            CPPUNIT_ASSERT_EQUAL(ENOENT, errorOf([&] { (void)make(kind); }));
    }

    void leftoversOfDeadProcessesAreSwept()
    {
        const pid_t child = ::fork();
        if (child == 0)
        {
            std::unique_ptr<StagedFile> file =
                Staging(0600).make(*_folder, _root.path(), Staging::Kind::Named);
            file->write("x");
            ::_exit(0); // no destructor: as kill -9
        }
        (void)::waitpid(child, nullptr, 0);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, names().size());
        const std::string leftover = names().front();
        const std::string ofAnEarlierProcessOfOurId =
            leftover.substr(0, leftover.find(std::to_string(child))) + std::to_string(::getpid()) +
            ".1-1";
        const auto living = make(Staging::Kind::Named);
        for (const std::string& name : {ofAnEarlierProcessOfOurId,
                                        std::string("1"),
                                        std::string(".mpsmtp-other.host-1.1-1"),
                                        std::string(".profile"),
                                        std::string(".mpsmtp-")})
            test::writeFile(_root / name, "x");
        _staging.sweep(_root.path());
        CPPUNIT_ASSERT(!hasName(leftover));
        CPPUNIT_ASSERT(!hasName(ofAnEarlierProcessOfOurId));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "what lives or is not ours stays", std::size_t{5}, names().size());
        _staging.sweep(_root / "missing");
    }

private:
    static constexpr Staging::Kind kinds[] = {Staging::Kind::Unnamed, Staging::Kind::Named};

    [[nodiscard]] std::unique_ptr<StagedFile> make(Staging::Kind kind)
    {
        return _staging.make(*_folder, _root.path(), kind);
    }

    [[nodiscard]] std::vector<std::string> names() const { return test::namesIn(_root.path()); }

    [[nodiscard]] bool hasName(const std::string& name) const
    {
        return std::filesystem::exists(_root / name);
    }

    template <class Action>
    [[nodiscard]] static int errorOf(Action&& action)
    {
        try
        {
            action();
        }
        catch (const std::system_error& error)
        {
            return error.code().value();
        }
        return 0;
    }

    const TestFolder _root;
    TestHost _host;
    Staging _staging{0600};
    const std::unique_ptr<const Folder> _folder = std::make_unique<const Folder>(
        _root.path(),
        FileDescriptor(::open(_root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
};

CPPUNIT_TEST_SUITE_REGISTRATION(StagedFileTest);

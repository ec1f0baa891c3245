// <mpsmtp/testing/Conformance.h> finds what is wrong with a store: a small one passes, and fails
// exactly where it is made worse.
#include <mpsmtp/testing/Conformance.h>

#include <mpsmtp/Plugin.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace mpsmtp;

namespace
{

/// Each is one mistake that a store can make.
enum class Bug
{
    None,
    ShowsAtStage,
    LeavesFileAtAbort,
    KeepsFileAtAbort,
    DropsEightBit,
    SkipsDataSync,
    SkipsFolderSync,
    SyncsFolderFirst,
    IgnoresFailedSync,
    IgnoresShortWrite,
    LetsNamesOut,
    SharesNames,
    FirstRecipientOnly,
    ReusesNames,
};

/// Octets of a name as hexadecimal digits: one folder for each, whatever it holds.
std::string folderName(std::string_view name, Bug bug)
{
    if (bug == Bug::LetsNamesOut)
        return std::string(name);
    std::string text;
    for (const char c : name.substr(0, bug == Bug::SharesNames ? 2 : name.size()))
    {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto octet = static_cast<unsigned char>(c);
        text.append(1, digits[octet >> 4]).append(1, digits[octet & 15]);
    }
    return text;
}

[[noreturn]] void fail(const std::string& what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

class Descriptor
{
public:
    Descriptor(const std::string& path, int flags) : _fd(::open(path.c_str(), flags, 0600))
    {
        if (_fd < 0)
            fail(path);
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    ~Descriptor() { (void)::close(_fd); }

    [[nodiscard]] int get() const noexcept { return _fd; }

private:
    int _fd;
};

/// FOLDER/MAILBOX/N, written as FOLDER/MAILBOX/.N first.
class TinyStore : public Handler
{
public:
    static inline Bug bug = Bug::None; // set by one test at a time

    explicit TinyStore(const Context& context)
        : _folder(context.config.string("path")), _storage(context.storage)
    {
    }

    Stage stage(Envelope&, const Recipients& recipients, Message& message) override
    {
        auto work = std::make_unique<Work>(*this);
        for (const Recipient recipient : recipients)
        {
            if (recipient.localPart().size() > 100)
                return Report(Reply(553, "5.1.3", "Mailbox name too long"));
            work->add(folderOf(recipient.localPart()), message);
            if (bug == Bug::FirstRecipientOnly)
                break;
        }
        return work;
    }

private:
    struct Letter
    {
        std::string folder;
        std::string hidden;
        std::string name;
    };

    class Work : public Staged
    {
    public:
        explicit Work(TinyStore& store) : _store(store) {}

        void add(std::string folder, const Message& message)
        {
            const std::string number = _store.nextNumber();
            _letters.push_back({folder, folder + "/." + number, folder + "/" + number});
            const Descriptor file(_letters.back().hidden, O_CREAT | O_TRUNC | O_WRONLY);
            write(file.get(), message);
            if (bug == Bug::ShowsAtStage)
                show(_letters.back());
        }

        void persist() override
        {
            if (bug == Bug::SkipsDataSync)
                return;
            for (const Letter& letter : _letters)
                sync(bug == Bug::ShowsAtStage ? letter.name : letter.hidden, false);
        }

        void commit() override
        {
            for (const Letter& letter : _letters)
            {
                if (bug == Bug::SyncsFolderFirst)
                    sync(letter.folder, true);
                if (bug != Bug::ShowsAtStage)
                    show(letter);
                if (bug != Bug::SkipsFolderSync && bug != Bug::SyncsFolderFirst)
                    sync(letter.folder, true);
            }
            _letters.clear();
        }

        void abort() noexcept override
        {
            for (const Letter& letter : std::exchange(_letters, {}))
            {
                if (bug != Bug::LeavesFileAtAbort)
                    (void)::unlink(letter.hidden.c_str());
                if (bug == Bug::KeepsFileAtAbort)
                    std::ofstream(letter.name) << "left";
                else
                    (void)::unlink(letter.name.c_str());
            }
        }

        ~Work() override
        {
            if (bug != Bug::LeavesFileAtAbort)
                Work::abort();
        }

    private:
        static void show(const Letter& letter)
        {
            if (::rename(letter.hidden.c_str(), letter.name.c_str()) != 0)
                fail(letter.name);
        }

        static void write(int fd, const Message& message)
        {
            try
            {
                if (bug != Bug::DropsEightBit)
                    return message.writeTo(fd, Eol::AsSent);
                for (std::size_t i = 0; i < message.segmentCount(); ++i)
                    for (const char c : message.segment(i))
                        if (static_cast<unsigned char>(c) < 0x80 && ::write(fd, &c, 1) != 1)
                            fail("short");
            }
            catch (const std::system_error&)
            {
                if (bug != Bug::IgnoresShortWrite)
                    throw;
            }
        }

        void sync(const std::string& path, bool isFolder) const
        {
            const Descriptor file(path, O_RDONLY);
            try
            {
                isFolder ? _store._storage.syncFolder(file.get())
                         : _store._storage.syncData(file.get());
            }
            catch (const std::system_error&)
            {
                // A mail that was shown is taken back: the client will send it again.
                if (isFolder && bug != Bug::IgnoresFailedSync)
                    for (const Letter& letter : _letters)
                        (void)::unlink(letter.name.c_str());
                if (bug != Bug::IgnoresFailedSync)
                    throw;
            }
        }

        TinyStore& _store;
        std::vector<Letter> _letters;
    };

    [[nodiscard]] std::string folderOf(std::string_view localPart) const
    {
        const std::string path = _folder + "/" + folderName(localPart, bug);
        if (std::filesystem::create_directories(path))
        {
            const Descriptor folder(_folder, O_RDONLY);
            if (bug != Bug::IgnoresFailedSync && bug != Bug::SkipsFolderSync)
                _storage.syncFolder(folder.get());
        }
        return path;
    }

    /// Process and object in front: another server may use the same folder.
    [[nodiscard]] std::string nextNumber()
    {
        const int number = bug == Bug::ReusesNames ? (++_number % 50) : ++_number;
        std::ostringstream name;
        name << static_cast<const void*>(this) << "." << number;
        return name.str();
    }

    const std::string _folder;
    const Storage _storage;
    std::atomic<int> _number{0};
};

const mpsmtp_plugin& tinyStore()
{
    static const Option options[] = {{"path", Option::Path, Required, nullptr, "where"}};
    static const auto table = mpsmtp::detail::optionTable(options);
    static const auto made =
        mpsmtp::detail::Thunks<TinyStore>::describe("tiny-store", "1.0", table);
    return made;
}

testing::Store store()
{
    testing::Store store;
    store.open = [](const std::string& folder) {
        return std::make_unique<testing::Harness>(tinyStore(), testing::Options{{"path", folder}});
    };
    store.list = [](const std::string& folder, const testing::Address& recipient)
    {
        std::vector<std::string> mails;
        const std::filesystem::path path =
            folder + "/" + folderName(recipient.localPart, TinyStore::bug);
        if (std::filesystem::is_directory(path))
            for (const auto& entry : std::filesystem::directory_iterator(path))
                if (entry.is_regular_file() && entry.path().filename().string()[0] != '.')
                {
                    std::ifstream in(entry.path(), std::ios::binary);
                    mails.emplace_back(std::istreambuf_iterator<char>(in),
                                       std::istreambuf_iterator<char>());
                }
        return mails;
    };
    store.lineEnds = Eol::AsSent;
    return store;
}

} // namespace

class ConformanceTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(ConformanceTest);
    CPPUNIT_TEST(soundStorePasses);
    CPPUNIT_TEST(eachMistakeIsFound);
    CPPUNIT_TEST(reportTellsAndGivesTheStatus);
    CPPUNIT_TEST(mistakesOfTheAuthorAreTold);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { TinyStore::bug = Bug::None; }

    void soundStorePasses()
    {
        for (const testing::Check& check : testing::StoreConformance(store()).run())
            CPPUNIT_ASSERT_MESSAGE(check.name + ": " + check.explanation, check.passed);
    }

    void eachMistakeIsFound()
    {
        struct Row
        {
            Bug bug;
            const char* check;
            const char* explanation; ///< part of it
        };

        for (const Row& row :
             {Row{Bug::ShowsAtStage, "nothing is seen before commit", "after stage"},
              Row{Bug::LeavesFileAtAbort, "abort after stage leaves nothing", "has left"},
              Row{Bug::KeepsFileAtAbort, "abort after persist leaves nothing", "after abort()"},
              Row{Bug::DropsEightBit, "content is kept octet for octet", "8-bit octets"},
              Row{Bug::SkipsDataSync, "commit is durable", "the data of"},
              Row{Bug::SkipsFolderSync, "commit is durable", "the name of"},
              Row{Bug::SyncsFolderFirst, "commit is durable", "the name of"},
              Row{Bug::IgnoresFailedSync, "a failing sync is no 250", "not 4xx"},
              Row{Bug::IgnoresShortWrite, "a full disk is no 250", "not 4xx"},
              Row{Bug::LetsNamesOut, "hostile local parts stay apart", ""},
              Row{Bug::SharesNames, "hostile local parts stay apart", "in place of 1"},
              Row{Bug::FirstRecipientOnly, "100 recipients get a mail each", "0 mails"},
              Row{Bug::ReusesNames, "threads lose nothing", ""}})
        {
            TinyStore::bug = row.bug;
            const testing::Check check =
                testing::StoreConformance(store()).run(std::string_view(row.check));
            CPPUNIT_ASSERT_MESSAGE(std::string(row.check) + ": not found", !check.passed);
            CPPUNIT_ASSERT_MESSAGE(check.explanation,
                                   check.explanation.find(row.explanation) != std::string::npos);
        }
    }

    void reportTellsAndGivesTheStatus()
    {
        std::ostringstream out;
        CPPUNIT_ASSERT_EQUAL(0, testing::StoreConformance(store()).report(out));
        CPPUNIT_ASSERT(out.str().find("ok      commit shows the mail: ") == 0);
        TinyStore::bug = Bug::SkipsDataSync;
        out.str("");
        CPPUNIT_ASSERT_EQUAL(1, testing::StoreConformance(store()).report(out));
        CPPUNIT_ASSERT(out.str().find("FAILED  commit is durable: ") != std::string::npos);
    }

    void mistakesOfTheAuthorAreTold()
    {
        CPPUNIT_ASSERT_THROW((void)testing::StoreConformance({}), std::invalid_argument);
        testing::Store broken = store();
        broken.list = [](const std::string&, const testing::Address&) -> std::vector<std::string>
        { throw std::runtime_error("no such table"); };
        const testing::Check check = testing::StoreConformance(broken).run("commit shows the mail");
        CPPUNIT_ASSERT_EQUAL(std::string("the check ended with: no such table"), check.explanation);
        CPPUNIT_ASSERT(!check.passed);
        CPPUNIT_ASSERT_THROW((void)testing::StoreConformance(store()).run("no such check"),
                             std::out_of_range);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConformanceTest);

// The mbox handler from outside: what a mailbox holds after a mail transaction, octet by octet, and
// what is refused.
#include "MboxFixture.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <fcntl.h>
#include <sys/stat.h>

using namespace mboxtest;

class MboxHandlerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxHandlerTest);
    CPPUNIT_TEST(contentIsStoredOctetByOctet);
    CPPUNIT_TEST(linesKeepTheirEndsIfAsked);
    CPPUNIT_TEST(ourFieldsCanBeLeftOut);
    CPPUNIT_TEST(messagesFollowEachOther);
    CPPUNIT_TEST(aMailboxIsMadeForItsOwnerOnly);
    CPPUNIT_TEST(theModeIsTheConfiguredOneWhateverTheUmask);
    CPPUNIT_TEST(aMissingMailboxIsRefusedIfNoneMayBeMade);
    CPPUNIT_TEST(eachRecipientGetsACopy);
    CPPUNIT_TEST(recipientsOfOneMailboxEachGetACopyInIt);
    CPPUNIT_TEST(aNameThatIsTooLongIsRefused);
    CPPUNIT_TEST(anAbortedDeliveryLeavesTheMailboxAsItWas);
    CPPUNIT_TEST(whatIsNoRegularFileIsDeferred);
    CPPUNIT_TEST(aSymbolicLinkLeadsToTheMailbox);
    CPPUNIT_TEST(aMailboxReplacedByAReaderIsFollowed);
    CPPUNIT_TEST(aMailboxTruncatedByAReaderIsContinued);
    CPPUNIT_TEST(nothingIsLeftBesideTheMailbox);
    CPPUNIT_TEST(anUnfinishedTailIsPartedFromNewMail);
    CPPUNIT_TEST(theFirstMessageMakesTheNameDurable);
    CPPUNIT_TEST(aMailboxThatWeHaveNotFilledIsMadeDurableToo);
    CPPUNIT_TEST(aMailboxThatWasMissingAndComesBackIsMadeDurableAnew);
    CPPUNIT_TEST_SUITE_END();

public:
    void contentIsStoredOctetByOctet()
    {
        using namespace std::string_literals;

        struct Row
        {
            const char* why;
            std::vector<std::string> segments;
            std::string expected;
        };

        const std::vector<Row> table = {
            {"CRLF becomes LF", {"Subject: a\r\n\r\nb\r\n"}, "Subject: a\n\nb\n"},
            {"bare CR and bare LF stay", {"a\rb\nc\r\n"}, "a\rb\nc\n"},
            {"empty message", {}, ""},
            {"empty segments", {"", "a\r\n", ""}, "a\n"},
            {"only a line end", {"\r\n"}, "\n"},
            {"no last line end", {"a: b\r\n\r\nc"}, "a: b\n\nc\n"},
            {"CR at the end", {"a\r"}, "a\r\n"},
            {"CRLF split between segments", {"a\r", "\nb\r\n"}, "a\nb\n"},
            {"separator split between segments", {"a\r\nFr", "om b\r\n"}, "a\n>From b\n"},
            {"separator behind a bare LF", {"a\nFrom b\r\n"}, "a\n>From b\n"},
            {"separator first", {"From a\r\n"}, ">From a\n"},
            {"NUL", {"a\0b\r\n\0"s}, "a\0b\n\0\n"s},
            {"8-bit", {"\xff\xfe\xe4\r\n"}, "\xff\xfe\xe4\n"},
            {"no header", {"hey there!\r\n"}, "hey there!\n"},
            {"lone dots", {".\r\n..\r\n"}, ".\n..\n"},
        };
        for (const Row& row : table)
        {
            const TempFolder folder;
            MboxServer server(folder.path() + "/box");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, 250u, server.deliverContent(row.segments));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, stored(row.expected), readFile(folder.path() + "/box"));
        }
    }

    void linesKeepTheirEndsIfAsked()
    {
        MboxServer server(box(), {{"line_ending", "crlf"}, {"trace", "0"}});
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a: b\r\n\r\nFrom c\r\nd"}));
        CPPUNIT_ASSERT_EQUAL(separator + "Delivered-To: ben@example.com\r\n" +
                                 "a: b\r\n\r\n>From c\r\nd\r\n\n",
                             readFile(box()));
    }

    void ourFieldsCanBeLeftOut()
    {
        MboxServer server(box(), {{"delivered_to", "0"}, {"trace", "0"}});
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a: b\r\n\r\n"}));
        CPPUNIT_ASSERT_EQUAL(separator + "a: b\n\n\n", readFile(box()));
    }

    void messagesFollowEachOther()
    {
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"b"}));
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"c\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + stored("b\n") + stored("c\n"), readFile(box()));
    }

    void aMailboxIsMadeForItsOwnerOnly()
    {
        MboxServer server(_folder.path() + "/mail/%{rcpt.domain}/%{rcpt.user}");
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_EQUAL(0600u, modeOf(_folder.path() + "/mail/example.com/ben"));
        CPPUNIT_ASSERT_EQUAL(0700u, modeOf(_folder.path() + "/mail/example.com"));
    }

    void theModeIsTheConfiguredOneWhateverTheUmask()
    {
        const mode_t before = ::umask(077);
        MboxServer server(box(), {{"mode", std::to_string(0640)}});
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        ::umask(before);
        CPPUNIT_ASSERT_EQUAL(0640u, modeOf(box()));
    }

    void aMissingMailboxIsRefusedIfNoneMayBeMade()
    {
        MboxServer server(_folder.path() + "/%{rcpt.domain}/%{rcpt.user}", {{"create", "0"}});
        CPPUNIT_ASSERT_EQUAL_MESSAGE("no folder", 550u, server.deliver({}));
        std::filesystem::create_directory(_folder.path() + "/example.com");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("no file", 550u, server.deliver({}));
        writeFile(_folder.path() + "/example.com/ben", "");
        CPPUNIT_ASSERT_EQUAL_MESSAGE("an empty one", 250u, server.deliver({}));
    }

    void eachRecipientGetsACopy()
    {
        MboxServer server(_folder.path() + "/%{rcpt.user}", {{"trace", "0"}});
        Mail mail;
        mail.recipients = {"z@x", "a@x"};
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver(mail));
        const std::string content = "Subject: one\n\nbody\n\n";
        CPPUNIT_ASSERT_EQUAL(separator + "Delivered-To: z@x\n" + content,
                             readFile(_folder.path() + "/z"));
        CPPUNIT_ASSERT_EQUAL(separator + "Delivered-To: a@x\n" + content,
                             readFile(_folder.path() + "/a"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, server.handler().mailboxesInUse());
    }

    void recipientsOfOneMailboxEachGetACopyInIt()
    {
        MboxServer server(box(), {{"trace", "0"}});
        Mail mail;
        mail.recipients = {"z@x", "a@x"};
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver(mail));
        const std::string content = "Subject: one\n\nbody\n\n";
        CPPUNIT_ASSERT_EQUAL(separator + "Delivered-To: z@x\n" + content + separator +
                                 "Delivered-To: a@x\n" + content,
                             readFile(box()));
    }

    void aNameThatIsTooLongIsRefused()
    {
        MboxServer server(_folder.path() + "/%{rcpt.user}");
        Mail mail;
        mail.recipients = {std::string(248, 'a') + "@x"};
        CPPUNIT_ASSERT_EQUAL_MESSAGE("its note would not fit", 553u, server.deliver(mail));
        mail.recipients = {std::string(247, 'a') + "@x"};
        CPPUNIT_ASSERT_EQUAL_MESSAGE("its note fits", 250u, server.deliver(mail));
    }

    void anAbortedDeliveryLeavesTheMailboxAsItWas()
    {
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        const std::string before = readFile(box());
        const auto early = server.transaction({});
        CPPUNIT_ASSERT_EQUAL(250u, early->stage());
        early->abort();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("after stage", before, readFile(box()));
        const auto late = server.transaction({});
        CPPUNIT_ASSERT_EQUAL(250u, late->stage());
        late->persist();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("nothing is visible before commit", before, readFile(box()));
        late->abort();
        CPPUNIT_ASSERT_EQUAL_MESSAGE("after persist", before, readFile(box()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, server.handler().mailboxesInUse());
    }

    void whatIsNoRegularFileIsDeferred()
    {
        MboxServer server(_folder.path() + "/%{rcpt.user}");
        std::filesystem::create_directory(_folder.path() + "/folder");
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo((_folder.path() + "/fifo").c_str(), 0600));
        std::filesystem::create_symlink("/dev/null", _folder.path() + "/device");
        std::filesystem::create_symlink("nowhere", _folder.path() + "/dangling");
        for (const char* name : {"folder", "fifo", "device", "dangling"})
        {
            Mail mail;
            mail.recipients = {std::string(name) + "@x"};
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name, 451u, server.deliver(mail));
        }
    }

    void aSymbolicLinkLeadsToTheMailbox()
    {
        const std::string target = _folder.path() + "/target";
        writeFile(target, "");
        std::filesystem::create_symlink(target, box());
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(stored("a\n"), readFile(target));
        CPPUNIT_ASSERT_MESSAGE("still a link", std::filesystem::is_symlink(box()));
        CPPUNIT_ASSERT_MESSAGE("the note is the target's",
                               std::filesystem::exists(_folder.path() + "/.target.mpsmtp"));
    }

    void aMailboxReplacedByAReaderIsFollowed()
    {
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        const auto transaction = server.transaction({});
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        writeFile(box() + ".new", "");
        std::filesystem::rename(box() + ".new", box());
        transaction->persist();
        transaction->commit();
        CPPUNIT_ASSERT_EQUAL(stored("Subject: one\n\nbody\n"), readFile(box()));
    }

    void aMailboxTruncatedByAReaderIsContinued()
    {
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"b\r\n"}));
        const auto transaction = server.transaction({});
        CPPUNIT_ASSERT_EQUAL(250u, transaction->stage());
        transaction->persist();
        std::filesystem::resize_file(box(), stored("a\n").size());
        transaction->commit();
        CPPUNIT_ASSERT_EQUAL(stored("a\n") + stored("Subject: one\n\nbody\n"), readFile(box()));
    }

    void nothingIsLeftBesideTheMailbox()
    {
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_MESSAGE("dot-lock", !std::filesystem::exists(box() + ".lock"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "note", std::string(), readFile(_folder.path() + "/.box.mpsmtp"));
        const auto entries = std::filesystem::directory_iterator(_folder.path());
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{2}, std::distance(begin(entries), end(entries)));
    }

    void anUnfinishedTailIsPartedFromNewMail()
    {
        struct Row
        {
            const char* why;
            std::string before;
            std::string between;
        };

        const std::vector<Row> table = {
            {"empty mailbox", "", ""},
            {"whole mailbox", "From a\nb\n\n", ""},
            {"one blank line only", "\n", ""},
            {"whole mailbox with CRLF", "From a\r\nb\r\n\r\n", ""},
            {"no blank line", "From a\nb\n", "\n"},
            {"no line end", "From a\nb", "\n\n"},
            {"one octet", "x", "\n\n"},
            {"CR at the end", "From a\nb\r", "\n\n"},
            {"one line with CRLF", "\r\n", "\n"},
        };
        for (const Row& row : table)
        {
            const TempFolder folder;
            writeFile(folder.path() + "/box", row.before);
            MboxServer server(folder.path() + "/box");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, 250u, server.deliverContent({"a\r\n"}));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         row.before + row.between + stored("a\n"),
                                         readFile(folder.path() + "/box"));
        }
    }

    void theFirstMessageMakesTheNameDurable()
    {
        std::vector<int> kinds;
        MboxServer server(box(),
                          {},
                          [&kinds](int, int what)
                          {
                              kinds.push_back(what);
                              return 0;
                          });
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT((std::vector<int>{MPSMTP_SYNC_DATA, MPSMTP_SYNC_FOLDER}) == kinds);
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("then data only", std::size_t{3}, kinds.size());
    }

    /// The name of what another program has put there, or of what a killed server has left, is not durable for that it has mail.
    void aMailboxThatWeHaveNotFilledIsMadeDurableToo()
    {
        std::vector<int> kinds;
        writeFile(box(), "From x@y Thu Jan  1 00:00:00 1970\n\nz\n\n");
        MboxServer server(box(),
                          {},
                          [&kinds](int, int what)
                          {
                              kinds.push_back(what);
                              return 0;
                          });
        const std::vector<int> expected{MPSMTP_SYNC_DATA, MPSMTP_SYNC_FOLDER};
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT(expected == kinds);
        writeFile(box() + ".new", readFile(box()));
        std::filesystem::rename(box() + ".new", box());
        kinds.clear();
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_MESSAGE("a reader has replaced it", expected == kinds);
        std::filesystem::remove(box());
        kinds.clear();
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT_MESSAGE("a reader has removed it", expected == kinds);
    }

    void aMailboxThatWasMissingAndComesBackIsMadeDurableAnew()
    {
        std::vector<int> kinds;
        writeFile(box(), "");
        MboxServer server(box(),
                          {{"create", "0"}},
                          [&kinds](int, int what)
                          {
                              kinds.push_back(what);
                              return 0;
                          });
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        std::filesystem::rename(box(), box() + ".aside");
        CPPUNIT_ASSERT_EQUAL(550u, server.deliver({}));
        std::filesystem::rename(box() + ".aside", box());
        kinds.clear();
        CPPUNIT_ASSERT_EQUAL(250u, server.deliver({}));
        CPPUNIT_ASSERT((std::vector<int>{MPSMTP_SYNC_DATA, MPSMTP_SYNC_FOLDER}) == kinds);
    }

private:
    [[nodiscard]] std::string box() const { return _folder.path() + "/box"; }

    static unsigned modeOf(const std::string& path)
    {
        return static_cast<unsigned>(std::filesystem::status(path).permissions());
    }

    const TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxHandlerTest);

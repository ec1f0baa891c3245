// What a server finds that was killed while it appended: the note, and as much of the batch as was
// written.
#include "MboxFixture.h"

#include "mbox/Intent.h"
#include "mbox/MailboxPaths.h"
#include "mbox/Recovery.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>

#include <sys/stat.h>

using namespace mboxtest;
using mpsmtp::mbox::Intent;

namespace
{

const std::string earlier = "From a@b Thu Jan  1 00:00:00 1970\n\nearlier\n\n";
const std::string first = "From c@d Thu Jan  1 00:00:01 1970\n\none\n>From here\n\n";
const std::string second = "From e@f Thu Jan  1 00:00:01 1970\n\ntwo\n\n";
const std::string foreign = "From x@y Thu Jan  1 00:00:02 1970\n\nforeign\n\n";

std::string fromLineOf(const std::string& message)
{
    return message.substr(0, message.find('\n') + 1);
}

} // namespace

class MboxRecoveryTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(MboxRecoveryTest);
    CPPUNIT_TEST(aNoteIsReadAsItWasWritten);
    CPPUNIT_TEST(aNoteCutShortIsNone);
    CPPUNIT_TEST(aBatchIsTakenBackWhereverItWasCut);
    CPPUNIT_TEST(aBatchIsTakenBackBeforeTheNextMessage);
    CPPUNIT_TEST(aBatchInAnEmptyMailboxIsTakenBack);
    CPPUNIT_TEST(aBatchBehindPaddingIsTakenBackWithIt);
    CPPUNIT_TEST(aLargeBatchIsTakenBack);
    CPPUNIT_TEST(whatOthersHaveChangedStays);
    CPPUNIT_TEST(aNoteOfAnotherRunOfTheKernelIsNotBelieved);
    CPPUNIT_TEST(aNoteOfAKernelWithoutANameIsNotBelieved);
    CPPUNIT_TEST(aNoteAboutAnotherFileIsNotBelieved);
    CPPUNIT_TEST(newMailIsPartedFromATornMessage);
    CPPUNIT_TEST(theStartLooksIntoTheFoldersOfTheTemplate);
    CPPUNIT_TEST(theStartMakesNoMailbox);
    CPPUNIT_TEST_SUITE_END();

public:
    void aNoteIsReadAsItWasWritten()
    {
        Intent intent;
        intent.bootId = "boot";
        intent.device = 2049;
        intent.inode = 77;
        intent.start = 10;
        intent.end = 300;
        intent.parts = {{10, fromLineOf(first)}, {99, fromLineOf(second)}};
        const auto read = Intent::parse(intent.serialize());
        CPPUNIT_ASSERT(read.has_value());
        CPPUNIT_ASSERT_EQUAL(intent.serialize(), read->serialize());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{99}, read->parts.at(1).offset);
        CPPUNIT_ASSERT_EQUAL(fromLineOf(second), read->parts.at(1).fromLine);
    }

    void aNoteCutShortIsNone()
    {
        Intent intent;
        intent.parts = {{0, fromLineOf(first)}};
        const std::string text = intent.serialize();
        for (std::size_t size = 0; size < text.size(); ++size)
            CPPUNIT_ASSERT_MESSAGE(text.substr(0, size), !Intent::parse(text.substr(0, size)));
        CPPUNIT_ASSERT_MESSAGE("text behind it", !Intent::parse(text + "x"));
        CPPUNIT_ASSERT_MESSAGE("another format", !Intent::parse("mpsmtp-mbox 2\nend\n"));
    }

    void aBatchIsTakenBackWhereverItWasCut()
    {
        const std::string batch = first + second;
        for (std::size_t written = 0; written <= batch.size(); ++written)
        {
            crash(earlier, "", {first, second}, written);
            const MboxServer server(box());
            const std::string why = "octets written: " + std::to_string(written);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(why, earlier, readFile(box()));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(why, std::string(), readFile(note()));
        }
    }

    void aBatchIsTakenBackBeforeTheNextMessage()
    {
        MboxServer server(box());
        crash(earlier, "", {first, second}, first.size() + 7);
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(earlier + stored("a\n"), readFile(box()));
        CPPUNIT_ASSERT(server.host().logText().find("took back") != std::string::npos);
    }

    void aBatchInAnEmptyMailboxIsTakenBack()
    {
        for (std::size_t written = 0; written <= first.size(); ++written)
        {
            crash("", "", {first}, written);
            const MboxServer server(box());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(written), std::string(), readFile(box()));
        }
    }

    void aBatchBehindPaddingIsTakenBackWithIt()
    {
        const std::string torn = "From a@b Thu Jan  1 00:00:00 1970\n\nno end";
        for (std::size_t written = 0; written <= first.size() + 2; ++written)
        {
            crash(torn, "\n\n", {first}, written);
            const MboxServer server(box());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(written), torn, readFile(box()));
        }
    }

    /// The search for separators reads 64 KiB at a time.
    void aLargeBatchIsTakenBack()
    {
        std::vector<std::string> messages;
        for (std::size_t i = 0; i < 40; ++i)
            messages.push_back(fromLineOf(first) + "\n" + std::string(65536 - 50 + i, 'x') +
                               "\n\n");
        crash(earlier, "", messages, 39 * 65536);
        const MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(earlier, readFile(box()));
    }

    void whatOthersHaveChangedStays()
    {
        struct Row
        {
            const char* why;
            std::string found;
        };

        const std::string torn = second.substr(0, second.size() - 3);
        const std::vector<Row> table = {
            {"another program has appended", earlier + first + torn + "\n\n" + foreign},
            {"appended little, so that the size fits", earlier + first + "\nFrom x\n"},
            {"a reader has removed the torn one, and another has come", earlier + first + foreign},
            {"a reader has removed both, and another has come", earlier + foreign},
            {"a reader has removed mail in front of ours", first + torn},
            {"and has left less than there was before", "From a\n\n"},
            {"a reader has emptied the mailbox", ""},
            {"a reader has put a field into ours", earlier + first + "From e@f changed\n"},
        };
        for (const Row& row : table)
        {
            crash(earlier, "", {first, second + second}, 0);
            writeFile(box(), row.found); // keeps the inode
            MboxServer server(box());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.found, readFile(box()));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(), readFile(note()));
            CPPUNIT_ASSERT_MESSAGE(
                row.why, server.host().logText().find("left as it is") != std::string::npos);
        }
    }

    void aNoteOfAnotherRunOfTheKernelIsNotBelieved()
    {
        Intent intent = crash(earlier, "", {first}, 20);
        intent.bootId += "x";
        writeFile(note(), intent.serialize());
        const MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(earlier + first.substr(0, 20), readFile(box()));
        CPPUNIT_ASSERT_EQUAL(std::string(), readFile(note()));
    }

    void aNoteOfAKernelWithoutANameIsNotBelieved()
    {
        Intent intent;
        CPPUNIT_ASSERT(!intent.isOfRun(""));
        CPPUNIT_ASSERT(!intent.isOfRun("boot"));
        intent.bootId = "boot";
        CPPUNIT_ASSERT(!intent.isOfRun(""));
        CPPUNIT_ASSERT(intent.isOfRun("boot"));
    }

    void aNoteAboutAnotherFileIsNotBelieved()
    {
        crash(earlier, "", {first}, 20);
        std::filesystem::copy_file(box(), box() + ".new");
        std::filesystem::rename(box() + ".new", box());
        const MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(earlier + first.substr(0, 20), readFile(box()));
    }

    void newMailIsPartedFromATornMessage()
    {
        const std::string found = earlier + first.substr(0, 20) + "\n\n" + foreign.substr(0, 40);
        crash(earlier, "", {first}, 0);
        writeFile(box(), found);
        MboxServer server(box());
        CPPUNIT_ASSERT_EQUAL(250u, server.deliverContent({"a\r\n"}));
        CPPUNIT_ASSERT_EQUAL(found + "\n\n" + stored("a\n"), readFile(box()));
    }

    void theStartLooksIntoTheFoldersOfTheTemplate()
    {
        struct Row
        {
            const char* why;
            const char* pathTemplate;
            const char* mailbox;
            bool expected;
        };

        const std::vector<Row> table = {
            {"no value", "box", "box", true},
            {"a value in the base folder", "%{rcpt.user}", "ben", true},
            {"a folder each", "%{rcpt.domain}/%{rcpt.user}", "d/ben", true},
            {"literal parts", "a/%{rcpt.domain}/b/%{rcpt.user}", "a/d/b/ben", true},
            {"a literal at the end", "%{rcpt.user}/box", "ben/box", true},
            {"not deeper", "%{rcpt.user}", "d/ben", false},
        };
        for (const Row& row : table)
        {
            const TempFolder folder;
            const std::string mailbox = folder.path() + "/" + row.mailbox;
            std::filesystem::create_directories(mpsmtp::store::parentOf(mailbox));
            crashAt(mailbox, earlier, "", {first}, 9);
            const MboxServer server(folder.path() + "/" + row.pathTemplate);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, readFile(mailbox) == earlier);
        }
    }

    void theStartMakesNoMailbox()
    {
        crash(earlier, "", {first}, 9);
        std::filesystem::remove(box());
        const MboxServer server(box());
        CPPUNIT_ASSERT(!std::filesystem::exists(box()));
    }

private:
    [[nodiscard]] std::string box() const { return _folder.path() + "/box"; }

    [[nodiscard]] std::string note() const { return _folder.path() + "/.box.mpsmtp"; }

    Intent crash(const std::string& before,
                 const std::string& padding,
                 const std::vector<std::string>& messages,
                 std::size_t written)
    {
        return crashAt(box(), before, padding, messages, written);
    }

    /// Leaves the mailbox and its note as a server does that is killed after so many octets.
    static Intent crashAt(const std::string& path,
                          const std::string& before,
                          const std::string& padding,
                          const std::vector<std::string>& messages,
                          std::size_t written)
    {
        writeFile(path, before);
        struct stat status = {};
        CPPUNIT_ASSERT_EQUAL(0, ::stat(path.c_str(), &status));
        Intent intent{mpsmtp::mbox::currentBootId(),
                      status.st_dev,
                      status.st_ino,
                      before.size(),
                      before.size() + padding.size(),
                      {}};
        std::string batch = padding;
        for (const std::string& message : messages)
        {
            intent.parts.push_back({intent.end, fromLineOf(message)});
            intent.end += message.size();
            batch += message;
        }
        std::ofstream(path, std::ios::app | std::ios::binary) << batch.substr(0, written);
        writeFile(mpsmtp::mbox::MailboxPaths(path).note, intent.serialize());
        return intent;
    }

    const TempFolder _folder;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MboxRecoveryTest);

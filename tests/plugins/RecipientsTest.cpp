// The handler `recipients`: what its file says, and when it is read again.
#include "recipients/RecipientsHandler.h"

#include "plugins/TestFolder.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace mpsmtp;
using namespace mpsmtp::recipients;
using mpsmtp::test::Redirects;
using mpsmtp::test::TestFolder;
using mpsmtp::test::TestHost;
using mpsmtp::test::TestMail;

namespace
{

using Options = std::map<std::string, std::string>;

/// A handler on a file, with the options' defaults.
class Known
{
public:
    explicit Known(const std::string& text, const Options& changed = {}) : host(options(changed))
    {
        test::writeFile(path(), text);
        handler = std::make_unique<RecipientsHandler>(host.context());
    }

    /// "accept", "accept a@x b@x", "continue", "reject 550 5.1.1 …", "defer 450 4.1.1 …".
    [[nodiscard]] std::string ask(const std::string& local, const std::string& domain)
    {
        TestMail mail(host);
        Redirects redirects;
        const Verdict verdict = mail.rcpt(local, domain).judgedBy(*handler, redirects);
        return shown(verdict, redirects);
    }

    [[nodiscard]] std::string path() const { return _folder / "known"; }

    /// A new file under the old name, as an editor or a script makes it.
    void replace(const std::string& text)
    {
        test::writeFile(_folder / "next", text);
        std::filesystem::rename(_folder / "next", path());
    }

private:
    [[nodiscard]] Options options(const Options& changed) const
    {
        Options all{{"file", path()},
                    {"unknown", "reject"},
                    {"domains", ""},
                    {"case_sensitive", "0"},
                    {"detail_separator", "+"}};
        for (const auto& [key, value] : changed)
            all[key] = value;
        return all;
    }

    [[nodiscard]] static std::string shown(const Verdict& verdict, const Redirects& redirects)
    {
        std::string text = verdict.kind() == Verdict::Accept     ? "accept"
                           : verdict.kind() == Verdict::Continue ? "continue"
                           : verdict.kind() == Verdict::Reject   ? "reject"
                           : verdict.kind() == Verdict::Defer    ? "defer"
                                                                 : "?";
        for (const std::string& address : redirects.addresses)
            text += " " + address;
        const Reply& reply = verdict.reply();
        if (reply.code() != 0)
            text +=
                " " + std::to_string(reply.code()) + " " + reply.enhanced() + " " + reply.text();
        return text;
    }

    TestFolder _folder;

public:
    TestHost host;
    std::unique_ptr<RecipientsHandler> handler;
};

constexpr const char* unknown = "reject 550 5.1.1 No such user here";

struct Row
{
    const char* why;
    std::string file;
    std::string local;
    std::string domain;
    std::string expected;
    Options options = {};
};

void check(const std::vector<Row>& rows)
{
    for (const Row& row : rows)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            row.why, row.expected, Known(row.file, row.options).ask(row.local, row.domain));
}

struct Mistake
{
    const char* why;
    std::string file;
    std::vector<std::string> expected; ///< without the path; whole lines
};

std::string mistakesOf(const std::string& text)
{
    try
    {
        const Known known(text);
    }
    catch (const std::runtime_error& error)
    {
        return error.what();
    }
    return "";
}

/// Lines "…/known:N: text" as ":N: text".
std::string withoutPath(const std::string& lines)
{
    std::string out;
    for (std::size_t begin = 0; begin < lines.size();)
    {
        const auto end = std::min(lines.find('\n', begin), lines.size());
        const std::string line = lines.substr(begin, end - begin);
        out += line.substr(line.find("/known:") + 6) + "\n";
        begin = end + 1;
    }
    return out;
}

} // namespace

class RecipientsTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(RecipientsTest);
    CPPUNIT_TEST(theFileSaysWhoIsKnown);
    CPPUNIT_TEST(optionsChangeWhatAnAddressMatches);
    CPPUNIT_TEST(aliasesLeadToTheirEnds);
    CPPUNIT_TEST(anEntryMayHaveAReplyOfItsOwn);
    CPPUNIT_TEST(allMistakesAreToldAtOnce);
    CPPUNIT_TEST(aMissingFileIsToldByItsPath);
    CPPUNIT_TEST(aliasesEndSomewhere);
    CPPUNIT_TEST(aChangedFileIsReadAgain);
    CPPUNIT_TEST(theFileIsLookedAtOnceASecond);
    CPPUNIT_TEST(aBrokenFileIsReportedOnceAndTheOldTableStays);
    CPPUNIT_TEST(aFileThatIsGoneIsReportedOnceAndTheOldTableStays);
    CPPUNIT_TEST(manyThreadsAskWhileTheFileChanges);
    CPPUNIT_TEST(aHundredThousandEntriesAreReadFast);
    CPPUNIT_TEST_SUITE_END();

public:
    void theFileSaysWhoIsKnown()
    {
        const std::string file = "# people\n"
                                 "ben@example.com\n"
                                 "  donna@Example.NET   # at the other office\r\n"
                                 "\n"
                                 "postmaster\n"
                                 "*@open.example\n"
                                 "\"with blank\"@example.com\n"
                                 "odd#name@example.com\n"
                                 "literal@[IPv6:::1]\n"
                                 "ben+vip@example.com\n"
                                 "j\xc3\xb6rg@example.com";
        check({{"listed", file, "ben", "example.com", "accept"},
               {"not listed", file, "bob", "example.com", unknown},
               {"listed, but in another domain", file, "ben", "example.net", unknown},
               {"the file's domains have any case", file, "donna", "example.net", "accept"},
               {"local parts too", file, "BEN", "example.com", "accept"},
               {"a bare name is known everywhere", file, "Postmaster", "example.org", "accept"},
               {"a whole domain", file, "anyone", "open.example", "accept"},
               {"its subdomains are others", file, "anyone", "a.open.example", unknown},
               {"a star is no address elsewhere", file, "*", "example.com", unknown},
               {"quoted in the file, without quotes here",
                file,
                "with blank",
                "example.com",
                "accept"},
               {"# inside an address is no comment", file, "odd#name", "example.com", "accept"},
               {"an address literal, colons and all", file, "literal", "[ipv6:::1]", "accept"},
               {"a detail is the user's own matter", file, "ben+lists", "example.com", "accept"},
               {"an empty detail too", file, "ben+", "example.com", "accept"},
               {"a detail of nobody", file, "bob+lists", "example.com", unknown},
               {"a detail without a user", file, "+lists", "example.com", unknown},
               {"the last line has no end", file, "j\xc3\xb6rg", "example.com", "accept"},
               {"only ASCII letters have two cases", file, "J\xc3\x96RG", "example.com", unknown},
               {"an empty file knows nobody", "", "ben", "example.com", unknown}});
    }

    void optionsChangeWhatAnAddressMatches()
    {
        const std::string file = "Ben@example.com\nben-x@example.com: ben+x@example.net\n";
        check(
            {{"case counts", file, "ben", "example.com", unknown, {{"case_sensitive", "1"}}},
             {"and fits", file, "Ben", "example.com", "accept", {{"case_sensitive", "1"}}},
             {"defer",
              file,
              "bob",
              "example.com",
              "defer 450 4.1.1 User unknown for now, try again later",
              {{"unknown", "defer"}}},
             {"continue", file, "bob", "example.com", "continue", {{"unknown", "continue"}}},
             {"a domain that is judged",
              file,
              "bob",
              "example.com",
              unknown,
              {{"domains", "example.com\nExample.NET"}}},
             {"also one in capitals",
              file,
              "bob",
              "example.net",
              unknown,
              {{"domains", "example.com\nExample.NET"}}},
             {"one that is not",
              file,
              "bob",
              "example.org",
              "continue",
              {{"domains", "example.com\nexample.net"}}},
             {"no details", file, "ben+lists", "example.com", unknown, {{"detail_separator", ""}}},
             {"another separator",
              file,
              "ben-lists",
              "example.com",
              "accept",
              {{"detail_separator", "-"}}},
             {"the whole address goes first",
              file,
              "ben-x",
              "example.com",
              "accept ben+x@example.net",
              {{"detail_separator", "-"}}}});
    }

    void aliasesLeadToTheirEnds()
    {
        check({{"two of them",
                "sales@a.example: anna@a.example,bob@B.example",
                "sales",
                "a.example",
                "accept anna@a.example bob@b.example"},
               {"through another alias",
                "all@a.example: sales@a.example , eve@a.example\n"
                "sales@a.example: anna@a.example, bob@a.example",
                "all",
                "a.example",
                "accept anna@a.example bob@a.example eve@a.example"},
               {"each once, on two ways",
                "x@a.example: y@a.example, z@a.example, e@a.example\n"
                "y@a.example: e@a.example\nz@a.example: e@a.example",
                "x",
                "a.example",
                "accept e@a.example"},
               {"the detail is dropped",
                "sales@a.example: anna@a.example",
                "sales+eu",
                "a.example",
                "accept anna@a.example"},
               {"a bare name", "root: ben@a.example", "root", "b.example", "accept ben@a.example"},
               {"quoting is kept",
                "x@a.example: \"a, b\"@a.example, c@a.example",
                "x",
                "a.example",
                "accept \"a, b\"@a.example c@a.example"},
               {"a catch-all of its own domain",
                "*@a.example: ben@a.example",
                "eve",
                "a.example",
                "accept ben@a.example"},
               {"what a catch-all leads to is looked up",
                "*@a.example: ben@a.example\nben@a.example: ben@home.example",
                "eve",
                "a.example",
                "accept ben@home.example"},
               {"a user's own detail",
                "ben@a.example: ben+mail@a.example",
                "ben",
                "a.example",
                "accept ben+mail@a.example"},
               {"a bare name to one of its addresses",
                "root: root@a.example",
                "root",
                "b.example",
                "accept root@a.example"},
               {"not looked up where nothing is judged",
                "x@a.example: y@b.example\ny@b.example: z@b.example",
                "x",
                "a.example",
                "accept y@b.example",
                {{"domains", "a.example"}}}});
    }

    void anEntryMayHaveAReplyOfItsOwn()
    {
        check({{"for good",
                "b@a.example: !550 5.1.1 Moved away",
                "b",
                "a.example",
                "reject 550 5.1.1 Moved away"},
               {"for now",
                "b@a.example:!450 4.2.1 On holiday # until May",
                "b",
                "a.example",
                "defer 450 4.2.1 On holiday"},
               {"without an enhanced code",
                "b@a.example: !553 Not 5.1.1 but here",
                "b",
                "a.example",
                "reject 553  Not 5.1.1 but here"},
               {"without a text", "b@a.example: !550", "b", "a.example", "reject 550  "},
               {"one of an open domain",
                "*@a.example\nb@a.example: !550 5.1.1 Gone",
                "b",
                "a.example",
                "reject 550 5.1.1 Gone"},
               {"its details too",
                "b@a.example: !550 5.1.1 Gone",
                "b+x",
                "a.example",
                "reject 550 5.1.1 Gone"}});
    }

    void allMistakesAreToldAtOnce()
    {
        const std::vector<Mistake> rows{
            {"of every kind",
             "ok@a.example\n"
             "@a.example\n"
             "two words\n"
             "ok@A.example\n"
             "x@a.example: y\n"
             "z@a.example: !250 2.1.5 Fine\n"
             "w@a.example: !550 4.1.1 Both\n"
             "v@a.example:\n"
             "*\n"
             "u@a..example\n"
             "t@a.example: r@a.example,\n"
             "\"open@a.example\n"
             "s@a.example: *@b.example\n",
             {":2: \"@a.example\" begins with no address: write user@domain, user or *@domain",
              ":3: \"two words\" begins with no address: write user@domain, user or *@domain",
              ":4: ok@a.example is there already, in line 1",
              ":5: \"y\" is no address to deliver to: write user@domain",
              ":6: \"!250 2.1.5 Fine\" is no reply: write !550 5.1.1 Text, with 4xx or 5xx and its "
              "enhanced code",
              ":7: \"!550 4.1.1 Both\" is no reply: write !550 5.1.1 Text, with 4xx or 5xx and its "
              "enhanced code",
              ":8: \"\" is no address to deliver to: write user@domain",
              ":9: \"*\" begins with no address: write user@domain, user or *@domain",
              ":10: \"u@a..example\" begins with no address: write user@domain, user or *@domain",
              ":11: \"\" is no address to deliver to: write user@domain",
              ":12: \"\"open@a.example\" begins with no address: write user@domain, user or "
              "*@domain",
              ":13: \"*@b.example\" is no address to deliver to: write user@domain"}},
            {"an alias of itself",
             "a@a.example: a@a.example",
             {":1: a@a.example leads back to itself"}},
            {"in any case", "a@a.example: A@a.example", {":1: A@a.example leads back to itself"}},
            {"a ring",
             "a@a.example: b@a.example\nb@a.example: c@a.example\nc@a.example: a@a.example",
             {":3: a@a.example leads back to itself"}},
            {"two catch-alls",
             "*@a.example: x@b.example\n*@b.example: y@a.example",
             {":2: y@a.example leads back to itself"}},
            {"to someone who is refused",
             "a@a.example: b@a.example\nb@a.example: !550 5.1.1 Gone",
             {":1: b@a.example is refused by this file"}}};
        for (const Mistake& row : rows)
        {
            std::string expected;
            for (const std::string& line : row.expected)
                expected += line + "\n";
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, expected, withoutPath(mistakesOf(row.file)));
        }
    }

    void aMissingFileIsToldByItsPath()
    {
        TestHost host({{"file", "/nowhere/known"},
                       {"unknown", "reject"},
                       {"domains", ""},
                       {"case_sensitive", "0"},
                       {"detail_separator", "+"}});
        try
        {
            const RecipientsHandler handler(host.context());
            CPPUNIT_FAIL("no file, no mistake");
        }
        catch (const std::system_error& error)
        {
            CPPUNIT_ASSERT_EQUAL(
                std::string("cannot read /nowhere/known: No such file or directory"),
                std::string(error.what()));
        }
    }

    void aliasesEndSomewhere()
    {
        const auto chain = [](std::size_t length)
        {
            std::string file;
            for (std::size_t i = 0; i < length; ++i)
                file += "u" + std::to_string(i) + "@a.example: u" + std::to_string(i + 1) +
                        "@a.example\n";
            return file;
        };
        const std::size_t deepest = RecipientTable::deepestAlias;
        Known known(chain(deepest));
        CPPUNIT_ASSERT_EQUAL("accept u" + std::to_string(deepest) + "@a.example",
                             known.ask("u0", "a.example"));
        CPPUNIT_ASSERT_EQUAL(std::string(":32: aliases are nested more than 32 deep\n"),
                             withoutPath(mistakesOf(chain(deepest + 1))));
        // Neither the stack nor time gives out.
        CPPUNIT_ASSERT(mistakesOf(chain(20'000)).find("nested") != std::string::npos);
    }

    void aChangedFileIsReadAgain()
    {
        Known known("ben@a.example\n");
        CPPUNIT_ASSERT_EQUAL(std::string(unknown), known.ask("eve", "a.example"));
        known.replace("eve@a.example\n");
        known.host.advance(std::chrono::seconds(2));
        CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("eve", "a.example"));
        CPPUNIT_ASSERT_EQUAL(std::string(unknown), known.ask("ben", "a.example"));
        CPPUNIT_ASSERT_EQUAL("has read " + known.path() + " again; entries: 1",
                             known.host.logLines().at(0));
    }

    void theFileIsLookedAtOnceASecond()
    {
        TestFolder folder;
        Known known("ben@a.example\n");
        known.host.stopClock(std::chrono::hours(1));
        known.host.advance(std::chrono::hours(1'000'000)); // past whatever it read at the start
        CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("ben", "a.example"));
        known.replace("eve@a.example\n");
        known.host.advance(std::chrono::milliseconds(999));
        CPPUNIT_ASSERT_EQUAL(std::string(unknown), known.ask("eve", "a.example"));
        known.host.advance(std::chrono::milliseconds(1));
        CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("eve", "a.example"));
    }

    void aBrokenFileIsReportedOnceAndTheOldTableStays()
    {
        Known known("ben@a.example\n");
        known.replace("ben@a.example: !nonsense\n");
        for (int i = 0; i < 3; ++i)
        {
            known.host.advance(std::chrono::seconds(2));
            CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("ben", "a.example"));
        }
        const auto lines = known.host.logLines();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, lines.size());
        CPPUNIT_ASSERT(lines[0].find("/known:1: ") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL("goes on with what it knew before " + known.path() + " changed",
                             lines[1]);
        known.replace("eve@a.example\n");
        known.host.advance(std::chrono::seconds(2));
        CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("eve", "a.example"));
    }

    void aFileThatIsGoneIsReportedOnceAndTheOldTableStays()
    {
        Known known("ben@a.example\n");
        std::filesystem::remove(known.path());
        for (int i = 0; i < 3; ++i)
        {
            known.host.advance(std::chrono::seconds(2));
            CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("ben", "a.example"));
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, known.host.logLines().size());
        known.replace("eve@a.example\n");
        known.host.advance(std::chrono::seconds(2));
        CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("eve", "a.example"));
    }

    void manyThreadsAskWhileTheFileChanges()
    {
        Known known("ben@a.example: x1@b.example, x2@b.example\n");
        std::atomic<bool> isOver{false};
        std::atomic<int> wrong{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back(
                [&]
                {
                    while (!isOver)
                    {
                        const std::string answer = known.ask("ben", "a.example");
                        if (answer != "accept x1@b.example x2@b.example" &&
                            answer != "accept y1@b.example y2@b.example")
                            ++wrong;
                    }
                });
        for (int i = 0; i < 50; ++i)
        {
            known.replace(i % 2 == 0 ? "ben@a.example: y1@b.example, y2@b.example\n"
                                     : "ben@a.example: x1@b.example, x2@b.example\n");
            known.host.advance(std::chrono::seconds(2));
            (void)known.ask("ben", "a.example");
        }
        isOver = true;
        for (std::thread& thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(0, wrong.load());
    }

    void aHundredThousandEntriesAreReadFast()
    {
        std::string file;
        for (int i = 0; i < 100'000; ++i)
            file += "user" + std::to_string(i) + "@example.com" +
                    (i % 2 == 0 ? ": box" + std::to_string(i) + "@store.example\n" : "\n");
        const auto begin = std::chrono::steady_clock::now();
        Known known(file);
        const auto taken = std::chrono::steady_clock::now() - begin;
        // A tenth of a second; far more would be a square somewhere.
        CPPUNIT_ASSERT(taken < std::chrono::seconds(20));
        CPPUNIT_ASSERT_EQUAL(std::string("accept box99998@store.example"),
                             known.ask("user99998", "example.com"));
        CPPUNIT_ASSERT_EQUAL(std::string("accept"), known.ask("user99999", "example.com"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecipientsTest);

#include "common/PathTemplate.h"

#include "plugins/HostileNames.h"
#include "plugins/TestMail.h"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace mpsmtp;
using namespace mpsmtp::store;

namespace
{

PathValues valuesOf(std::string_view local, std::string_view domain = "example.com")
{
    PathValues values;
    values.localPart = local;
    values.domain = domain;
    values.sender = "Joe@Example.ORG";
    values.client = "2001:db8::1";
    values.listener = "main";
    values.id = "4711-1";
    values.receivedAt = 1767225600; // 2026-01-01 00:00:00 UTC
    return values;
}

struct Row
{
    const char* why;
    const char* text;
    const char* local;
    const char* expected;
};

struct Mistake
{
    const char* text;
    const char* sentence;
};

} // namespace

class PathTemplateTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(PathTemplateTest);
    CPPUNIT_TEST(templatesAreExpanded);
    CPPUNIT_TEST(literalDotsAndValuesNeverAddUpToAParentFolder);
    CPPUNIT_TEST(mistakesAreNamed);
    CPPUNIT_TEST(theBaseIsWhatComesBeforeTheFirstValue);
    CPPUNIT_TEST(longComponentsAreRefused);
    CPPUNIT_TEST(noAddressLeavesTheBase);
    CPPUNIT_TEST(noTwoAddressesShareAPath);
    CPPUNIT_TEST(anEnvelopeGivesTheValues);
    CPPUNIT_TEST_SUITE_END();

public:
    void templatesAreExpanded()
    {
        const std::vector<Row> rows{
            {"no value", "/var/mail/all", "ben", "/var/mail/all"},
            {"the usual one", "/m/%{rcpt.domain}/%{rcpt.user}", "Ben", "/m/example.com/Ben"},
            {"relative", "%{rcpt.user}", "ben", "ben"},
            {"whole address", "m/%{rcpt}", "ben", "m/ben@example.com"},
            {"lower case", "m/%{rcpt.user:lowercase}", "BEN", "m/ben"},
            {"only ASCII is lowered", "m/%{rcpt.user:lowercase}", "J\xC3\x9C", "m/j\xC3\x9C"},
            {"user holds the detail", "m/%{rcpt.user}", "ben+lists", "m/ben+lists"},
            {"mailbox", "m/%{rcpt.mailbox}", "ben+lists+x", "m/ben"},
            {"detail", "m/%{rcpt.detail}", "ben+lists+x", "m/lists+x"},
            {"no detail", "m/%{rcpt.detail}/x", "ben", "m/%/x"},
            {"sender", "m/%{sender}", "ben", "m/Joe@Example.ORG"},
            {"sender's user", "m/%{sender.user}", "ben", "m/Joe"},
            {"sender's domain is one in any case", "m/%{sender.domain}", "ben", "m/example.org"},
            {"client", "m/%{client}", "ben", "m/2001:db8::1"},
            {"listener and id", "m/%{listener}/%{id}", "ben", "m/main/4711-1"},
            {"date", "m/%{date:%Y-%m-%d}/%{rcpt.user}", "ben", "m/2026-01-01/ben"},
            {"week and colon", "m/%{date:%G-W%V %H:%M}", "ben", "m/2026-W01 00:00"},
            {"date begins with a dot", "m/%{date:.%Y}", "ben", "m/%2E2026"},
            {"percent sign", "m/100%%/%{rcpt.user}", "ben", "m/100%/ben"},
            {"text around a value", "m/x-%{rcpt.user}.mbox", "ben", "m/x-ben.mbox"},
            {"leading dot behind text", "m/x%{rcpt.user}", ".ben", "m/x.ben"},
            {"two values", "m/%{rcpt.user}@%{rcpt.domain}", "ben", "m/ben@example.com"},
            {"the separator inside", "m/%{rcpt.user}@%{rcpt.domain}", "a@b", "m/a%40b@example.com"},
            {"dot-lock by sum", "m/x.%{rcpt.user}", "lock", "m/x%2Elock"},
            {"slashes are one", "m//%{rcpt.user}/", "ben", "m/ben"},
            {"empty name", "m/%{rcpt.user}", "", "m/%"},
            {"brace inside a value's text", "m/%{rcpt.user}", "%{id}", "m/%25{id}"},
        };
        for (const Row& row : rows)
        {
            const auto path = PathTemplate(row.text).expand(valuesOf(row.local));
            CPPUNIT_ASSERT_MESSAGE(row.why, path.has_value());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, std::string(row.expected), *path);
        }
    }

    void literalDotsAndValuesNeverAddUpToAParentFolder()
    {
        const std::vector<Row> rows{
            {"dot and dot", "m/.%{rcpt.user}", ".", "m/%2E%2E"},
            {"dot and nothing", "m/.%{rcpt.user}", "", "m/%2E"},
            {"dot and name", "m/.%{rcpt.user}", "ben", "m/.ben"},
            {"nothing and dot", "m/%{rcpt.user}.", "", "m/%2E"},
            {"dot in front of dot", "m/%{rcpt.user}.", ".", "m/%2E."},
            {"two dots and nothing", "m/..%{rcpt.user}", "", "m/%2E%2E"},
            {"nothing between dots", "m/.%{rcpt.user}.", "", "m/%2E%2E"},
            {"dots between dots", "m/.%{rcpt.user}.", "..", "m/...."},
            {"suffix", "m/%{rcpt.user}.x", "..", "m/%2E..x"},
            {"a dot and no detail", "m/%{rcpt.mailbox}.%{rcpt.detail}", ".", "m/%2E."},
            {"no mailbox and a dot", "m/%{rcpt.mailbox}.%{rcpt.detail}", "+.", "m/%2E%2E"},
        };
        for (const Row& row : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why,
                                         std::string(row.expected),
                                         *PathTemplate(row.text).expand(valuesOf(row.local)));
    }

    void mistakesAreNamed()
    {
        const std::vector<Mistake> rows{
            {"", "is empty"},
            {"/", "names no file or folder"},
            {"//", "names no file or folder"},
            {"m/%{rcpt", "without \"}\""},
            {"m/%", "neither"},
            {"m/%u", "neither"},
            {"m/%{rctp.user}", "unknown value \"%{rctp.user}\"; known are %{rcpt}, "},
            {"m/%{}", "unknown value"},
            {"m/%{rcpt.user:uppercase}", "unknown value"},
            {"m/%{:lowercase}", "unknown value"},
            {"m/%{rcpt.user}%{rcpt.domain}", "side by side"},
            {"m/%{rcpt.user}%%%{rcpt.domain}", "use other text"},
            {"m/%{date:}", "without a format"},
            {"m/%{date:%Y/%m}", "write %{date:%Y}/%{date:%m}"},
            {"m/%{date:%B}", "date field other than"},
            {"m/%{date:%}", "date field other than"},
            {"m/%{rcpt.user}/../x", "\"..\" behind a value"},
            {"m/%{rcpt.user}/.", "\"..\" behind a value"},
        };
        for (const Mistake& row : rows)
        {
            try
            {
                const PathTemplate accepted(row.text);
                CPPUNIT_FAIL(std::string("accepted: ") + row.text);
            }
            catch (const std::invalid_argument& error)
            {
                CPPUNIT_ASSERT_MESSAGE(error.what(),
                                       std::string(error.what()).find(row.sentence) !=
                                           std::string::npos);
            }
        }
    }

    void theBaseIsWhatComesBeforeTheFirstValue()
    {
        const std::vector<std::pair<const char*, std::string>> rows{
            {"/srv/mail/%{rcpt.domain}/%{rcpt.user}", "/srv/mail"},
            {"/srv/mail/x-%{rcpt.domain}/y", "/srv/mail"},
            {"/%{rcpt}", "/"},
            {"%{rcpt}", "."},
            {"m/%{rcpt}", "m"},
            {"/srv/all", "/srv"},
            {"all", "."},
            {"../mail/%{rcpt}", "../mail"},
        };
        for (const auto& [text, base] : rows)
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, base, PathTemplate(text).base());
    }

    void longComponentsAreRefused()
    {
        const PathTemplate path("m/%{rcpt.user}");
        CPPUNIT_ASSERT(path.expand(valuesOf(std::string(255, 'x'))).has_value());
        CPPUNIT_ASSERT(!path.expand(valuesOf(std::string(256, 'x'))).has_value());
        CPPUNIT_ASSERT(path.expand(valuesOf(std::string(85, '/'))).has_value());
        CPPUNIT_ASSERT(!path.expand(valuesOf(std::string(86, '/'))).has_value());
        CPPUNIT_ASSERT_EQUAL(553u, mailboxNameTooLong().code());
        CPPUNIT_ASSERT_EQUAL(std::string("5.1.3"), mailboxNameTooLong().enhanced());
    }

    void noAddressLeavesTheBase()
    {
        for (const char* text : {"/m/%{rcpt.domain}/%{rcpt.user}",
                                 "/m/.%{rcpt.user}/x",
                                 "/m/%{rcpt}",
                                 "/m/%{rcpt.mailbox}.%{rcpt.detail}/x"})
        {
            const PathTemplate path(text);
            const auto depth = std::count(text, text + std::string(text).size(), '/');
            for (const std::string& name : test::hostileNames())
            {
                const std::string expanded = *path.expand(valuesOf(name));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(expanded, std::string("/m/"), expanded.substr(0, 3));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    expanded, depth, std::count(expanded.begin(), expanded.end(), '/'));
                for (const char* step : {"/./", "/../", "//"})
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        expanded, std::string::npos, (expanded + "/").find(step));
            }
        }
    }

    void noTwoAddressesShareAPath()
    {
        std::vector<std::string> names = test::hostileNames();
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        for (const char* text : {"m/%{rcpt.domain}/%{rcpt.user}",
                                 "m/%{rcpt.user}.%{rcpt.domain}",
                                 "m/%{rcpt}",
                                 "m/%{rcpt.user}-x-%{rcpt.domain}.lock",
                                 "m/%{rcpt.domain}/.%{rcpt.user}.",
                                 "m/%{rcpt.user}2%{rcpt.domain}",
                                 "m/%{rcpt.user}\xC3\xBC%{rcpt.domain}"})
            noTwoShareAPathOf(text, names);
    }

    void anEnvelopeGivesTheValues()
    {
        test::TestHost host;
        test::TestMail mail(host);
        mail.from("joe@example.org").rcpt("a b", "example.net").client("192.0.2.7");
        const PathTemplate path("%{rcpt}/%{sender}/%{client}/%{listener}/%{id}/%{date:%Y}");
        const auto expanded = path.expand(PathValues::of(mail.envelope(), mail.recipients()[0]));
        CPPUNIT_ASSERT_EQUAL(
            std::string("a b@example.net/joe@example.org/192.0.2.7/main/4711-1/2026"), *expanded);
    }

private:
    static void noTwoShareAPathOf(const std::string& text, const std::vector<std::string>& names)
    {
        const PathTemplate path(text);
        std::map<std::string, std::string> owners;
        for (const std::string& name : names)
        {
            for (const char* domain : {"d", "b.d", "lock", "[192.0.2.1]", "2", "x-d"})
            {
                const std::string owner = name + "@" + domain;
                const auto [entry, isNew] =
                    owners.emplace(*path.expand(valuesOf(name, domain)), owner);
                CPPUNIT_ASSERT_MESSAGE(text + ": " + owner + " and " + entry->second, isNew);
            }
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PathTemplateTest);

// The harness for plugins (<mpsmtp/Testing.h>) has its own small copy of what the server does with edits, options, replies
// and redirects. Here both are fed the same, so that a plugin's test tells what the server will do.
#include "delivery/HookAnswer.h"
#include "delivery/MessageView.h"
#include "delivery/OptionValue.h"
#include "delivery/ReplyTarget.h"
#include "delivery/TestSupport.h"

#include <mpsmtp/testing/Answer.h>
#include <mpsmtp/testing/Content.h>
#include <mpsmtp/testing/Options.h>

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

using namespace mpsmtp::delivery;
using namespace mpsmtp::delivery::test;
using namespace std::string_literals;
namespace harness = mpsmtp::testing::detail;
using mpsmtp::detail::toAbi;

namespace
{

struct Edit
{
    std::int32_t kind;
    std::size_t index;
    std::string name;
    std::string value;
};

using Edits = std::vector<Edit>;

/// What one of the two made of a message: its answers and the content, after the edits and after the same edits again.
struct Made
{
    std::vector<int> answers;
    std::vector<std::string> contents;
    std::vector<std::string> names;
};

Made byServer(const std::string& content, const Edits& edits)
{
    const TempFolder folder;
    BufferPool pool;
    const SpoolLimits limits{folder.path(), 1u << 20};
    SpooledMessage message(pool, FileCalls::system(), limits);
    for (std::string_view rest = content; !rest.empty();)
    {
        const auto room = message.writable();
        const auto count = std::min(room.size, rest.size());
        std::memcpy(room.data, rest.data(), count);
        CPPUNIT_ASSERT(message.written(count));
        rest.remove_prefix(count);
    }
    CPPUNIT_ASSERT(message.complete());
    MessageView view(message, FileCalls::system(), limits);
    view.reset("");
    Made made;
    for (int turn = 0; turn < 2; ++turn)
    {
        view.allowEdits();
        for (const Edit& edit : edits)
            made.answers.push_back(view.edit(edit.kind, edit.index, edit.name, edit.value));
        view.applyEdits();
        const auto& abi = view.abi();
        made.contents.push_back(joined({abi.segments, abi.segments + abi.segment_count}));
        const mpsmtp_header* const* fields = nullptr;
        const std::size_t count = view.headers(&fields);
        for (std::size_t i = 0; i < count; ++i)
            made.names.push_back(std::string(fields[i]->name.data, fields[i]->name.size) + "=" +
                                 std::string(fields[i]->value.data, fields[i]->value.size));
    }
    return made;
}

Made byHarness(const std::string& text, const Edits& edits)
{
    harness::Content content(text);
    Made made;
    for (int turn = 0; turn < 2; ++turn)
    {
        for (const Edit& edit : edits)
            made.answers.push_back(content.record(edit.kind, edit.index, edit.name, edit.value));
        content.apply();
        made.contents.push_back(content.text());
        for (const auto& field : content.fields())
            made.names.push_back(field.name + "=" + field.value);
    }
    return made;
}

std::vector<std::string> messages()
{
    return {"",
            "A: 1\r\nB: 2\r\nC: 3\r\n\r\nbody\r\n",
            "A: 1\nB : 2\n\nb\n",
            "A: 1",
            "A:",
            "A: 1\r\n 2\r\n\t3\r\nB:\r\n\r\n",
            "hello\r\n",
            "\r\nhello\r\n",
            "A: 1\r\nno field\r\nB: 2\r\n",
            "From x\r\nA: 1\r\n\r\n",
            " A: 1\r\n\r\n",
            ": 1\r\n\r\n",
            "A: 1\r\n\r",
            "A: \xff\r\n\r\n\xff\0"s,
            "\n",
            "\r"};
}

std::vector<Edits> edits()
{
    return {{},
            {{MPSMTP_EDIT_PREPEND, 0, "X", "y"}},
            {{MPSMTP_EDIT_PREPEND, 7, "X", "1"}, {MPSMTP_EDIT_PREPEND, 0, "Y", "2"}},
            {{MPSMTP_EDIT_INSERT, 0, "X", "1"}, {MPSMTP_EDIT_INSERT, 0, "Y", "2"}},
            {{MPSMTP_EDIT_INSERT, 1, "X", " y"}},
            {{MPSMTP_EDIT_INSERT, 3, "X", "y"}},
            {{MPSMTP_EDIT_INSERT, 4, "X", "y"}},
            {{MPSMTP_EDIT_CHANGE, 0, "", "new"}, {MPSMTP_EDIT_CHANGE, 0, "", "newer"}},
            {{MPSMTP_EDIT_DELETE, 0, "", ""}},
            {{MPSMTP_EDIT_DELETE, 0, "", ""}, {MPSMTP_EDIT_CHANGE, 1, "", "x"}},
            {{MPSMTP_EDIT_DELETE, 0, "", ""}, {MPSMTP_EDIT_CHANGE, 0, "", "x"}},
            {{MPSMTP_EDIT_DELETE, 9, "", ""}},
            {{MPSMTP_EDIT_BODY, 0, "", "new\nbody"}},
            {{MPSMTP_EDIT_BODY, 0, "", ""}, {MPSMTP_EDIT_PREPEND, 0, "X", ""}},
            {{MPSMTP_EDIT_PREPEND, 0, "A B", "x"}, {MPSMTP_EDIT_INSERT, 0, "", "x"}},
            {{MPSMTP_EDIT_PREPEND, 0, "A", "x\0y"s}, {9, 0, "A", "x"}},
            {{MPSMTP_EDIT_CHANGE, 0, "", "a\r\nB: b\r\n\r\nbody\n"}},
            {{MPSMTP_EDIT_PREPEND, 0, "X", "\r\n \r\na\r\n\r\n \tb \rc\n"}},
            {{MPSMTP_EDIT_PREPEND, 0, "X", "\r\n"}}};
}

/// An answer of a plugin, given to both.
struct Answer
{
    std::uint32_t index;
    unsigned code;
    std::string enhanced;
    std::string text;
};

template <class Target>
void give(Target& target, const std::vector<Answer>& answers, const char* fault)
{
    if (fault)
        target.fault(fault);
    for (const Answer& answer : answers)
    {
        const mpsmtp_reply reply{
            sizeof(mpsmtp_reply), answer.code, toAbi(answer.enhanced), toAbi(answer.text)};
        target.reply(answer.index, reply);
    }
}

std::vector<std::vector<Answer>> answers()
{
    const auto all = MPSMTP_ALL_RECIPIENTS;
    return {{},
            {{all, 0, "", ""}},
            {{all, 0, "", "just words"}},
            {{all, 250, "2.0.0", "stored"}},
            {{all, 550, "", ""}},
            {{all, 452, "", "full"}},
            {{all, 421, "4.3.2", "later"}},
            {{all, 550, "4.0.0", "x"}},
            {{all, 550, "5.1", "x"}},
            {{all, 550, "5.1.1234", "x"}},
            {{all, 550, "5..1", "x"}},
            {{all, 700, "", "x"}},
            {{0, 550, "5.1.1", "a"}, {1, 452, "4.2.2", "b"}},
            {{0, 452, "4.2.2", "b"}, {1, 550, "5.1.1", "a"}},
            {{0, 451, "4.2.2", "b"}, {1, 452, "4.2.2", "a"}},
            {{2, 550, "5.1.1", "a"}, {1, 452, "4.2.2", "a"}},
            {{1, 250, "", ""}, {0, 451, "", ""}}};
}

/// Without a code the usual reply is sent, and the rest means nothing.
template <class Reply>
std::string shown(const Reply& reply)
{
    return reply.code == 0 ? "the usual"
                           : std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

} // namespace

class HarnessAgreementTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HarnessAgreementTest);
    CPPUNIT_TEST(editsMakeTheSameMessage);
    CPPUNIT_TEST(deliveriesAreJudgedTheSame);
    CPPUNIT_TEST(filtersAreJudgedTheSame);
    CPPUNIT_TEST(optionsAreReadTheSame);
    CPPUNIT_TEST(redirectsTakeTheSameAddresses);
    CPPUNIT_TEST_SUITE_END();

public:
    void editsMakeTheSameMessage()
    {
        for (const std::string& message : messages())
            for (const Edits& each : edits())
            {
                const Made server = byServer(message, each);
                const Made own = byHarness(message, each);
                const std::string why = "\"" + message + "\", edits beginning with " +
                                        (each.empty() ? "none" : std::to_string(each[0].kind));
                CPPUNIT_ASSERT_MESSAGE(why, server.answers == own.answers);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(why, server.contents[0], own.contents[0]);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(why, server.contents[1], own.contents[1]);
                CPPUNIT_ASSERT_MESSAGE(why, server.names == own.names);
            }
    }

    void deliveriesAreJudgedTheSame()
    {
        for (const char* fault : {static_cast<const char*>(nullptr), "it threw"})
            for (const auto& each : answers())
            {
                ReplyTarget target;
                harness::Answers own;
                give(target, each, fault);
                give(own, each, fault);
                const DeliveryAnswer expected = deliveryAnswer(target, 2);
                const harness::Outcome outcome = harness::judgedDelivery(own, 2);
                CPPUNIT_ASSERT_EQUAL(int(expected.kind), int(outcome.kind));
                CPPUNIT_ASSERT_EQUAL(expected.detail, outcome.detail);
                CPPUNIT_ASSERT_EQUAL(shown(expected.reply), shown(outcome.reply));
            }
    }

    void filtersAreJudgedTheSame()
    {
        for (const auto hook : {PolicyHook::Connect,
                                PolicyHook::Helo,
                                PolicyHook::Auth,
                                PolicyHook::Mail,
                                PolicyHook::Rcpt,
                                PolicyHook::Data,
                                PolicyHook::Message})
            for (const char* fault : {static_cast<const char*>(nullptr), "it threw"})
                for (const auto& each : answers())
                    for (std::int32_t verdict = MPSMTP_CONTINUE; verdict <= MPSMTP_DROP + 1;
                         ++verdict)
                        compareVerdict(hook, verdict, each, fault);
    }

    template <class Given>
    static void
    compareVerdict(PolicyHook hook, std::int32_t verdict, const Given& each, const char* fault)
    {
        using Decision = PolicyAnswer::Decision;
        ReplyTarget target;
        harness::Answers own;
        give(target, each, fault);
        give(own, each, fault);
        const PolicyAnswer expected = policyAnswer(hook, verdict, target);
        harness::Outcome outcome =
            harness::judgedVerdict(static_cast<harness::Policy>(hook), verdict, own);
        if (hook == PolicyHook::Connect)
            outcome = harness::refusedConnection(outcome);
        const std::string why =
            std::string(nameOf(hook)) + " " + std::to_string(verdict) + " " + expected.detail;
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            why, expected.decision == Decision::Discard, outcome.isDiscarded);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, expected.decision == Decision::End, !outcome.isSuccess());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, expected.detail, outcome.detail);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(why, shown(expected.reply), shown(outcome.reply));
    }

    void optionsAreReadTheSame()
    {
        const std::string base = std::filesystem::current_path().string();
        for (std::int32_t type = MPSMTP_OPTION_STRING; type <= MPSMTP_OPTION_SECRET; ++type)
            for (const char* text : {"",
                                     "0",
                                     "25",
                                     "-1",
                                     "+1",
                                     "1.5",
                                     "10K",
                                     "10 K",
                                     "50m",
                                     "9999999T",
                                     "250ms",
                                     "5d",
                                     "5x",
                                     "yes",
                                     "OFF",
                                     "maybe",
                                     "0600",
                                     "0680",
                                     "17777",
                                     "lf",
                                     "CRLF",
                                     "cr",
                                     "a, b,,c ",
                                     ",",
                                     "::1/128",
                                     "::1/129",
                                     "10.0.0.0/8",
                                     "10.0.0/8",
                                     "1.2.3.4, x",
                                     "/a/../b",
                                     "./a",
                                     "a/%{rcpt}",
                                     "%{rcpt.usr}",
                                     "%{date:}",
                                     "%{date:%Y}/%%",
                                     "%{rcpt",
                                     "%{rcpt.user:lowercase}",
                                     "%{id:upper}"})
            {
                mpsmtp_option option{};
                option.size = sizeof option;
                option.type = type;
                option.choices = toAbi("lf|crlf");
                const CanonicalValue expected = canonicalValue(option, text, base);
                const harness::Canonical own = harness::canonicalValue(option, text);
                const std::string why = std::to_string(type) + " \"" + text + "\"";
                CPPUNIT_ASSERT_EQUAL_MESSAGE(why, expected.isGood(), own.value.has_value());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(
                    why, expected.isGood() ? expected.value : "", own.value.value_or(""));
            }
    }

    void redirectsTakeTheSameAddresses()
    {
        for (const std::string& address : {"a@y.example"s,
                                           "A.b@Y.Example"s,
                                           "\"a b\"@y"s,
                                           "\"a\\\"b\"@y"s,
                                           "\"\"@y"s,
                                           "\"a@y"s,
                                           ".a@y"s,
                                           "a..b@y"s,
                                           "a b@y"s,
                                           "a@"s,
                                           "@y"s,
                                           "a"s,
                                           ""s,
                                           "a@y@z"s,
                                           "a@-y"s,
                                           "a@y-"s,
                                           "a@y..z"s,
                                           "a@x.y-.z"s,
                                           "a@x-y.z"s,
                                           "a@[192.0.2.1]"s,
                                           "a@y\r\nz"s,
                                           "a\0@y"s,
                                           "<a@y>"s,
                                           "j\xC3\xBCrgen@y"s,
                                           std::string(64, 'x') + "@y",
                                           std::string(65, 'x') + "@y"})
        {
            ReplyTarget target(ReplyTarget::Power::Redirect);
            harness::Answers own(true);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(address, target.redirect(address), own.redirect(address));
            if (target.redirects().empty())
                continue;
            CPPUNIT_ASSERT_EQUAL(target.redirects()[0].address, own.redirects()[0].address);
            CPPUNIT_ASSERT_EQUAL(target.redirects()[0].localPart, own.redirects()[0].localPart);
            CPPUNIT_ASSERT_EQUAL(target.redirects()[0].domain, own.redirects()[0].domain);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HarnessAgreementTest);

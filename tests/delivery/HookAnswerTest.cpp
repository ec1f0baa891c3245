// Tests of delivery/HookAnswer and ReplyTarget.
#include "delivery/HookAnswer.h"

#include <mpsmtp/Reply.h>

#include <cppunit/extensions/HelperMacros.h>

#include <cerrno>
#include <string>
#include <vector>

using namespace mpsmtp::delivery;

namespace
{

constexpr std::uint32_t all = MPSMTP_ALL_RECIPIENTS;
const std::string local = "451 4.3.0 Local error in processing, try again later";

struct Given
{
    std::uint32_t index;
    mpsmtp::Reply reply;
};

ReplyTarget targetOf(const std::vector<Given>& answers, const char* fault = nullptr)
{
    ReplyTarget target;
    if (fault)
        target.fault(fault);
    for (const Given& each : answers)
        target.reply(each.index, each.reply.abi());
    return target;
}

std::string shown(const mpsmtp::smtp::Reply& reply)
{
    return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

std::string word(AnswerKind kind)
{
    switch (kind)
    {
    case AnswerKind::Success:
        return "success";
    case AnswerKind::Refusal:
        return "refusal";
    case AnswerKind::Fault:
        return "fault";
    case AnswerKind::Bug:
        return "bug";
    }
    return "?";
}

std::string delivery(const ReplyTarget& target)
{
    const DeliveryAnswer answer = deliveryAnswer(target, 2);
    return answer.isSuccess() ? "success" : word(answer.kind) + " " + shown(answer.reply);
}

std::string shown(const PolicyAnswer& answer)
{
    switch (answer.decision)
    {
    case PolicyAnswer::Decision::Continue:
        return "continue";
    case PolicyAnswer::Decision::Accept:
        return "accept";
    case PolicyAnswer::Decision::Discard:
        return "discard " + shown(answer.reply);
    case PolicyAnswer::Decision::End:
        return word(answer.kind) + " " + shown(answer.reply);
    }
    return "?";
}

std::string filter(std::int32_t verdict, const ReplyTarget& target)
{
    return shown(policyAnswer(PolicyHook::Message, verdict, target));
}

} // namespace

class HookAnswerTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(HookAnswerTest);
    CPPUNIT_TEST(deliveriesAreJudged);
    CPPUNIT_TEST(verdictsAreJudged);
    CPPUNIT_TEST(eachHookHasItsOwnWords);
    CPPUNIT_TEST(aGreetingIs554Or421);
    CPPUNIT_TEST(onErrorDecidesWhatAFaultMeans);
    CPPUNIT_TEST(redirectsAreAddresses);
    CPPUNIT_TEST(bugsSayWhatIsWrong);
    CPPUNIT_TEST(lostAnswerIsAFault);
    CPPUNIT_TEST_SUITE_END();

public:
    void deliveriesAreJudged()
    {
        struct Row
        {
            const char* why;
            ReplyTarget target;
            std::string expected;
        };

        for (const Row& row :
             {Row{"no answer", targetOf({}), "success"},
              Row{"everyone, permanent",
                  targetOf({{all, {550, "5.1.1", "No such user"}}}),
                  "refusal 550 5.1.1 No such user"},
              Row{"one of two", targetOf({{1, {452, "4.2.2", "Full"}}}), "refusal 452 4.2.2 Full"},
              Row{"temporary wins",
                  targetOf({{0, {550, "5.1.1", "No"}}, {1, {452, "4.2.2", "Full"}}}),
                  "refusal 452 4.2.2 Full"},
              Row{"temporary wins in any order",
                  targetOf({{1, {452, "4.2.2", "Full"}}, {0, {550, "5.1.1", "No"}}}),
                  "refusal 452 4.2.2 Full"},
              Row{"the first of equals",
                  targetOf({{0, {550, "5.1.1", "One"}}, {1, {553, "5.1.3", "Two"}}}),
                  "refusal 550 5.1.1 One"},
              Row{"no reply chosen",
                  targetOf({{all, {}}}),
                  "refusal 451 4.3.0 Cannot deliver now, try again later"},
              Row{"text without a code",
                  targetOf({{all, {0, "", "Later"}}}),
                  "refusal 451 4.3.0 Later"},
              Row{"code alone", targetOf({{all, {552, "", ""}}}), "refusal 552 5.0.0 Failed"},
              Row{"452 alone", targetOf({{all, {452, "", "Full"}}}), "refusal 452 4.3.1 Full"},
              Row{"positive", targetOf({{all, {250, "2.0.0", "Ok"}}}), "bug " + local},
              Row{"intermediate", targetOf({{all, {354, "", "Go"}}}), "bug " + local},
              Row{"no class at all", targetOf({{all, {600, "", "?"}}}), "bug " + local},
              Row{"below all classes", targetOf({{all, {99, "", "?"}}}), "bug " + local},
              Row{"enhanced code of another class",
                  targetOf({{all, {550, "4.1.1", "?"}}}),
                  "bug " + local},
              Row{"malformed enhanced code", targetOf({{all, {550, "5.1", "?"}}}), "bug " + local},
              Row{"enhanced code of letters",
                  targetOf({{all, {550, "5.x.1", "?"}}}),
                  "bug " + local},
              Row{"enhanced code too long",
                  targetOf({{all, {550, "5.1.1234", "?"}}}),
                  "bug " + local},
              Row{"enhanced code with more",
                  targetOf({{all, {550, "5.1.1.1", "?"}}}),
                  "bug " + local},
              Row{"recipient that is not there",
                  targetOf({{2, {550, "5.1.1", "No"}}}),
                  "bug " + local},
              Row{"a bug outweighs refusals",
                  targetOf({{0, {452, "4.2.2", "Full"}},
                            {1, {250, "", "Ok"}},
                            {0, {451, "4.3.0", "x"}}}),
                  "bug " + local},
              Row{"fault", targetOf({}, "secret"), "fault " + local},
              Row{"fault and disk full",
                  targetOf({{all, {452, "4.3.1", "Insufficient system storage"}}}, "secret"),
                  "fault 452 4.3.1 Insufficient system storage"},
              Row{"a fault is never permanent",
                  targetOf({{all, {550, "5.0.0", "No"}}}, "secret"),
                  "fault " + local}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, delivery(row.target));
    }

    void verdictsAreJudged()
    {
        struct Row
        {
            const char* why;
            std::int32_t verdict;
            ReplyTarget target;
            std::string expected;
        };

        for (const Row& row :
             {Row{"continue", MPSMTP_CONTINUE, targetOf({}), "continue"},
              Row{"continue with a reply",
                  MPSMTP_CONTINUE,
                  targetOf({{all, {550, "", "x"}}}),
                  "continue"},
              Row{"discard", MPSMTP_DISCARD, targetOf({}), "discard 0  "},
              Row{"discard with a reply",
                  MPSMTP_DISCARD,
                  targetOf({{all, {250, "", "Gone"}}}),
                  "discard 250 2.0.0 Gone"},
              Row{"discard with a refusal",
                  MPSMTP_DISCARD,
                  targetOf({{all, {550, "", "No"}}}),
                  "bug " + local},
              Row{"reject", MPSMTP_REJECT, targetOf({}), "refusal 554 5.7.1 Message refused"},
              Row{"reject with a reply",
                  MPSMTP_REJECT,
                  targetOf({{all, {550, "5.6.0", "Spam"}}}),
                  "refusal 550 5.6.0 Spam"},
              Row{"reject with text",
                  MPSMTP_REJECT,
                  targetOf({{all, {0, "", "Spam"}}}),
                  "refusal 554 5.7.1 Spam"},
              Row{"reject with a temporary reply",
                  MPSMTP_REJECT,
                  targetOf({{all, {450, "4.0.0", "x"}}}),
                  "bug " + local},
              Row{"defer",
                  MPSMTP_DEFER,
                  targetOf({}),
                  "refusal 451 4.7.1 Message deferred, try again later"},
              Row{"defer with a permanent reply",
                  MPSMTP_DEFER,
                  targetOf({{all, {550, "5.0.0", "x"}}}),
                  "bug " + local},
              Row{"disconnect",
                  MPSMTP_DISCONNECT,
                  targetOf({}),
                  "refusal 421 4.7.0 Closing the connection"},
              Row{"disconnect with another code",
                  MPSMTP_DISCONNECT,
                  targetOf({{all, {554, "5.0.0", "x"}}}),
                  "bug " + local},
              Row{"accept is for other hooks", MPSMTP_ACCEPT, targetOf({}), "bug " + local},
              Row{"no verdict at all", 99, targetOf({}), "bug " + local},
              Row{"fault", MPSMTP_DEFER, targetOf({}, "secret"), "fault " + local},
              Row{"fault whatever is returned",
                  MPSMTP_CONTINUE,
                  targetOf({}, "secret"),
                  "fault " + local},
              Row{"fault and disk full",
                  MPSMTP_DEFER,
                  targetOf({{all, {452, "4.3.1", "Full"}}}, "secret"),
                  "fault 452 4.3.1 Full"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, filter(row.verdict, row.target));
    }

    void eachHookHasItsOwnWords()
    {
        struct Row
        {
            PolicyHook hook;
            std::string reject;
            std::string defer;
        };

        const std::string later = "refusal 451 4.7.1 Deferred, try again later";
        for (const Row& row : {Row{PolicyHook::Connect,
                                   "refusal 554 5.7.1 Access denied",
                                   "refusal 421 4.7.0 Try again later"},
                               Row{PolicyHook::Helo, "refusal 550 5.7.1 Name refused", later},
                               Row{PolicyHook::Auth,
                                   "refusal 535 5.7.8 Authentication credentials invalid",
                                   "refusal 454 4.7.0 Temporary authentication failure"},
                               Row{PolicyHook::Mail, "refusal 550 5.7.1 Sender refused", later},
                               Row{PolicyHook::Rcpt, "refusal 550 5.7.1 Recipient refused", later},
                               Row{PolicyHook::Data, "refusal 554 5.7.1 Message refused", later}})
        {
            const ReplyTarget target;
            const std::string name = nameOf(row.hook);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                name, row.reject, shown(policyAnswer(row.hook, MPSMTP_REJECT, target)));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                name, row.defer, shown(policyAnswer(row.hook, MPSMTP_DEFER, target)));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(name + ": nothing is said",
                                         std::string("refusal 0  "),
                                         shown(policyAnswer(row.hook, MPSMTP_DROP, target)));
            const bool accepts = row.hook == PolicyHook::Rcpt || row.hook == PolicyHook::Auth;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                name, accepts, shown(policyAnswer(row.hook, MPSMTP_ACCEPT, target)) == "accept");
            CPPUNIT_ASSERT_MESSAGE(name + " has no message to discard",
                                   policyAnswer(row.hook, MPSMTP_DISCARD, target).kind ==
                                       AnswerKind::Bug);
        }
    }

    void aGreetingIs554Or421()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("refusal 554 5.1.8 Spammer"),
                             shown(policyAnswer(PolicyHook::Connect,
                                                MPSMTP_REJECT,
                                                targetOf({{all, {550, "5.1.8", "Spammer"}}}))));
        CPPUNIT_ASSERT_EQUAL(std::string("refusal 421 4.2.0 Later"),
                             shown(policyAnswer(PolicyHook::Connect,
                                                MPSMTP_DEFER,
                                                targetOf({{all, {450, "4.2.0", "Later"}}}))));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            "a fault",
            std::string("fault 421 4.3.0 Local error in processing, try again later"),
            shown(policyAnswer(PolicyHook::Connect, MPSMTP_CONTINUE, targetOf({}, "secret"))));
    }

    void onErrorDecidesWhatAFaultMeans()
    {
        const auto after = [](OnError onError, const char* fault)
        {
            return shown(
                afterError(PolicyHook::Rcpt,
                           onError,
                           policyAnswer(PolicyHook::Rcpt, MPSMTP_REJECT, targetOf({}, fault))));
        };
        CPPUNIT_ASSERT_EQUAL("fault " + local, after(OnError::Defer, "secret"));
        CPPUNIT_ASSERT_EQUAL(std::string("continue"), after(OnError::Skip, "secret"));
        CPPUNIT_ASSERT_EQUAL(std::string("fault 554 5.3.0 Local error in processing"),
                             after(OnError::Reject, "secret"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE("an opinion is no fault",
                                     std::string("refusal 550 5.7.1 Recipient refused"),
                                     after(OnError::Skip, nullptr));
    }

    void redirectsAreAddresses()
    {
        struct Row
        {
            const char* why;
            const char* address;
            int expected;
        };

        for (const Row& row : {Row{"plain", "a@b.example", 0},
                               Row{"quoted", "\"a b\"@b.example", 0},
                               Row{"no domain", "a", EINVAL},
                               Row{"nothing", "", EINVAL},
                               Row{"two of them", "a@b,c@d", EINVAL},
                               Row{"a line end", "a@b\r\nRCPT TO:<c@d>", EINVAL},
                               Row{"its own bracket", "a@b> SIZE=1 <c@d", EINVAL}})
        {
            ReplyTarget target(ReplyTarget::Power::Redirect);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, target.redirect(row.address));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                row.why, std::size_t{row.expected == 0 ? 1u : 0u}, target.redirects().size());
        }
        ReplyTarget elsewhere;
        CPPUNIT_ASSERT_EQUAL_MESSAGE("only in onRcpt", EINVAL, elsewhere.redirect("a@b"));
    }

    void bugsSayWhatIsWrong()
    {
        CPPUNIT_ASSERT_EQUAL(std::string("reply 250 does not fit a failed delivery"),
                             deliveryAnswer(targetOf({{all, {250, "", "Ok"}}}), 1).detail);
        CPPUNIT_ASSERT_EQUAL(std::string("it failed recipient 1 of 1"),
                             deliveryAnswer(targetOf({{1, {550, "", "No"}}}), 1).detail);
        CPPUNIT_ASSERT_EQUAL(std::string("enhanced code \"4.1.1\" does not fit reply 550"),
                             deliveryAnswer(targetOf({{all, {550, "4.1.1", "No"}}}), 1).detail);
        CPPUNIT_ASSERT_EQUAL(
            std::string("verdict 1 does not fit onMessage"),
            policyAnswer(PolicyHook::Message, MPSMTP_ACCEPT, ReplyTarget()).detail);
    }

    void lostAnswerIsAFault()
    {
        ReplyTarget target = targetOf({{all, {550, "5.1.1", "No"}}});
        target.outOfMemory();
        CPPUNIT_ASSERT_EQUAL("fault " + local, delivery(target));
        CPPUNIT_ASSERT_EQUAL(std::string("out of memory"), target.faultText());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HookAnswerTest);

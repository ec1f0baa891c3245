// Fuzz target: whole SMTP sessions. The same octets, fed whole, octet by octet and as the input says, must give the same
// replies and the same calls of the sink; the messages must be those that a simple model finds.
//
//   input = bare_newline strict size recipients errors line room keeps refused refusal completion work seed longest
//           shutdown end *octets                                     ; 16 choices (Fuzzing.h), then what the client sends
#include "fuzz/FuzzSession.h"
#include "fuzz/Fuzzing.h"
#include "fuzz/SessionModel.h"

#include <array>

namespace mpsmtp::fuzz
{

namespace
{

struct Plan
{
    smtp::SessionOptions options;
    SinkOptions sink;
    unsigned seed = 0;
    unsigned longestPiece = 1;
    bool hasShutdown = false;
    unsigned end = 0; // 0: half-close, 1: timeout, 2: shutdown, 3: the connection breaks
    std::string_view octets;
};

template <typename Value, std::size_t count>
Value choose(Choices& choices, const std::array<Value, count>& values)
{
    return values.at(choices.next(count));
}

Plan planOf(std::string_view input)
{
    using smtp::BareNewline;
    Choices choices(input, 16);
    Plan plan;
    plan.options.bareNewline =
        choose(choices, std::array{BareNewline::Keep, BareNewline::Normalize, BareNewline::Reject});
    plan.options.strictAddresses = choices.next(2) == 1;
    plan.options.maxMessageOctets = choose(choices, std::array<std::uint64_t, 4>{1000, 0, 10, 100});
    plan.options.maxRecipients = choose(choices, std::array<std::size_t, 3>{100, 1, 2});
    plan.options.maxErrors = choose(choices, std::array{20u, 0u, 1u, 3u});
    plan.options.maxLineOctets = choose(choices, std::array<std::size_t, 4>{512, 4096, 64, 5000});
    plan.sink.roomOctets = choose(choices, std::array<std::size_t, 5>{64, 1, 2, 3, 6000});
    plan.sink.keepsOctets = choose(choices, std::array<std::size_t, 3>{1'000'000, 0, 20});
    // Which of two reasons is told, a full disk or a bare newline behind it, depends on how the octets came.
    if (plan.sink.keepsOctets < 1000 && plan.options.bareNewline == BareNewline::Reject)
        plan.options.bareNewline = BareNewline::Keep;
    plan.sink.refusedCall = choices.next(5);
    plan.sink.refusalCode = choose(choices, std::array{554u, 421u, 0u, 451u});
    plan.sink.completionCode = choose(choices, std::array{250u, 451u, 554u, 421u, 0u});
    plan.sink.leavesWork = choices.next(2) == 1;
    plan.seed = choices.next(256);
    plan.longestPiece = choose(choices, std::array{16u, 2u, 3u, 5u, 100u, 1000u});
    plan.hasShutdown = choices.next(2) == 1;
    plan.end = choices.next(4);
    plan.octets = choices.octets();
    return plan;
}

struct Outcome
{
    std::string replies;
    std::string calls;
    std::vector<FuzzSink::Message> messages;
    bool closedByItself;
};

void finish(FuzzSession& session, unsigned end)
{
    if (end == 0)
        session.endOfInput();
    else if (end == 1)
        session.timeout();
    else if (end == 2)
        session.shutDown();
}

/// A shutdown, if there is one, comes after half of the octets.
template <typename Cut>
Outcome play(const Plan& plan, Cut cutInto)
{
    FuzzSession session(plan.options, plan.sink);
    const std::size_t half = plan.hasShutdown ? plan.octets.size() / 2 : plan.octets.size();
    session.feed(cutInto(plan.octets.substr(0, half)));
    if (plan.hasShutdown)
        session.shutDown();
    session.feed(cutInto(plan.octets.substr(half)));
    const bool closedByItself = session.isClosed();
    finish(session, plan.end);
    return {session.replies(), session.sink().calls, session.sink().messages, closedByItself};
}

void requireSame(const Outcome& expected, const Outcome& actual, const char* fed)
{
    const std::string how = std::string("\nfed ") + fed + ":\n";
    REQUIRE(expected.replies == actual.replies,
            "fed whole:\n" + expected.replies + how + actual.replies);
    REQUIRE(expected.calls == actual.calls, "fed whole:\n" + expected.calls + how + actual.calls);
}

std::string asStored(const Plan& plan, const std::string& data, bool isBinary)
{
    const bool changes = plan.options.bareNewline == smtp::BareNewline::Normalize && !isBinary;
    return changes ? normalized(data) : data;
}

void requireModel(const Plan& plan, const Outcome& outcome)
{
    std::vector<unsigned> codes = replyCodes(outcome.replies);
    if (codes.empty()) // refused without a word
        return REQUIRE(outcome.messages.empty(), "a message without a reply");
    codes.erase(codes.begin()); // the greeting
    const auto model = modelSession(plan.octets, codes, plan.options.maxLineOctets);
    REQUIRE(!model.mustBeClosed || outcome.closedByItself, "a command without an answer");
    const bool hasFarewell = codes.size() == model.answered + 1 && codes.back() == 421;
    REQUIRE(codes.size() == model.answered || hasFarewell, "more replies than commands");
    REQUIRE(model.messages.size() == outcome.messages.size(),
            std::to_string(model.messages.size()) + " and " +
                std::to_string(outcome.messages.size()));
    for (std::size_t i = 0; i < model.messages.size(); ++i)
    {
        const auto& [data, isBinary] = outcome.messages[i];
        const std::string& sent = model.messages[i];
        REQUIRE(data == asStored(plan, sent, isBinary), shown(sent) + " became " + shown(data));
        REQUIRE(plan.options.maxMessageOctets == 0 || sent.size() <= plan.options.maxMessageOctets,
                "over the limit");
        REQUIRE(plan.options.bareNewline != smtp::BareNewline::Reject || isBinary ||
                    !hasBareNewline(sent),
                "a bare newline was accepted");
    }
}

} // namespace

void run(std::string_view input)
{
    const Plan plan = planOf(input);
    const Outcome outcome = play(plan, whole);
    requireModel(plan, outcome);
    requireSame(outcome, play(plan, octetByOctet), "octet by octet");
    requireSame(outcome,
                play(plan,
                     [&plan](std::string_view octets)
                     { return cut(octets, plan.seed, plan.longestPiece); }),
                "in pieces");
}

} // namespace mpsmtp::fuzz

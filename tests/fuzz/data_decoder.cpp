// Fuzz target: mail data. What DATA and BDAT make of octets, in every mode of bare_newline, fed in every way, against the
// octet by octet reference of SessionModel.h.
//
//   input = room seed *octets                                        ; 2 choices (Fuzzing.h), then mail data
#include "fuzz/FuzzSession.h"
#include "fuzz/Fuzzing.h"
#include "fuzz/SessionModel.h"

#include <array>

namespace mpsmtp::fuzz
{

namespace
{

using smtp::BareNewline;

constexpr std::string_view lead = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.cc>\r\n";
constexpr std::size_t mostSplits = 16;  // of longer inputs only the first are tried
constexpr std::size_t mostOctets = 600; // an input is fed more than a hundred times

struct Case
{
    BareNewline policy;
    SinkOptions sink;
    std::string command; ///< that begins the data
    std::string_view octets;
    DecodedData expected;
};

std::string stored(const Case& test)
{
    return test.policy == BareNewline::Normalize ? normalized(test.expected.data)
                                                 : test.expected.data;
}

/// How one session ends: what must have been said to the data, and what must have been stored.
void check(const Case& test, const Pieces& pieces)
{
    smtp::SessionOptions options;
    options.bareNewline = test.policy;
    options.maxErrors = 0;
    FuzzSession session(options, test.sink);
    session.feed({lead, test.command});
    const std::size_t before = replyCodes(session.replies()).size();
    session.feed(pieces);
    const auto codes = replyCodes(session.replies());
    const auto& messages = session.sink().messages;
    if (!test.expected.ended)
        return REQUIRE(codes.size() == before && messages.empty(), "ended: " + shown(test.octets));
    const bool isRefused = test.policy == BareNewline::Reject && hasBareNewline(test.expected.data);
    REQUIRE(codes.size() > before && codes[before] == (isRefused ? 554u : 250u),
            shown(test.octets));
    if (isRefused)
        return;
    REQUIRE(!messages.empty(), "a 250 without a message");
    REQUIRE(messages[0].data == stored(test),
            shown(test.octets) + " became " + shown(messages[0].data));
}

void checkAllWays(const Case& test, unsigned seed)
{
    check(test, whole(test.octets));
    check(test, octetByOctet(test.octets));
    check(test, cut(test.octets, seed, 7));
    for (std::size_t at = 1; at < std::min(test.octets.size(), mostSplits); ++at)
        check(test, {test.octets.substr(0, at), test.octets.substr(at)});
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 2);
    SinkOptions sink;
    constexpr std::array<std::size_t, 4> rooms{64, 1, 3, 6000};
    sink.roomOctets = rooms.at(choices.next(rooms.size()));
    const unsigned seed = choices.next(256);
    const std::string_view octets = choices.octets().substr(0, mostOctets);
    // What is behind the end of data would be commands, which target `dialog` looks at.
    const DecodedData decoded = decodeData(octets);
    const std::string_view data = octets.substr(0, decoded.ended ? decoded.behind : octets.npos);
    for (const auto policy : {BareNewline::Keep, BareNewline::Normalize, BareNewline::Reject})
    {
        checkAllWays({policy, sink, "DATA\r\n", data, decoded}, seed);
        const DecodedData all{std::string(octets), octets.size(), true};
        if (!octets.empty())
            checkAllWays(
                {policy, sink, "BDAT " + std::to_string(octets.size()) + " LAST\r\n", octets, all},
                seed);
    }
}

} // namespace mpsmtp::fuzz

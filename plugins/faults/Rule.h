// One rule as values: at which step, under which conditions, how often, and what happens. How it is written:
// RuleParser.h.
// Thread safety: [any] (immutable once parsed).
#pragma once

#include "faults/Network.h"

#include <mpsmtp/Reply.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::faults
{

/// The steps of a session at which a handler is asked.
enum class Verb
{
    Connect,
    Helo,
    Mail,
    Rcpt,
    Data,
    Message ///< the final dot
};

inline constexpr std::size_t verbCount = 6;

/// All that are set must hold. Patterns: Glob.h.
struct Conditions
{
    struct HeaderPattern
    {
        std::string field;
        std::string pattern;
    };

    std::optional<std::string> from; ///< "" fits the null reverse-path
    std::optional<std::string> to;
    std::optional<std::string> helo;
    std::optional<Network> client;
    std::optional<std::uint64_t> largerThan;  ///< octets
    std::optional<std::uint64_t> smallerThan; ///< octets
    std::vector<HeaderPattern> headers;
};

/// Which of the times that the conditions hold are meant. All that are set must agree.
struct Schedule
{
    std::optional<std::uint64_t> nth;
    std::optional<std::uint64_t> every;
    std::optional<std::uint64_t> first;
    std::optional<double> probability; ///< 0..1

    /// \param number  1 for the first time that the conditions held
    /// \param seed    the same seed and number give the same answer, whatever threads do
    [[nodiscard]] bool includes(std::uint64_t number, std::uint64_t seed) const noexcept;
};

/// What a rule does; delay and throttle may come with any ending.
struct Actions
{
    enum class Ending
    {
        None, ///< the session goes on, and so does the list of rules
        Reply,
        Drop,
        Discard
    };

    std::chrono::milliseconds delay{0};
    std::uint64_t octetsPerSecond = 0; ///< 0: as it is
    Ending ending = Ending::None;
    Reply reply;
};

struct Rule
{
    std::string name;       ///< where it stands: "rule1", or "rules line 7"
    std::string text;       ///< as written
    std::string actionText; ///< what stands behind "do"
    Verb verb = Verb::Connect;
    Conditions conditions;
    Schedule schedule;
    Actions actions;
};

} // namespace mpsmtp::faults

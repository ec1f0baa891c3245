// All rules of one handler, each with its counts, in the order of their keys and then of the file's lines.
// Thread safety: [any]: the rules are immutable, the counts atomic; no lock.
#pragma once

#include "faults/Rule.h"

#include <mpsmtp/Context.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::faults
{

/// A rule and how often its time has come.
class CountedRule
{
public:
    explicit CountedRule(Rule rule, std::uint64_t seed) : _rule(std::move(rule)), _seed(seed) {}

    [[nodiscard]] const Rule& rule() const noexcept { return _rule; }

    /// The conditions hold once more.
    /// \return which hit this is, from 1; nothing if the schedule leaves this time out
    [[nodiscard]] std::optional<std::uint64_t> count() noexcept;

    /// Times that the conditions held.
    [[nodiscard]] std::uint64_t matches() const noexcept { return _matches; }

    /// Times that the rule acted.
    [[nodiscard]] std::uint64_t hits() const noexcept { return _hits; }

private:
    const Rule _rule;
    const std::uint64_t _seed;
    std::atomic<std::uint64_t> _matches{0};
    std::atomic<std::uint64_t> _hits{0};
};

class RuleList
{
public:
    static constexpr unsigned mostKeys = 20; ///< rule1 to rule20

    /// \throws std::invalid_argument that names every mistake in every rule
    /// \throws std::system_error if the file of rules cannot be read
    explicit RuleList(const Config& config);

    [[nodiscard]] const std::vector<CountedRule*>& on(Verb verb) const noexcept
    {
        return _byVerb[static_cast<std::size_t>(verb)];
    }

    [[nodiscard]] const std::deque<CountedRule>& all() const noexcept { return _rules; }

private:
    void add(const std::string& name, const std::string& text);
    void addFile(const std::string& path);

    const std::uint64_t _seed;
    std::string _mistakes;
    std::deque<CountedRule> _rules; // stable addresses
    std::array<std::vector<CountedRule*>, verbCount> _byVerb;
};

} // namespace mpsmtp::faults

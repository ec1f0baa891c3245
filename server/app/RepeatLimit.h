// Keeps what is said again and again from filling the log: of entries with the same source and the same words, the first N of
// each interval are written and the others counted; when the interval is over, one line says how many there were. Words with
// a digit, an address or a path in them do not count as words: "session of 192.0.2.1 broken off" is the same from every
// client, or an attacker with many addresses would have as many lines.
//
// Never limited: transactions and transcripts, which are an admin's evidence; what the server says of itself; critical
// entries; debug, which nobody switches on to see less.
// Thread safety: [any].
#pragma once

#include "log/Entry.h"

#include <Poco/AutoPtr.h>
#include <Poco/Message.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::app
{

/// How often one thing may be said.
struct RepeatLimits
{
    std::uint64_t most = 100; ///< in each interval; 0: no limit
    std::chrono::milliseconds interval{60'000};
};

class RepeatLimit final : public log::EntryChannel
{
public:
    using Clock = std::chrono::steady_clock;

    /// Kinds of entries that are counted one by one; what goes beyond is counted together. With the longest key, this is
    /// the bound on memory: about 100 KiB.
    static constexpr std::size_t mostKinds = 256;
    static constexpr std::size_t mostKeyOctets = 160;

    RepeatLimit(Poco::AutoPtr<log::EntryChannel> next,
                RepeatLimits limits,
                std::function<Clock::time_point()> clock = &Clock::now)
        : _next(std::move(next)), _clock(std::move(clock)), _limits(limits)
    {
    }

    void write(const Poco::Message& message, const log::FieldSource* fields) override;

    /// Applies from the next interval of each kind on.
    void change(RepeatLimits limits);

    /// Says what was counted in intervals that are over. To be called about once a second.
    void tend();

    /// There is something that tend() will have to say.
    [[nodiscard]] bool isCounting() const noexcept { return _isCounting; }

    /// Says all that was counted.
    void flush();

protected:
    ~RepeatLimit() override = default;

private:
    struct Kind
    {
        Clock::time_point end;     ///< of the interval
        std::uint64_t written = 0; ///< in the interval
        std::uint64_t counted = 0; ///< and not written
        Poco::Message::Priority priority{};
        std::chrono::milliseconds interval{};
    };

    using Key = std::pair<std::string, std::string>; ///< source, words

    struct Summary
    {
        Key key;
        Kind kind;
    };

    [[nodiscard]] bool
    admit(Key key, Poco::Message::Priority priority, std::optional<Summary>& summary);
    [[nodiscard]] std::map<Key, Kind>::iterator place(Key&& key, Clock::time_point now);
    void forgetQuiet(Clock::time_point now);
    [[nodiscard]] std::vector<Summary> take(bool evenUnfinished);
    void say(const Summary& summary);

    Poco::AutoPtr<log::EntryChannel> _next;
    const std::function<Clock::time_point()> _clock;
    std::mutex _mutex; // guards _limits and _kinds
    RepeatLimits _limits;
    std::map<Key, Kind> _kinds;
    std::atomic<bool> _isCounting{false};
};

/// The words that entries of one kind share, with "…" for the others; at most RepeatLimit::mostKeyOctets.
[[nodiscard]] std::string sharedWords(std::string_view text);

/// 1234567 → "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t number);

} // namespace mpsmtp::app

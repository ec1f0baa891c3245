// The filters of one listener, asked one after another: the first opinion counts. Made once when the configuration is
// loaded. Thread safety: [any] (immutable).
#pragma once

#include "delivery/Clock.h"
#include "delivery/HandlerCounts.h"
#include "delivery/HookAnswer.h"
#include "delivery/HookLog.h"
#include "delivery/LoadedHandler.h"
#include "delivery/ReplyTarget.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace mpsmtp::delivery
{

class PolicyChain
{
public:
    using List = std::vector<LoadedHandler*>;

    PolicyChain() = default;

    /// \param filters in the order of the chain
    explicit PolicyChain(const List& filters);

    /// Those with an opinion on something.
    [[nodiscard]] const List& of(PolicyHook hook) const noexcept
    {
        return _lists[static_cast<std::size_t>(hook)];
    }

private:
    std::array<List, 7> _lists;
};

/// The bit of abi.h.
[[nodiscard]] std::uint32_t bitOf(PolicyHook hook) noexcept;

/// What is asked, for the log and the limits of time.
struct PolicyQuestion
{
    PolicyHook hook;
    std::string_view id;
    const mpsmtp_session* session;
    std::string_view recipient;
    std::chrono::milliseconds patience; ///< until the reply is due
    /// The last look at the clock, which nothing slow has followed; ask() puts its own here.
    std::chrono::steady_clock::time_point& now;
};

/// Asks one handler, within its concurrency and by its `on_error`, logs what is worth it, and counts.
/// \param call calls the hook: (LoadedHandler&, ReplyTarget&) → verdict
template <class Call>
[[nodiscard]] PolicyAnswer
ask(LoadedHandler& handler, const PolicyQuestion& question, ReplyTarget& target, Call&& call)
{
    const Presence presence(handler.counts());
    const HandlerSlot slot(handler.slots(), std::min(handler.slotTimeout(), question.patience));
    if (handler.slots().most() != 0)
        question.now = handler.clock().steady(); // waiting is not the handler's time
    PolicyAnswer answer = slot.isTaken()
                              ? policyAnswer(question.hook, call(handler, target), target)
                              : busyAnswer(question.hook);
    const auto begun = std::exchange(question.now, handler.clock().steady());
    countAnswer(handler.counts(), question.hook, answer, question.now - begun);
    answer = afterError(question.hook, handler.onError(), std::move(answer));
    logAnswer({handler, nameOf(question.hook), question.id, question.session, question.recipient},
              answer.kind,
              answer.reply,
              answer.detail,
              answer.decision == PolicyAnswer::Decision::Continue);
    return answer;
}

} // namespace mpsmtp::delivery

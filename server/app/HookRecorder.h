// Stands between the delivery room and one handler, calls the handler's functions, and writes a
// line for each: which hook, what it answered, what it made of the message. For --test-handler.
// Thread safety: [connection]: one session.
#pragma once

#include <mpsmtp/abi.h>

#include <iosfwd>
#include <string>
#include <string_view>

namespace mpsmtp::app
{

class HookRecorder
{
public:
    /// `out` must outlive the object, and the object the handlers over which it stands.
    explicit HookRecorder(std::ostream& out) noexcept : _out(out) {}

    HookRecorder(const HookRecorder&) = delete;
    HookRecorder& operator=(const HookRecorder&) = delete;

    /// What is to be called in place of `handler`, to be called once. It judges and delivers,
    /// whether the handler does or not, so that it can be the only one: without a hook for
    /// messages it lets them pass, and without one that delivers it says so.
    [[nodiscard]] mpsmtp_handler over(const mpsmtp_handler& handler) noexcept;

    /// True if the handler judges more than recipients, which stores do too.
    [[nodiscard]] bool filters() const noexcept
    {
        return has(MPSMTP_HOOK_CONNECT | MPSMTP_HOOK_HELO | MPSMTP_HOOK_AUTH | MPSMTP_HOOK_MAIL |
                   MPSMTP_HOOK_DATA | MPSMTP_HOOK_MESSAGE);
    }

    /// The next RCPT begins. A handler that judges and delivers is asked in both roles; the second
    /// answer would be the first one again.
    void nextRecipient() noexcept { _recipient.clear(); }

private:
    struct Thunks;

    [[nodiscard]] bool has(std::uint32_t hooks) const noexcept
    {
        return (_real.hooks & hooks) != 0;
    }

    void write(std::string_view hook, std::string_view outcome);
    void writeVerdict(std::string_view hook, std::int32_t verdict, mpsmtp_reply_target* target);
    void writeOutcome(std::string_view hook, mpsmtp_reply_target* target, std::string_view success);
    void writeEdits(const mpsmtp_message& message);

    std::ostream& _out;
    mpsmtp_handler _real{};
    std::string _recipient; ///< that was asked about
    std::string _content;   ///< before onMessage
};

} // namespace mpsmtp::app

/// \file
/// What became of one mail. Plain value. Thread safety: [connection].
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::testing
{

/// One hook that was called.
struct Call
{
    std::string hook; ///< "onConnect" … "onMessage", "stage", "persist", "commit", "abort", …
    std::int32_t verdict = 0; ///< MPSMTP_… of a hook that answers with one; else MPSMTP_CONTINUE
};

namespace detail
{
class Conversation;
}

/// Everything a test can want to know about a Transaction::run().
class Result
{
public:
    /// The reply that ended the mail: 250, or the first refusal. 0 if the handler let the
    /// connection drop without a word.
    [[nodiscard]] unsigned code() const noexcept { return _code; }

    /// The same as the client sees it, "250 2.0.0 Ok: ID", without CRLF; several lines are parted by
    /// LF. "" for code 0.
    [[nodiscard]] const std::string& reply() const noexcept { return _reply; }

    /// True if the final dot was answered with 2xx: the client may forget the mail.
    [[nodiscard]] bool isAccepted() const noexcept { return _isAccepted; }

    /// True if a filter answered Discard: 250, and nothing is delivered.
    [[nodiscard]] bool isDiscarded() const noexcept { return _isDiscarded; }

    /// One reply for each RCPT that was sent, in order.
    [[nodiscard]] const std::vector<std::string>& rcptReplies() const noexcept
    {
        return _rcptReplies;
    }

    /// The reply to AUTH (235 or 535 …), or "" if the client sent none.
    [[nodiscard]] const std::string& authReply() const noexcept { return _authReply; }

    /// Addresses that the mail is delivered to: those accepted, with redirects in their place.
    [[nodiscard]] const std::vector<std::string>& recipients() const noexcept
    {
        return _recipients;
    }

    /// The content after edits; what the client sent if it came to no onMessage. Without the
    /// server's trace field.
    [[nodiscard]] const std::string& message() const noexcept { return _message; }

    /// Transaction id; "" if it did not come to MAIL.
    [[nodiscard]] const std::string& id() const noexcept { return _id; }

    /// Octets a second that throttle() has set last; 0: no limit.
    [[nodiscard]] std::uint64_t throttled() const noexcept { return _throttled; }

    /// What the handler and the harness logged meanwhile: "warning: text". While several
    /// transactions run at once, all of theirs.
    [[nodiscard]] const std::vector<std::string>& log() const noexcept { return _log; }

    /// True if a line of the log holds `text`.
    [[nodiscard]] bool hasLogged(std::string_view text) const
    {
        return std::any_of(_log.begin(),
                           _log.end(),
                           [text](const std::string& line)
                           { return line.find(text) != std::string::npos; });
    }

    /// The hooks that were called, in order; hooks that the handler does not override are not.
    [[nodiscard]] const std::vector<Call>& calls() const noexcept { return _calls; }

    /// True if this hook was called.
    [[nodiscard]] bool hasCalled(std::string_view hook) const
    {
        return std::any_of(
            _calls.begin(), _calls.end(), [hook](const Call& call) { return call.hook == hook; });
    }

    /// The hooks in order, parted by blanks: "onMessage stage persist commit".
    [[nodiscard]] std::string hooks() const
    {
        std::string names;
        for (const Call& call : _calls)
            names.append(names.empty() ? "" : " ").append(call.hook);
        return names;
    }

private:
    friend class detail::Conversation;

    unsigned _code = 0;
    std::string _reply;
    bool _isAccepted = false;
    bool _isDiscarded = false;
    std::vector<std::string> _rcptReplies;
    std::string _authReply;
    std::vector<std::string> _recipients;
    std::string _message;
    std::string _id;
    std::uint64_t _throttled = 0;
    std::vector<std::string> _log;
    std::vector<Call> _calls;
};

} // namespace mpsmtp::testing

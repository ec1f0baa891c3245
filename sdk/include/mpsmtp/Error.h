/// \file
/// What a handler throws to choose the reply. Everything else that it throws becomes 451 4.3.0 and
/// a log line.
#pragma once

#include <mpsmtp/Reply.h>

#include <exception>
#include <string>
#include <utility>

namespace mpsmtp
{

/// Ends a hook with a reply. The reply's text is sent to the client; `reason`, if given, only goes
/// to the log, as a warning. In a policy hook a 5xx counts as Reject and anything else as Defer; in
/// delivery it fails all recipients. A value; copy it as you like.
class Error : public std::exception
{
public:
    /// \param reply  what the client is told: 4xx or 5xx \param reason for the log; "": none
    explicit Error(Reply reply, std::string reason = {})
        : _reply(std::move(reply)), _reason(std::move(reason))
    {
    }

    /// What the client is told.
    [[nodiscard]] const Reply& reply() const noexcept { return _reply; }

    /// True if there is a reason for the log besides the reply.
    [[nodiscard]] bool hasReason() const noexcept { return !_reason.empty(); }

    /// For the log: the reason, or the reply's text.
    [[nodiscard]] const char* what() const noexcept override
    {
        return _reason.empty() ? _reply.text().c_str() : _reason.c_str();
    }

private:
    Reply _reply;
    std::string _reason;
};

} // namespace mpsmtp

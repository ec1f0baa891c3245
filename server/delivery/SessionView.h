// The session as the struct of abi.h, views into the protocol's own values; lives as long as the connection, with what
// handlers keep with it. Thread safety: [connection].
#pragma once

#include "delivery/LocalScope.h"
#include "smtp/Envelope.h"

#include <mpsmtp/abi.h>

#include <chrono>

namespace mpsmtp::delivery
{

class SessionView
{
public:
    SessionView() noexcept;
    SessionView(const SessionView&) = delete;
    SessionView& operator=(const SessionView&) = delete;

    /// A client has connected.
    void setConnected(std::chrono::system_clock::time_point when) noexcept;

    /// Looks at what is known of the session now; it must stay unchanged until the next update().
    void update(const smtp::SessionInfo& session) noexcept;

    /// When the calls that follow shall have returned.
    void setDeadline(std::chrono::steady_clock::time_point deadline) noexcept;

    [[nodiscard]] const mpsmtp_session& abi() const noexcept { return _session; }

    [[nodiscard]] LocalScope& scope() noexcept { return _scope; }

    [[nodiscard]] const LocalScope& scope() const noexcept { return _scope; }

private:
    LocalScope _scope;
    mpsmtp_session _session{};
};

} // namespace mpsmtp::delivery

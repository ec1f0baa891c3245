// What this is and its thread safety: SessionView.h.
#include "delivery/SessionView.h"

#include <mpsmtp/Reply.h>

namespace mpsmtp::delivery
{

using mpsmtp::detail::toAbi;

SessionView::SessionView() noexcept
{
    _session.size = sizeof _session;
    _session.scope = &_scope;
}

void SessionView::setConnected(std::chrono::system_clock::time_point when) noexcept
{
    _session.connected_at =
        std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

void SessionView::update(const smtp::SessionInfo& session) noexcept
{
    _session.flags = session.esmtp ? std::uint32_t{MPSMTP_SESSION_ESMTP} : 0u;
    _session.id = session.id;
    _session.client_address = toAbi(session.clientAddress);
    _session.helo = toAbi(session.helo);
    _session.listener = toAbi(session.listener);
    _session.server_name = toAbi(session.hostname);
    _session.client_port = session.clientPort;
}

void SessionView::setDeadline(std::chrono::steady_clock::time_point deadline) noexcept
{
    _session.deadline =
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
}

} // namespace mpsmtp::delivery

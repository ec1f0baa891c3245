// An accepted connection's socket, with all that must end together with the descriptor, and before
// it: its place in the count and its entry in the registry. Whoever drops the last reference (the
// session's end, a full queue, a dispatcher that stops) gives all of it back.
// Thread safety: [connection].
#pragma once

#include "net/Admission.h"
#include "net/Descriptor.h"
#include "net/Generation.h"
#include "net/Peer.h"
#include "net/ServerContext.h"
#include "net/Watch.h"

#include <Poco/Net/StreamSocketImpl.h>

#include <optional>

namespace mpsmtp::net
{

class ClientSocket : public Poco::Net::StreamSocketImpl
{
public:
    /// \param isInherited it came to a socket whose clients a stop of this server need not concern (Watch::spareUntil)
    ClientSocket(Descriptor fd, Peer peer, Service service, bool isInherited = false);

    [[nodiscard]] const Peer& peer() const noexcept { return _peer; }

    /// Of the moment in which it was accepted.
    [[nodiscard]] const Service& service() const noexcept { return _service; }

    /// It has a place, and waits for a thread until `deadline`.
    void admit(Admission::Ticket ticket, ServerContext& context, CoarseClock::time_point deadline);

    /// Only after admit().
    [[nodiscard]] Watch& watch() noexcept { return *_watch; }

protected:
    /// Who was admitted but never served is told so.
    ~ClientSocket() override;

private:
    const Service _service;
    const Peer _peer;
    const bool _isInherited;
    ServerContext* _context = nullptr; ///< of who was admitted
    // Given back in this order: the place, the registry's entry (whose end is what a shutdown waits
    // for), and then, by the base class, the descriptor.
    std::optional<Watch> _watch;
    Admission::Ticket _ticket;
};

} // namespace mpsmtp::net

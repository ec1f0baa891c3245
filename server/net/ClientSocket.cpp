// See ClientSocket.h.
#include "net/ClientSocket.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mpsmtp::net
{

namespace
{

/// How long a client that has just come may take for its first transaction although the server stops: its successor would
/// have to be asked for the same. Clients take milliseconds; who waits for a person is told.
constexpr std::chrono::milliseconds longestSpare(5000);

/// Before the grace is over, or it would be cut without a word.
CoarseClock::duration spareTime(const ServerConfig& config) noexcept
{
    return std::min<CoarseClock::duration>(longestSpare, config.shutdownGrace / 2);
}

} // namespace

ClientSocket::ClientSocket(Descriptor fd, Peer peer, Service service, bool isInherited)
    : Poco::Net::StreamSocketImpl(fd.release()),
      _service(std::move(service)),
      _peer(std::move(peer)),
      _isInherited(isInherited)
{
}

void ClientSocket::admit(Admission::Ticket ticket,
                         ServerContext& context,
                         CoarseClock::time_point deadline)
{
    _ticket = std::move(ticket);
    const auto spared = _isInherited ? CoarseClock::now() + spareTime(_service.generation->config)
                                     : CoarseClock::time_point();
    _watch.emplace(context.registry, sockfd(), deadline, spared);
    _context = &context;
    _context->count(_service.counts(), metrics::Listener::Event::Admitted);
}

ClientSocket::~ClientSocket()
{
    if (_watch && _watch->claim())
    {
        refuse(sockfd(), _service.generation->refusals.shuttingDown);
        _context->count(_service.counts(), metrics::Refusal::Stopping);
    }
    if (_context != nullptr)
        _context->count(_service.counts(), metrics::Listener::Event::Closed);
}

} // namespace mpsmtp::net

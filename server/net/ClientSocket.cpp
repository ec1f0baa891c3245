// See ClientSocket.h.
#include "net/ClientSocket.h"

#include <utility>

namespace mpsmtp::net
{

ClientSocket::ClientSocket(Descriptor fd, Peer peer, Service service)
    : Poco::Net::StreamSocketImpl(fd.release()),
      _service(std::move(service)),
      _peer(std::move(peer))
{
}

void ClientSocket::admit(Admission::Ticket ticket,
                         ConnectionRegistry& registry,
                         CoarseClock::time_point deadline)
{
    _ticket = std::move(ticket);
    _watch.emplace(registry, sockfd(), deadline);
}

ClientSocket::~ClientSocket()
{
    if (_watch && _watch->claim())
        refuse(sockfd(), _service.generation->refusals.shuttingDown);
}

} // namespace mpsmtp::net

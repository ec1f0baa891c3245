// See ServedConnection.h.
#include "net/ServedConnection.h"

#include "net/PacedTransport.h"
#include "net/SmtpConnection.h"
#include "net/SocketTransport.h"

#include <Poco/Exception.h>

#include <exception>
#include <string>

namespace mpsmtp::net
{

void ServedConnection::run()
{
    auto& client = dynamic_cast<ClientSocket&>(*socket().impl());
    if (!client.watch().claim())
        return;
    try
    {
        serve(client);
    }
    catch (const Poco::Exception& error)
    {
        fail(client, error.displayText());
    }
    catch (const std::exception& error)
    {
        fail(client, error.what());
    }
    catch (...)
    {
        fail(client, "unknown exception");
    }
    client.watch().end();
}

void ServedConnection::serve(ClientSocket& client)
{
    const ServerConfig& config = _context.config;
    smtp::SessionInfo info = describe(client.peer());
    const std::uint64_t session = info.id;
    logDebug(session, "connected to", &client.peer());
    const auto sink = _context.sinks();
    smtp::Dialog dialog(_listener.session, std::move(info), *sink);
    SocketTransport transport(client.sockfd(), {config.spin, _context.admission.counter()});
    PacedTransport paced(transport, dialog);
    SmtpConnection(dialog,
                   paced,
                   client.watch(),
                   {config.commandTimeout, config.dataTimeout, config.minDataRate})
        .serve();
    logDebug(session, "has ended at");
}

smtp::SessionInfo ServedConnection::describe(const Peer& peer)
{
    smtp::SessionInfo info;
    info.id = ++_context.lastSession;
    info.clientAddress = peer.address;
    info.clientPort = peer.port;
    info.listener = _listener.name;
    info.hostname = _context.config.hostname;
    return info;
}

void ServedConnection::logDebug(std::uint64_t session, const char* event, const Peer* peer) const
{
    if (!_context.log.debug())
        return;
    std::string line = "session " + std::to_string(session) + ' ' + event + ' ' + _listener.name;
    if (peer != nullptr)
        line += " from " + peer->address;
    _context.log.debug(line);
}

void ServedConnection::fail(const ClientSocket& client, std::string_view reason) noexcept
{
    refuse(client.sockfd(), _context.refusals.internal);
    _context.faults.error({"session of ", client.peer().address, " broken off: ", reason});
}

} // namespace mpsmtp::net

// See ServedConnection.h.
#include "net/ServedConnection.h"

#include "log/Entry.h"
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
    metrics::Listener& counts = client.service().counts();
    if (!client.watch().claim())
    {
        // The reaper was faster, and has refused it.
        _context.count(metrics::Timeout::Thread);
        _context.count(counts, metrics::Refusal::Thread);
        return;
    }
    _context.count(counts, metrics::Listener::Event::Served);
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
    _context.count(counts, metrics::Listener::Event::Ended);
    client.watch().end();
}

void ServedConnection::serve(ClientSocket& client)
{
    const Generation& generation = *client.service().generation;
    const ServerConfig& config = generation.config;
    smtp::SessionInfo info = describe(client);
    const std::uint64_t session = info.id;
    logDebug(session, "connected to", client);
    // Gone with this function; the generation that made it stays until the socket goes.
    const auto sink = generation.sinks();
    const auto observer = config.observers ? config.observers(info) : nullptr;
    smtp::Dialog dialog(client.service().listener->session, std::move(info), *sink);
    dialog.observe(observer.get());
    SocketTransport transport(client.sockfd(), {config.spin, _context.admission.counter()});
    PacedTransport paced(transport, dialog);
    SmtpConnection(dialog,
                   paced,
                   client.watch(),
                   {config.commandTimeout, config.dataTimeout, config.minDataRate},
                   &_context.metrics)
        .serve();
    logDebug(session, "has ended at", client);
}

smtp::SessionInfo ServedConnection::describe(const ClientSocket& client)
{
    smtp::SessionInfo info;
    info.id = ++_context.lastSession;
    info.clientAddress = client.peer().address;
    info.clientPort = client.peer().port;
    info.listener = client.service().listener->name;
    info.hostname = client.service().generation->config.hostname;
    return info;
}

void ServedConnection::logDebug(std::uint64_t session,
                                const char* event,
                                const ClientSocket& client) const
{
    if (!_context.log.debug())
        return;
    const std::string& listener = client.service().listener->name;
    log::write(_context.log,
               Poco::Message::PRIO_DEBUG,
               "session " + std::to_string(session) + " of " + client.peer().address + ' ' + event +
                   ' ' + listener,
               log::Fields{{log::Field::Session, session},
                           {log::Field::Client, client.peer().address},
                           {log::Field::Listener, listener}});
}

void ServedConnection::fail(const ClientSocket& client, std::string_view reason) noexcept
{
    refuse(client.sockfd(), client.service().generation->refusals.internal);
    _context.faults.error({"session of ", client.peer().address, " broken off: ", reason});
}

} // namespace mpsmtp::net

// See Acceptor.h: the parts that Poco::Net::TCPServer is given.
#include "net/Acceptor.h"

#include "net/ClientSocket.h"
#include "net/ServedConnection.h"

#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/Net/TCPServerParams.h>

namespace mpsmtp::net
{

namespace
{

/// For a connection that no thread takes, because none can be started. POCO would leave it waiting
/// without a word.
constexpr std::chrono::seconds queueTimeout(5);

const Poco::Timespan idleWait(0, 250'000);

/// Gives a connection its place in the count, or its refusal, before a thread is taken.
class AdmissionFilter : public Poco::Net::TCPServerConnectionFilter
{
public:
    explicit AdmissionFilter(ServerContext& context) noexcept : _context(context) {}

    bool accept(const Poco::Net::StreamSocket& socket) override
    {
        auto& client = dynamic_cast<ClientSocket&>(*socket.impl());
        Admission::Ticket ticket;
        const std::string* refusal = refusalOf(client.peer(), ticket);
        if (refusal == nullptr)
            client.admit(std::move(ticket), _context.registry, CoarseClock::now() + queueTimeout);
        else
            turnAway(client, *refusal);
        return refusal == nullptr;
    }

private:
    const std::string* refusalOf(const Peer& peer, Admission::Ticket& ticket)
    {
        if (_context.registry.isShuttingDown())
            return &_context.refusals.shuttingDown;
        switch (_context.admission.enter(peer, ticket))
        {
        case Admission::Refusal::None:
            break;
        case Admission::Refusal::Full:
            return &_context.refusals.full;
        case Admission::Refusal::TooManyOfClient:
            return &_context.refusals.tooMany;
        }
        return nullptr;
    }

    void turnAway(const ClientSocket& client, const std::string& refusal)
    {
        refuse(client.sockfd(), refusal);
        if (_context.log.debug())
            _context.log.debug(client.peer().address +
                               " refused: " + refusal.substr(0, refusal.size() - 2));
    }

    ServerContext& _context;
};

class ConnectionFactory : public Poco::Net::TCPServerConnectionFactory
{
public:
    ConnectionFactory(ServerContext& context, const ListenerConfig& listener) noexcept
        : _context(context), _listener(listener)
    {
    }

    Poco::Net::TCPServerConnection* createConnection(const Poco::Net::StreamSocket& socket) override
    {
        return new ServedConnection(socket, _context, _listener);
    }

private:
    ServerContext& _context;
    const ListenerConfig& _listener;
};

Poco::Net::TCPServerParams::Ptr parametersFor(const ServerConfig& config)
{
    Poco::Net::TCPServerParams::Ptr parameters = new Poco::Net::TCPServerParams;
    const int most = static_cast<int>(config.threads + Acceptor::spareThreads);
    parameters->setMaxThreads(most);
    // Never reached, admission comes before: a full queue is where POCO closes without a word.
    parameters->setMaxQueued(most);
    // POCO's stop() misses a thread that is just about to wait for the next connection; it ends
    // after this time (its default of 10 s would hold up the end of the process).
    parameters->setThreadIdleTime(idleWait);
    return parameters;
}

} // namespace

Acceptor::Acceptor(ServerContext& context,
                   const ListenerConfig& config,
                   Listener listener,
                   Poco::ThreadPool& pool)
    : _listener(std::move(listener)),
      _acceptSocket(new AcceptSocket(_listener.takeSocket(), context.refusals)),
      _handle(_acceptSocket),
      _server(std::make_unique<Poco::Net::TCPServer>(
          new ConnectionFactory(context, config), pool, _handle, parametersFor(context.config)))
{
    _server->setConnectionFilter(new AdmissionFilter(context));
}

void Acceptor::stop()
{
    if (_stopped)
        return;
    _stopped = true;
    _listener.removeName();
    _acceptSocket->wake();
    _server->stop();
    // TCPServer leaves it open, and clients that connect would hang.
    _acceptSocket->retire();
}

} // namespace mpsmtp::net

// See Acceptor.h: the parts that Poco::Net::TCPServer is given.
#include "net/Acceptor.h"

#include "net/ClientSocket.h"
#include "net/ServedConnection.h"

#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/Net/TCPServerParams.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <thread>

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
        try
        {
            return admitOrRefuse(client);
        }
        catch (const std::exception& error)
        {
            // Without memory for its entry; POCO would close it without a word.
            refuse(client.sockfd(), client.service().generation->refusals.internal);
            _context.count(client.service().counts(), metrics::Refusal::Internal);
            _context.faults.error(
                {"connection of ", client.peer().address, " refused: ", error.what()});
            return false;
        }
    }

private:
    bool admitOrRefuse(ClientSocket& client)
    {
        Admission::Ticket ticket;
        const std::optional<metrics::Refusal> refusal = refusalOf(client.peer(), ticket);
        if (!refusal)
            client.admit(std::move(ticket), _context, CoarseClock::now() + queueTimeout);
        else
            turnAway(client, *refusal);
        return !refusal;
    }

    std::optional<metrics::Refusal> refusalOf(const Peer& peer, Admission::Ticket& ticket)
    {
        if (_context.registry.isShuttingDown())
            return metrics::Refusal::Stopping;
        switch (_context.admission.enter(peer, ticket))
        {
        case Admission::Refusal::None:
            break;
        case Admission::Refusal::Full:
            return metrics::Refusal::Full;
        case Admission::Refusal::TooManyOfClient:
            return metrics::Refusal::Client;
        }
        return std::nullopt;
    }

    static const std::string& textOf(metrics::Refusal reason, const RefusalTexts& texts) noexcept
    {
        return reason == metrics::Refusal::Stopping ? texts.shuttingDown
               : reason == metrics::Refusal::Client ? texts.tooMany
                                                    : texts.full;
    }

    void turnAway(const ClientSocket& client, metrics::Refusal reason)
    {
        _context.count(client.service().counts(), reason);
        const std::string& refusal = textOf(reason, client.service().generation->refusals);
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
    explicit ConnectionFactory(ServerContext& context) noexcept : _context(context) {}

    Poco::Net::TCPServerConnection* createConnection(const Poco::Net::StreamSocket& socket) override
    {
        return new ServedConnection(socket, _context);
    }

private:
    ServerContext& _context;
};

Poco::Net::TCPServerParams::Ptr parameters()
{
    Poco::Net::TCPServerParams::Ptr parameters = new Poco::Net::TCPServerParams;
    // Never reached, and so the same for every configuration: Admission, which a reload may change,
    // comes before. A full queue is where POCO closes without a word.
    constexpr int unreachable = 1'000'000;
    parameters->setMaxThreads(unreachable);
    parameters->setMaxQueued(unreachable);
    // POCO's stop() misses a thread that is just about to wait for the next connection; it ends
    // after this time (its default of 10 s would hold up the end of the process).
    parameters->setThreadIdleTime(idleWait);
    return parameters;
}

} // namespace

Acceptor::Acceptor(ServerContext& context,
                   Service service,
                   Listener listener,
                   Poco::ThreadPool& pool)
    : _listener(std::move(listener)),
      _name(service.listener->name),
      _acceptSocket(new AcceptSocket(_listener.takeSocket(),
                                     std::move(service),
                                     context.metrics,
                                     !_listener.inheritedName().empty())),
      _handle(_acceptSocket),
      _server(std::make_unique<Poco::Net::TCPServer>(
          new ConnectionFactory(context), pool, _handle, parameters())),
      _context(context)
{
    _server->setConnectionFilter(new AdmissionFilter(context));
}

Acceptor::~Acceptor()
{
    stop();
}

void Acceptor::start()
{
    _server->start();
    _started = true;
}

void Acceptor::hold()
{
    if (_started && !_stopped && _acceptSocket->isInherited() && !_held.valid())
        _held = _acceptSocket->hold();
}

void Acceptor::awaitHeld()
{
    if (!_held.valid())
        return;
    // Behind this the reaper has refused who found no thread.
    const auto deadline = CoarseClock::now() + queueTimeout + std::chrono::seconds(1);
    (void)_held.wait_for(queueTimeout);
    // POCO tells nobody when its queue is empty, and on the way down a millisecond is nothing.
    while (_context.registry.hasSparedInQueue() && CoarseClock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Acceptor::serveBy(const Service& service)
{
    _name = service.listener->name;
    _acceptSocket->serveBy(service);
}

void Acceptor::stop()
{
    if (_stopped)
        return;
    hold();
    awaitHeld();
    _stopped = true;
    _listener.removeName();
    _acceptSocket->wake();
    _server->stop();
    // TCPServer leaves it open, and clients that connect would hang.
    _acceptSocket->retire();
}

} // namespace mpsmtp::net

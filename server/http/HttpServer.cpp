// What this is and its thread safety: HttpServer.h. The server is POCO's, but for its accepting (HttpSocket, Lobby) and
// its patience (Visits): POCO gives each connection a thread, and has a time-out for each read and none for a whole request.
#include "http/HttpServer.h"

#include "http/HttpSocket.h"
#include "http/Visits.h"

#include <Poco/Exception.h>
#include <Poco/Logger.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnection.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace mpsmtp::http
{

namespace
{

constexpr int threadStackOctets = 256 * 1024;
constexpr int poolIdleSeconds = 60;

/// For threads to notice that their connection is gone.
constexpr std::chrono::seconds stopTimeout(2);

/// For a client that is still sending when it has been answered.
constexpr int lingerMilliseconds = 200;
constexpr int mostLingeringReads = 16;

/// A waiting thread of POCO's dispatcher looks this often whether it shall end.
const Poco::Timespan idleWait(0, 250'000);

class PageHandler : public Poco::Net::HTTPRequestHandler
{
public:
    explicit PageHandler(const Sources& sources) noexcept : _sources(sources) {}

    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override
    {
        const std::string accept = request.get("Accept", "");
        const Response page = answer({request.getMethod(), request.getURI(), accept}, _sources);
        response.setStatusAndReason(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(page.status));
        response.setContentType(page.contentType);
        response.setKeepAlive(false);
        response.set("Cache-Control", "no-store");
        response.set("X-Content-Type-Options", "nosniff");
        if (!page.allow.empty())
            response.set("Allow", page.allow);
        response.sendBuffer(page.body.data(), page.body.size()); // only the head, for HEAD
    }

private:
    const Sources& _sources;
};

class PageHandlerFactory : public Poco::Net::HTTPRequestHandlerFactory
{
public:
    explicit PageHandlerFactory(const Sources& sources) noexcept : _sources(sources) {}

    /// POCO answers with the client's version; ours is 1.1, whatever minor one comes (RFC 9110 2.5). Here, since a 100 goes out
    /// before the handler is called.
    Poco::Net::HTTPRequestHandler*
    createRequestHandler(const Poco::Net::HTTPServerRequest& request) override
    {
        if (request.getVersion() != Poco::Net::HTTPMessage::HTTP_1_0)
            request.response().setVersion(Poco::Net::HTTPMessage::HTTP_1_1);
        return new PageHandler(_sources);
    }

private:
    const Sources& _sources;
};

/// One request; the fence that no exception passes. What went wrong is the client's affair.
class WatchedConnection : public Poco::Net::HTTPServerConnection
{
public:
    WatchedConnection(const Poco::Net::StreamSocket& socket,
                      const Poco::Net::HTTPServerParams::Ptr& parameters,
                      const Poco::Net::HTTPRequestHandlerFactory::Ptr& factory)
        : Poco::Net::HTTPServerConnection(socket, parameters, factory)
    {
    }

    void run() override
    {
        Visits::Visit& visit = static_cast<VisitSocket*>(socket().impl())->visit();
        try
        {
            Poco::Net::HTTPServerConnection::run();
            visit.answered();
            finish(socket().impl()->sockfd());
        }
        catch (const Poco::Exception& error)
        {
            log(error.displayText());
        }
        catch (const std::exception& error)
        {
            log(error.what());
        }
        visit.end();
    }

private:
    /// Closing with octets unread makes TCP reset the connection, which can destroy the answer on its way.
    static void finish(int fd) noexcept
    {
        std::array<char, 4096> dropped{};
        ::shutdown(fd, SHUT_WR);
        for (int i = 0; i < mostLingeringReads; ++i)
        {
            pollfd readable{fd, POLLIN, 0};
            if (::poll(&readable, 1, lingerMilliseconds) <= 0 ||
                ::recv(fd, dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0)
                return;
        }
    }

    static void log(const std::string& text)
    {
        Poco::Logger& logger = Poco::Logger::get("http");
        if (logger.debug())
            logger.debug("a connection has ended: " + text);
    }
};

class WatchedConnectionFactory : public Poco::Net::TCPServerConnectionFactory
{
public:
    WatchedConnectionFactory(Poco::Net::HTTPServerParams::Ptr parameters, const Sources& sources)
        : _parameters(std::move(parameters)), _handlers(new PageHandlerFactory(sources))
    {
    }

    Poco::Net::TCPServerConnection* createConnection(const Poco::Net::StreamSocket& socket) override
    {
        return new WatchedConnection(socket, _parameters, _handlers);
    }

private:
    const Poco::Net::HTTPServerParams::Ptr _parameters;
    const Poco::Net::HTTPRequestHandlerFactory::Ptr _handlers;
};

Poco::Net::HTTPServerParams::Ptr parametersOf(const Limits& limits)
{
    Poco::Net::HTTPServerParams::Ptr parameters = new Poco::Net::HTTPServerParams;
    parameters->setMaxThreads(static_cast<int>(limits.threads));
    parameters->setMaxQueued(static_cast<int>(limits.queue));
    parameters->setThreadIdleTime(idleWait);
    parameters->setKeepAlive(
        false); // a scraper that comes every 15 s would hold a thread meanwhile
    parameters->setTimeout(limits.connection.count() * Poco::Timespan::MILLISECONDS);
    return parameters;
}

/// What is promised to mail is so whatever the number of addresses: "localhost" is two. But each has a place.
std::size_t shareOf(std::size_t lobby, std::size_t addresses) noexcept
{
    return std::max<std::size_t>(1, lobby / std::max<std::size_t>(1, addresses));
}

} // namespace

/// One address.
class Door
{
public:
    Door(std::string configured, net::Listener listener, const Limits& limits)
        : _configured(std::move(configured)),
          _listener(std::move(listener)),
          _address(_listener.address()),
          _socket(new HttpSocket(_listener.takeSocket(), limits.lobby, limits.connection)),
          _handle(_socket)
    {
    }

    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    ~Door()
    {
        _listener.removeName();
        if (!_server)
            return;
        ::shutdown(_socket->sockfd(), SHUT_RDWR); // who is in the backlog shall not wait
        _socket->wake();
        _server->stop();
    }

    void serve(const Sources& sources, Visits& visits, Poco::ThreadPool& pool, const Limits& limits)
    {
        const auto parameters = parametersOf(limits);
        _socket->serve(visits);
        _server = std::make_unique<Poco::Net::TCPServer>(
            new WatchedConnectionFactory(parameters, sources), pool, _handle, parameters);
        _server->start();
    }

    void setLobby(std::size_t most) noexcept { _socket->setLobby(most); }

    [[nodiscard]] const std::string& configured() const noexcept { return _configured; }

    [[nodiscard]] const std::string& address() const noexcept { return _address; }

    [[nodiscard]] bool isServing() const noexcept { return _server != nullptr; }

    [[nodiscard]] bool isInPlace() const noexcept { return _listener.isInPlace(); }

private:
    const std::string _configured;
    net::Listener _listener;
    const std::string _address; ///< as bound
    HttpSocket* _socket;        ///< owned by _handle and _server together
    HttpSocketHandle _handle;
    std::unique_ptr<Poco::Net::TCPServer> _server;
};

struct HttpServer::Change::Place
{
    std::shared_ptr<Door> door;
};

bool HttpServer::Change::has(const Door& door) const noexcept
{
    return std::any_of(_places.begin(),
                       _places.end(),
                       [&](const Place& each) { return each.door.get() == &door; });
}

HttpServer::Change::Change() = default;
HttpServer::Change::Change(Change&&) noexcept = default;
HttpServer::Change& HttpServer::Change::operator=(Change&&) noexcept = default;
HttpServer::Change::~Change() = default;

struct HttpServer::Impl
{
    Impl(Sources pages, const Limits& given) : sources(std::move(pages)), limits(given) {}

    const Sources sources;
    const Limits limits;
    // Neither is there before an address is: a thread that began before rights were given up would keep some.
    std::optional<Visits> visits;
    std::optional<Poco::ThreadPool> pool;
    std::vector<std::shared_ptr<Door>> doors;
};

HttpServer::HttpServer(Sources sources, const Limits& limits)
    : _impl(std::make_unique<Impl>(std::move(sources), limits))
{
}

HttpServer::~HttpServer()
{
    stop();
}

HttpServer::Change HttpServer::prepare(const std::vector<std::string>& addresses) const
{
    Change change;
    for (const std::string& address : addresses)
    {
        const std::size_t before = change._places.size();
        for (const auto& door : _impl->doors)
            if (door->configured() == address && door->isInPlace() && !change.has(*door))
                change._places.push_back({door});
        if (change._places.size() > before)
            continue;
        for (net::Listener& listener : bind(address))
        {
            listener.listen();
            change._places.push_back(
                {std::make_shared<Door>(address, std::move(listener), _impl->limits)});
        }
    }
    return change;
}

/// As on the side of mail: of "*:8027" and "localhost:8027" only one can be had at a time.
std::vector<net::Listener> HttpServer::bind(const std::string& address) const
try
{
    return net::Listener::bind(address);
}

catch (const std::system_error& error)
{
    for (const auto& door : _impl->doors)
        if (error.code().value() == EADDRINUSE &&
            net::portOf(door->address()) == net::portOf(address))
            net::throwCannotListen(address,
                                   EADDRINUSE,
                                   "this server itself listens on " + door->address() +
                                       "; restart it");
    throw;
}

void HttpServer::take(Change change)
try
{
    Impl& own = *_impl;
    // Made at once, all of them: when the mail side has used up what threads there may be, these are there.
    const auto most = static_cast<int>(own.limits.threads);
    // An address keeps those that it has used for idleWait, and some are on their way back to the pool (POCO). Without enough,
    // POCO closes connections without a word.
    constexpr int spare = 8;
    const auto capacity = static_cast<int>(change._places.size()) * most + spare;
    if (!own.visits && !change._places.empty())
        own.visits.emplace(own.limits.threads, own.limits.connection, own.limits.leastVisit);
    if (!own.pool && !change._places.empty())
        own.pool.emplace("http", most, capacity, poolIdleSeconds, threadStackOctets);
    if (own.pool && own.pool->capacity() < capacity)
        own.pool->addCapacity(capacity - own.pool->capacity());
    const std::size_t share = shareOf(own.limits.lobby, change._places.size());
    std::vector<std::shared_ptr<Door>> next;
    for (const Change::Place& place : change._places)
    {
        place.door->setLobby(share);
        if (!place.door->isServing())
            place.door->serve(own.sources, *own.visits, *own.pool, own.limits);
        next.push_back(place.door);
    }
    own.doors.swap(next);
}

catch (const Poco::Exception& error)
{
    // POCO has no errno for it; it is want of threads or memory.
    throw std::system_error(
        EAGAIN, std::generic_category(), "cannot serve [http]: " + error.displayText());
}

std::vector<std::string> HttpServer::addresses() const
{
    std::vector<std::string> addresses;
    for (const auto& door : _impl->doors)
        addresses.push_back(door->address());
    return addresses;
}

bool HttpServer::stop()
{
    if (!_impl)
        return false;
    _impl->doors.clear();
    if (!_impl->visits)
        return true;
    if (!_impl->visits->end(_impl->limits.grace, stopTimeout))
    {
        (void)_impl.release();
        return false;
    }
    if (_impl->pool)
        _impl->pool->joinAll();
    _impl->pool.reset();
    return true;
}

} // namespace mpsmtp::http

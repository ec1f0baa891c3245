// The addresses that a server listens at, and how they change while clients connect.
// Thread safety: [main].
#pragma once

#include "net/Acceptor.h"
#include "net/SocketStock.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mpsmtp::net
{

class Acceptors
{
public:
    /// The addresses of another generation, bound where they are new. Its end without take() leaves
    /// all as it was.
    class Change
    {
    public:
        /// How many addresses there will be.
        [[nodiscard]] std::size_t size() const noexcept { return _places.size(); }

    private:
        friend class Acceptors;

        /// What becomes of one address: an acceptor that is there, or a socket that was not.
        struct Place
        {
            const ListenerConfig* config;
            Acceptor* kept;
            std::vector<Listener> bound;    ///< one or none
            std::unique_ptr<Acceptor> made; ///< of `bound`
        };

        std::shared_ptr<const Generation> _generation;
        std::vector<Place> _places;
    };

    /// `context` and `stock` are borrowed.
    Acceptors(ServerContext& context, SocketStock& stock) noexcept
        : _context(context), _stock(stock)
    {
    }

    /// Binds every new address, and only then listens at all of them.
    /// \throws std::system_error
    [[nodiscard]] Change prepare(std::shared_ptr<const Generation> generation);

    /// Accepts at the new addresses, then serves those that stay by the new generation, then closes
    /// the others.
    /// \param pool outlives this object
    /// \throws Poco::Exception, std::system_error; the addresses that stay are then served as
    /// before, and the new ones closed again
    void take(Change change, Poco::ThreadPool& pool);

    /// Accepts nobody any more at the sockets that others hold too, and returns when everybody who was accepted there is
    /// served. The first step of a stop that is to refuse nobody there.
    void hold();

    /// Ends accepting everywhere.
    void stop();

    [[nodiscard]] std::size_t size() const noexcept { return _acceptors.size(); }

    /// As bound, in order of configuration.
    [[nodiscard]] std::vector<std::string> addresses() const;

    /// How often each one's thread has come by (AcceptSocket::turns()), by address.
    [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> turns() const;

private:
    using Places = std::vector<Change::Place>;

    void prepare(const ListenerConfig& config, const std::string& address, Places& places);
    void
    prepareInherited(const ListenerConfig& config, const std::string& name, Places& places) const;
    [[nodiscard]] static bool isTaken(const Acceptor& acceptor, const Places& places);
    static void add(const ListenerConfig& config, std::vector<Listener> listeners, Places& places);
    [[nodiscard]] Acceptor*
    find(const Endpoint& wanted, const std::string& name, const Places& taken) const;
    [[noreturn]] void explain(const std::string& address, const std::system_error& error) const;

    ServerContext& _context;
    SocketStock& _stock;
    std::vector<std::unique_ptr<Acceptor>> _acceptors;
};

} // namespace mpsmtp::net

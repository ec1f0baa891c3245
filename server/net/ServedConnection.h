// One accepted connection on its thread: puts a session's parts together and is the fence that no
// exception passes.
// Thread safety: [connection].
#pragma once

#include "net/ClientSocket.h"
#include "net/ServerContext.h"

#include <Poco/Net/TCPServerConnection.h>

#include <cstdint>
#include <string_view>

namespace mpsmtp::net
{

class ServedConnection : public Poco::Net::TCPServerConnection
{
public:
    /// Must not throw: POCO 1.11 would count this thread as busy for ever, and a remote client
    /// could repeat that until no thread is left. Hence everything, the peer's address included, is
    /// left to run().
    ServedConnection(const Poco::Net::StreamSocket& socket, ServerContext& context) noexcept
        : Poco::Net::TCPServerConnection(socket), _context(context)
    {
    }

    void run() override;

private:
    void serve(ClientSocket& client);
    [[nodiscard]] smtp::SessionInfo describe(const ClientSocket& client);
    void logDebug(std::uint64_t session, const char* event, const ClientSocket& client) const;
    void fail(const ClientSocket& client, std::string_view reason) noexcept;

    ServerContext& _context;
};

} // namespace mpsmtp::net

// The front door of the HTTP side: /metrics, /livez and /readyz at addresses of its own. It has its own threads, its own queue
// and its own limits, so that nothing that an HTTP client does is felt by mail, and probes are answered when every thread of
// the mail side is taken.
// Leaves to others: what the pages say (Pages, app/).
#pragma once

#include "http/Pages.h"
#include "net/Listener.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace mpsmtp::http
{

struct Limits
{
    std::size_t threads = 4;
    std::size_t queue = 16; ///< connections that wait for one of these; more are closed
    std::size_t lobby =
        128; ///< connections that have not asked yet, shared out among the addresses; one more ends the oldest of its address
    std::chrono::milliseconds connection{10'000}; ///< from its begin to its end
    std::chrono::milliseconds leastVisit{
        100};                               ///< for an answer, before somebody else gets the thread
    std::chrono::milliseconds grace{1'000}; ///< at the stop, for those who are being answered
};

class Door;

/// Thread safety: [main]; serves on threads of its own.
class HttpServer
{
public:
    /// Serves nothing yet.
    explicit HttpServer(Sources sources, const Limits& limits = {});
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// As stop().
    ~HttpServer();

    /// Other addresses, bound where they are new. Its end without take() leaves all as it was.
    class Change
    {
    public:
        Change();
        Change(Change&&) noexcept;
        Change& operator=(Change&&) noexcept;
        ~Change();

    private:
        friend class HttpServer;
        struct Place;

        [[nodiscard]] bool has(const Door& door) const noexcept;

        std::vector<Place> _places;
    };

    /// Binds and listens where `addresses` (as those of a listener) are new. Empty: serves nothing.
    /// \throws std::system_error that names the address and says what to do
    [[nodiscard]] Change prepare(const std::vector<std::string>& addresses) const;

    /// Serves at the new addresses, goes on at those that stay, and closes the others.
    void take(Change change);

    /// As bound, in order of configuration.
    [[nodiscard]] std::vector<std::string> addresses() const;

    /// Ends accepting, lets who is being answered have the whole answer (Limits::grace; who waits for a thread gets none), and waits
    /// for its threads. Idempotent.
    /// \return false: a source of a page does not return. Its thread is left alone, with all that it uses; end the process
    ///         by _exit()
    bool stop();

private:
    struct Impl;

    [[nodiscard]] std::vector<net::Listener> bind(const std::string& address) const;

    std::unique_ptr<Impl> _impl;
};

} // namespace mpsmtp::http

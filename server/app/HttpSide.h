// The HTTP server with its pages put together: what the metrics page holds, which addresses there are, and what the log says
// of them.
// Thread safety: [main].
#pragma once

#include "app/Health.h"
#include "http/HttpServer.h"
#include "metrics/Metrics.h"

#include <optional>
#include <string>
#include <vector>

namespace mpsmtp::app
{

class HttpSide
{
public:
    /// Both must outlive it.
    HttpSide(const metrics::Metrics& metrics, Health& health);

    /// Before rights are given up: start() needs none then.
    /// \throws std::system_error if an address cannot be had
    void bindNow(const std::vector<std::string>& addresses) { _bound = _server.prepare(addresses); }

    /// \throws std::system_error if an address cannot be had
    void start(const std::vector<std::string>& addresses);

    /// For a reload: what can fail. \throws std::system_error
    [[nodiscard]] http::HttpServer::Change prepare(const std::vector<std::string>& addresses) const;

    /// The rest of it; what fails all the same is logged, and the addresses stay as they were.
    void take(http::HttpServer::Change change);

    /// \return false: see HttpServer
    bool stop() { return _server.stop(); }

private:
    void announce(const std::vector<std::string>& before) const;

    http::HttpServer _server;
    std::optional<http::HttpServer::Change> _bound; ///< by bindNow(), until start()
};

} // namespace mpsmtp::app

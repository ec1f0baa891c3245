// One SMTP session over one transport: the loop between smtp::Dialog, which knows the protocol and
// no socket, and Transport, which is the other way round. Knows when to wait for whom and for how
// long, and how to part. RFC 5321 3.8 (closing), 4.5.3.2 (timeouts); RFC 2920 3.2: one send answers
// all that came in one receive.
// Thread safety: [connection].
#pragma once

#include "net/ConnectionCounts.h"
#include "net/Patience.h"
#include "net/Transport.h"
#include "net/Watch.h"
#include "smtp/Dialog.h"

namespace mpsmtp::net
{

class SmtpConnection
{
public:
    /// All references are borrowed for the connection's life. \param metrics may be nullptr
    SmtpConnection(smtp::Dialog& dialog,
                   Transport& transport,
                   Watch& watch,
                   const PatienceLimits& limits,
                   metrics::Metrics* metrics = nullptr) noexcept
        : _dialog(dialog),
          _transport(transport),
          _watch(watch),
          _patience(limits),
          _sendTimeout(limits.command),
          _counts(metrics)
    {
    }

    /// Greets, serves and says good-bye; returns when the descriptor may be closed.
    void serve();

private:
    void converse();
    void part();

    [[nodiscard]] bool flush();
    [[nodiscard]] bool send(std::string_view octets);
    void workAfterReply(bool clientIsThere);

    [[nodiscard]] bool read();
    [[nodiscard]] Received receive(const smtp::Buffer& room, Interruption& interruption);
    [[nodiscard]] bool take(const Received& received);
    void interrupted(Interruption interruption);
    void shutDownOnce();

    smtp::Dialog& _dialog;
    Transport& _transport;
    Watch& _watch;
    Patience _patience;
    std::chrono::milliseconds _sendTimeout;
    ConnectionCounts _counts;
    bool _answered = true; ///< since the last wait began: the next one gets a new deadline
    bool _toldShutdown = false;
    bool _clientIsDone = false; ///< it has said QUIT or ended its side: nothing is left to wait for
};

} // namespace mpsmtp::net

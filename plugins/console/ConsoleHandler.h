// The handler `console`: shows each mail, in full or as one line. It shows the content as the
// client sent it, without the server's trace field: people look at what their program sends. Thread
// safety: [any].
#pragma once

#include "console/ConsoleOutput.h"

#include <mpsmtp/Handler.h>

#include <string>

namespace mpsmtp::console
{

/// One-phase: what a terminal has shown cannot be taken back.
class ConsoleHandler : public Handler
{
public:
    enum class Format
    {
        Full, ///< the whole message between two lines, with X-Peer in front of the first empty line
        Summary ///< to=[…] from=<…> size=N subject="…"
    };

    explicit ConsoleHandler(const Context& context);

    /// \param fd  borrowed
    ConsoleHandler(Format format, int fd) noexcept : _format(format), _output(fd) {}

    /// \throws std::system_error if the output cannot be written
    [[nodiscard]] Report
    deliver(Envelope& envelope, const Recipients& recipients, Message& message) override;

private:
    void showFull(const Envelope& envelope, const Message& message);
    void
    showSummary(const Envelope& envelope, const Recipients& recipients, const Message& message);

    const Format _format;
    const ConsoleOutput _output;
};

} // namespace mpsmtp::console

// A whole SMTP session as a function of octets: octets in, octets out. No socket, no thread, no clock.
// Splits input into command lines, mail data and BDAT chunks, and gives them to Session. RFC 5321, 2920, 3030.
#pragma once

#include "smtp/DataDecoder.h"
#include "smtp/LineSplitter.h"
#include "smtp/MessageSink.h"
#include "smtp/Session.h"
#include "smtp/SessionOptions.h"

#include <memory>
#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

/// What the server waits for; the network side chooses the deadline by it (RFC 5321 4.5.3.2).
enum class Awaiting
{
    Command,
    MailData
};

/// Use: greet(); then until isClosed(): send output() and clearOutput(); if hasWorkAfterReply() do workAfterReply() and
/// resume(), else read octets into writable() and report them with received().
/// Thread safety: [connection].
class Dialog
{
public:
    /// `options` and `sink` must outlive the dialog.
    Dialog(const SessionOptions& options, SessionInfo info, MessageSink& sink);
    ~Dialog();

    /// Puts the 220 greeting into the output.
    void greet();

    /// Room for the next octets from the client; inside the message's own buffer while mail data is awaited, so that they
    /// are not copied.
    [[nodiscard]] Buffer writable();

    /// `count` octets have been put into writable(). Processes all that is complete, unless work after a reply is due.
    void received(std::size_t count);

    /// writable() and received() in one, for callers that have the octets already.
    void feed(std::string_view octets);

    /// The client has sent its last octet (half-close): what is complete has been answered, what is not is dropped.
    void endOfInput();

    /// A deadline passed: 421 4.4.2, then closed.
    void timeout();

    /// The server stops. Between transactions: 421 4.3.2, then closed. Inside one: it may end, then the same.
    void shutDown();

    /// Replies that wait to be sent. Valid until the next call.
    [[nodiscard]] std::string_view output() const noexcept;
    void clearOutput();

    /// Optional handlers wait for the output to be sent; call workAfterReply(), then resume().
    [[nodiscard]] bool hasWorkAfterReply() const noexcept;
    void workAfterReply();

    /// Goes on with input that came behind a message whose reply had to be sent first.
    void resume();

    /// True when nothing more is to be read; send the output and close.
    [[nodiscard]] bool isClosed() const noexcept;

    /// True from an accepted MAIL to the reply that ends the transaction.
    [[nodiscard]] bool isInTransaction() const noexcept;

    [[nodiscard]] Awaiting awaiting() const noexcept;
};

} // namespace mpsmtp::smtp

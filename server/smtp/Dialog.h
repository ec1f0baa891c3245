// A whole SMTP session as a function of octets: octets in, octets out. No socket, no thread, no clock.
// Splits input into command lines, mail data and BDAT chunks, and gives them to Session. RFC 5321, 2920, 3030.
#pragma once

#include "smtp/Buffer.h"
#include "smtp/DataDecoder.h"
#include "smtp/DialogObserver.h"
#include "smtp/InputBuffer.h"
#include "smtp/LineSplitter.h"
#include "smtp/MessageSink.h"
#include "smtp/Session.h"
#include "smtp/SessionOptions.h"

#include <cstddef>
#include <cstdint>
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
    Dialog(const Dialog&) = delete;
    Dialog& operator=(const Dialog&) = delete;

    /// Drops an open transaction; does the work after the reply if it was not done.
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

    /// Input is left that waits for the output to be sent: there are optional handlers to run, or there is much output.
    /// Call workAfterReply(), then resume().
    [[nodiscard]] bool hasWorkAfterReply() const noexcept;
    void workAfterReply();

    /// Goes on with input that came behind a message whose reply had to be sent first.
    void resume();

    /// True when nothing more is to be read; send the output and close.
    [[nodiscard]] bool isClosed() const noexcept;

    /// True from an accepted MAIL to the reply that ends the transaction.
    [[nodiscard]] bool isInTransaction() const noexcept;

    [[nodiscard]] Awaiting awaiting() const noexcept;

    /// \param observer hears all that follows; nullptr: nobody. Must outlive the dialog.
    void observe(DialogObserver* observer) noexcept { _observer = observer; }

    /// How fast this session may be, each way; 0: no limit.
    [[nodiscard]] std::uint64_t octetsPerSecond() const noexcept { return _sink.octetsPerSecond(); }

private:
    [[nodiscard]] Buffer roomInSink();
    [[nodiscard]] bool awaitsOctetsForSink() const noexcept;
    void receivedInSink(std::size_t count);
    void decodeInSink(std::size_t size);
    void process();
    [[nodiscard]] bool mayGoOn();
    [[nodiscard]] bool processNext();
    [[nodiscard]] bool processCommand();
    [[nodiscard]] bool processMailData();
    [[nodiscard]] bool processChunk();
    void execute(std::string_view line);
    void endMailData();
    void tellLine(std::string_view line);
    void tellMailData(std::uint64_t octets);
    void tellOutput();

    void noteWorkAfterReply() noexcept { _hasSinkWork = _sink.hasWorkAfterReply(); }

    MessageSink& _sink;
    DialogObserver* _observer = nullptr;
    std::string _output;
    std::size_t _toldOutput = 0; // octets of _output that the observer has heard
    InputBuffer _input;
    LineSplitter _lines;
    DataDecoder _decoder;
    Session _session;
    Buffer _lent{nullptr,
                 0}; // room in the sink's buffer that writable() gave out; size 0: it was _input's
    bool _isUntouched = true;   // no command line has come yet
    bool _hasSinkWork = false;  // of a message whose reply is in _output
    bool _isOutputFull = false; // input waits until _output has been sent
    bool _inputEnded = false;
    bool _isStopping = false;
};

} // namespace mpsmtp::smtp

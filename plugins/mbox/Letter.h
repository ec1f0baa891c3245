// One message on its way into one mailbox, for one recipient. Nothing of it is copied: it is
// measured when it is staged, and formatted a second time while it is written. Formatting 4 KiB
// takes some microseconds; a formatted copy would take memory for each message that waits, or a
// second file for the large ones.
#pragma once

#include "common/MessageWriter.h"
#include "common/StoreOptions.h"

#include <mpsmtp/Envelope.h>
#include <mpsmtp/Message.h>

#include <cstdint>
#include <string>

namespace mpsmtp::mbox
{

/// Thread safety: [connection]; the thread that writes a batch uses the letters of threads that
/// wait for it.
class Letter
{
public:
    /// \param options  as are `envelope` and `message`: borrowed, must live as long as the letter
    Letter(const store::StoreOptions& options,
           const Envelope& envelope,
           const Recipient& recipient,
           const Message& message);

    /// What the letter adds to the mailbox: separator, message, blank line.
    [[nodiscard]] std::uint64_t octets() const noexcept { return _octets; }

    /// The separator, with LF.
    [[nodiscard]] const std::string& fromLine() const noexcept { return _fromLine; }

    /// Writes octets() octets.
    /// \throws what the sink throws
    void writeTo(store::OctetSink& sink) const;

private:
    const store::StoreOptions* _options;
    const Envelope* _envelope;
    Recipient _recipient;
    const Message* _message;
    std::string _fromLine;
    std::uint64_t _octets = 0;
};

} // namespace mpsmtp::mbox

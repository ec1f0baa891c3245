// Carries decoded mail data into the sink and sees to what holds for its content: the size limit (RFC 1870 6.3) and bare
// newlines (RFC 5321 2.3.8). After a refusal it goes on counting and stores nothing. Thread safety: [connection].
#pragma once

#include "smtp/Buffer.h"
#include "smtp/Envelope.h"
#include "smtp/MessageSink.h"
#include "smtp/NewlineNormalizer.h"
#include "smtp/NewlineScanner.h"
#include "smtp/Reply.h"
#include "smtp/SessionOptions.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpsmtp::smtp
{

class MailDataWriter
{
public:
    /// Both must outlive it. Closed at first: what is written is thrown away.
    MailDataWriter(const SessionOptions& options, MessageSink& sink) noexcept;

    /// A message begins, for which sink.open() has been called. Octets of BINARYMIME are no lines: their newlines are
    /// left alone (RFC 3030 3).
    void open(BodyType body) noexcept;

    /// The message is over or was given up.
    void close() noexcept;

    /// Room in the sink's own buffer; size 0 if the next octets are to be thrown away.
    [[nodiscard]] Buffer room();

    /// The first `count` octets of room() are mail data.
    void wroteInPlace(const Buffer& room, std::size_t count);

    /// Copies mail data that lies elsewhere.
    void write(std::string_view octets);

    /// The mail data is complete: judges its end, too.
    void finish();

    /// Why the message cannot be taken, as far as is known.
    [[nodiscard]] const std::optional<FixedReply>& refusal() const noexcept { return _refusal; }

    /// True if the message cannot be taken, for a reason of ours or of the sink's.
    [[nodiscard]] bool hasFailed() const noexcept { return _refusal || _sinkFailed; }

private:
    [[nodiscard]] bool isStoring() const noexcept { return _isOpen && !hasFailed(); }

    [[nodiscard]] bool fits(std::size_t octets) noexcept;
    void checkNewlines() noexcept;
    [[nodiscard]] bool isNormal(std::string_view octets) const noexcept;
    void normalize(std::string_view octets);
    void writeNormalized();
    void store(std::string_view octets);
    void stored(std::size_t count);

    const SessionOptions& _options;
    MessageSink& _sink;
    bool _isOpen = false;
    BareNewline _policy = BareNewline::Keep;
    std::uint64_t _octets = 0; // received, before newlines are normalised
    bool _sinkFailed = false;
    std::optional<FixedReply> _refusal;
    NewlineScanner _scanner;
    NewlineNormalizer _normalizer;
    bool _endsInCr = false;  // the normalizer holds a CR back
    std::string _normalized; // scratch, empty unless something had to be changed
};

} // namespace mpsmtp::smtp

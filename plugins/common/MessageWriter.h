// The octets of one mail as a store keeps them: our fields on top, then the content byte for byte,
// with CRLF turned into LF unless `line_ending = crlf` says otherwise. Nothing is ever inserted
// between the two.
//
// What that means for odd mail: content that begins with an empty line shows as our fields and that
// body. Content without any header ("hey there!") follows our fields directly; readers end the
// header there: Python's `email` shows the line as the body's first
// (MissingHeaderBodySeparatorDefect), others as a malformed field. A separating line would be an
// octet that nobody sent, so there is none.
//
// RFC 5321 4.4 (Return-Path, Received), RFC 3030 (BINARYMIME has no line ends to convert: it is
// kept as sent, CRLF included, with our fields in CRLF too).
// Thread safety: [connection]; OctetSinks as their own.
#pragma once

#include "common/StoreOptions.h"

#include <mpsmtp/Envelope.h>
#include <mpsmtp/Message.h>

#include <string>
#include <string_view>

namespace mpsmtp::store
{

/// Takes octets in order, in pieces of any size; where they are cut means nothing.
class OctetSink
{
public:
    OctetSink() = default;
    OctetSink(const OctetSink&) = delete;
    OctetSink& operator=(const OctetSink&) = delete;
    virtual ~OctetSink() = default;

    /// \throws std::system_error
    virtual void write(std::string_view octets) = 0;
};

/// Turns CRLF into LF across any cuts of the input. Bare CR, bare LF, NUL and 8-bit octets pass
/// untouched.
class CrlfToLf
{
public:
    /// Appends the conversion of `octets`; a CR at the end waits for what follows it.
    void convert(std::string_view octets, std::string& out);

    /// End of input: a CR still waiting was a bare one.
    void finish(std::string& out);

private:
    bool _carriageReturn = false; // the input so far ends in CR, which is not in the output yet
};

/// Writes one message for one recipient after another into a sink. What is below keptOctets it
/// converts once and keeps; of a longer one it keeps a buffer of at most 64 KiB.
class MessageWriter
{
public:
    /// Content up to this size is kept.
    static constexpr std::size_t keptOctets = std::size_t{64} * 1024;

    explicit MessageWriter(const StoreOptions& options) noexcept : _options(options) {}

    /// Writes our fields (as the options say) and the content.
    /// \param recipient  for Delivered-To; nullptr: the file is shared by several, and has none
    /// \throws what the sink throws
    void write(const Envelope& envelope,
               const Recipient* recipient,
               const Message& message,
               OctetSink& sink);

    /// What the last write() has put in front of the content. Valid until the next one.
    [[nodiscard]] std::string_view fields() const noexcept { return _fields; }

    /// True if the content was short enough to be kept.
    [[nodiscard]] bool isKept() const noexcept { return _isKept; }

    /// The content as it was written, if isKept(). Valid as long as this object.
    [[nodiscard]] std::string_view content() const noexcept { return _content; }

private:
    void convertFields();
    void keepContent(const Envelope& envelope, const Message& message);
    void makeFields(const Envelope& envelope, const Recipient* recipient, const Message& message);
    void addAsSent(const Message& message, OctetSink& sink);
    void addConverted(const Message& message, OctetSink& sink);
    void flush(OctetSink& sink);

    const StoreOptions& _options;
    std::string _fields;
    std::string _content; // if _isKept
    bool _isKept = false;
    std::string _buffer; // on its way to the sink
};

} // namespace mpsmtp::store

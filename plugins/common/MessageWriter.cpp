#include "common/MessageWriter.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace mpsmtp::store
{

namespace
{

// Pieces of input and the fill at which the buffer goes to the sink: together the buffer stays
// within 64 KiB. It is on the heap since the stacks of connection threads are small.
constexpr std::size_t pieceOctets = std::size_t{32} * 1024;
constexpr std::size_t fieldOctets = 1024; // our fields, about

/// An address is printable when the host is sound; a field must stay one field even if it is not.
void appendAddress(std::string& out, std::string_view address)
{
    for (const char c : address)
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
}

/// BINARYMIME content is not made of lines (RFC 3030 3).
[[nodiscard]] bool isConverted(const StoreOptions& options, const Envelope& envelope)
{
    return options.lineEnding == LineEnding::Lf && envelope.body() != BodyType::BinaryMime;
}

} // namespace

void CrlfToLf::convert(std::string_view octets, std::string& out)
{
    if (octets.empty())
        return;
    if (_carriageReturn && octets.front() != '\n')
        out += '\r';
    _carriageReturn = octets.back() == '\r';
    if (_carriageReturn)
        octets.remove_suffix(1);
    for (std::size_t cr = octets.find('\r'); cr != std::string_view::npos; cr = octets.find('\r'))
    {
        out.append(octets.data(), cr);
        if (cr + 1 == octets.size() || octets[cr + 1] != '\n')
            out += '\r';
        octets.remove_prefix(cr + 1);
    }
    out += octets;
}

void CrlfToLf::finish(std::string& out)
{
    if (std::exchange(_carriageReturn, false))
        out += '\r';
}

void MessageWriter::write(const Envelope& envelope,
                          const Recipient* recipient,
                          const Message& message,
                          OctetSink& sink)
{
    _buffer.clear();
    _buffer.reserve(static_cast<std::size_t>(
        std::min<std::uint64_t>(message.size() + fieldOctets, 2 * pieceOctets)));
    makeFields(envelope, recipient, message);
    if (isConverted(_options, envelope))
        convertFields();
    if (!_isKept && message.size() <= keptOctets)
        keepContent(envelope, message);
    _buffer += _fields;
    if (_isKept)
        _buffer += _content;
    else if (isConverted(_options, envelope))
        addConverted(message, sink);
    else
        addAsSent(message, sink);
    flush(sink);
}

/// They end in CRLF, so that nothing is left over.
void MessageWriter::convertFields()
{
    std::string converted;
    CrlfToLf converter;
    converter.convert(_fields, converted);
    _fields.swap(converted);
}

void MessageWriter::keepContent(const Envelope& envelope, const Message& message)
{
    _content.reserve(static_cast<std::size_t>(message.size()));
    CrlfToLf converter;
    for (std::size_t i = 0; i < message.segmentCount(); ++i)
    {
        if (isConverted(_options, envelope))
            converter.convert(message.segment(i), _content);
        else
            _content += message.segment(i);
    }
    converter.finish(_content);
    _isKept = true;
}

void MessageWriter::flush(OctetSink& sink)
{
    if (!_buffer.empty())
        sink.write(_buffer);
    _buffer.clear();
}

void MessageWriter::makeFields(const Envelope& envelope,
                               const Recipient* recipient,
                               const Message& message)
{
    _fields.clear();
    if (_options.trace)
    {
        _fields += "Return-Path: <";
        appendAddress(_fields, envelope.reversePath());
        _fields += ">\r\n";
    }
    if (_options.deliveredTo && recipient != nullptr)
    {
        _fields += "Delivered-To: ";
        appendAddress(_fields, recipient->address());
        _fields += "\r\n";
    }
    if (_options.trace)
        _fields += message.trace();
}

void MessageWriter::addAsSent(const Message& message, OctetSink& sink)
{
    for (std::size_t i = 0; i < message.segmentCount(); ++i)
    {
        const std::string_view segment = message.segment(i);
        if (_buffer.size() + segment.size() <= 2 * pieceOctets)
        {
            _buffer += segment;
            continue;
        }
        flush(sink);
        sink.write(segment);
    }
}

void MessageWriter::addConverted(const Message& message, OctetSink& sink)
{
    CrlfToLf converter;
    for (std::size_t i = 0; i < message.segmentCount(); ++i)
    {
        std::string_view rest = message.segment(i);
        while (!rest.empty())
        {
            const std::string_view piece = rest.substr(0, pieceOctets);
            converter.convert(piece, _buffer);
            rest.remove_prefix(piece.size());
            if (_buffer.size() >= pieceOctets)
                flush(sink);
        }
    }
    converter.finish(_buffer);
}

} // namespace mpsmtp::store

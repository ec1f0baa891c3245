// See MailDataWriter.h.
#include "smtp/MailDataWriter.h"

#include "smtp/Replies.h"

#include <algorithm>
#include <cstring>

namespace mpsmtp::smtp
{

MailDataWriter::MailDataWriter(const SessionOptions& options, MessageSink& sink) noexcept
    : _options(options), _sink(sink)
{
}

void MailDataWriter::open(BodyType body) noexcept
{
    _isOpen = true;
    _policy = body == BodyType::BinaryMime ? BareNewline::Keep : _options.bareNewline;
    _octets = 0;
    _sinkFailed = false;
    _refusal.reset();
    _scanner.reset();
    _normalizer.reset();
    _endsInCr = false;
}

void MailDataWriter::close() noexcept
{
    _isOpen = false;
    std::string().swap(_normalized); // may have grown to twice the sink's buffer
}

Buffer MailDataWriter::room()
{
    return isStoring() ? _sink.writable() : Buffer{nullptr, 0};
}

void MailDataWriter::wroteInPlace(const Buffer& room, std::size_t count)
{
    const std::string_view octets(room.data, count);
    if (!fits(count))
        return;
    if (_policy == BareNewline::Normalize && !isNormal(octets))
        return normalize(octets);
    if (_policy == BareNewline::Reject)
        _scanner.scan(octets);
    checkNewlines();
    stored(count);
}

void MailDataWriter::write(std::string_view octets)
{
    if (!fits(octets.size()))
        return;
    if (_policy == BareNewline::Normalize)
        return normalize(octets);
    if (_policy == BareNewline::Reject)
        _scanner.scan(octets);
    checkNewlines();
    store(octets);
}

void MailDataWriter::finish()
{
    if (!isStoring())
        return;
    _normalizer.finish(_normalized);
    writeNormalized();
    _scanner.finish();
    checkNewlines();
}

// RFC 1870 6.3: the limit holds for what comes, whatever SIZE= had promised. The dots of transparency do not count.
bool MailDataWriter::fits(std::size_t octets) noexcept
{
    if (!_isOpen)
        return false;
    _octets += octets;
    if (_options.maxMessageOctets != 0 && _octets > _options.maxMessageOctets)
        _refusal = replies::messageTooBig;
    return isStoring();
}

void MailDataWriter::checkNewlines() noexcept
{
    if (_scanner.foundBareNewline())
        _refusal = replies::bareNewline;
}

/// True if the octets can stay as they are, which is so for nearly all mail and saves two copies.
bool MailDataWriter::isNormal(std::string_view octets) const noexcept
{
    if (_endsInCr)
        return false;
    NewlineScanner scanner;
    scanner.scan(octets);
    scanner.finish();
    return !scanner.foundBareNewline();
}

void MailDataWriter::normalize(std::string_view octets)
{
    if (octets.empty())
        return;
    _endsInCr = octets.back() == '\r';
    _normalizer.append(
        octets, _normalized); // a copy: `octets` may lie where the sink wants to be written next
    writeNormalized();
}

void MailDataWriter::writeNormalized()
{
    store(_normalized);
    _normalized.clear();
}

void MailDataWriter::store(std::string_view octets)
{
    while (!octets.empty() && isStoring())
    {
        const Buffer room = _sink.writable();
        const std::size_t count = std::min(room.size, octets.size());
        std::memcpy(room.data, octets.data(), count);
        octets.remove_prefix(count);
        stored(count);
    }
}

void MailDataWriter::stored(std::size_t count)
{
    if (count != 0 && isStoring())
        _sinkFailed = !_sink.written(count);
}

} // namespace mpsmtp::smtp

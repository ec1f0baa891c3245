// What this is and its thread safety: EnvelopeView.h.
#include "delivery/EnvelopeView.h"

#include <mpsmtp/Reply.h>

#include <algorithm>
#include <cstddef>

namespace mpsmtp::delivery
{

namespace
{

using mpsmtp::detail::toAbi;

static_assert(int(smtp::BodyType::SevenBit) == MPSMTP_BODY_7BIT);
static_assert(int(smtp::BodyType::EightBitMime) == MPSMTP_BODY_8BITMIME);
static_assert(int(smtp::BodyType::BinaryMime) == MPSMTP_BODY_BINARYMIME);

template <class Container>
std::uint32_t countOf(const Container& container) noexcept
{
    return static_cast<std::uint32_t>(container.size());
}

std::int64_t secondsOf(std::chrono::system_clock::time_point time) noexcept
{
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

} // namespace

void EnvelopeView::begin(const mpsmtp_session& session,
                         const smtp::Envelope& envelope,
                         const Destinations& destinations,
                         std::chrono::system_clock::time_point now)
{
    _source = &envelope;
    _destinations = &destinations;
    _envelope = {};
    _envelope.size = sizeof _envelope;
    _envelope.body = static_cast<std::uint32_t>(envelope.body);
    _envelope.session = &session;
    _envelope.id = toAbi(envelope.id);
    _envelope.reverse_path = toAbi(envelope.reversePath.address);
    _envelope.parameter_count = countOf(envelope.parameters);
    _ofMail.clear(envelope.parameters.size());
    _envelope.parameters = _ofMail.add(envelope.parameters);
    _envelope.smtputf8 = envelope.smtpUtf8 ? 1 : 0;
    _envelope.received_at = secondsOf(now);
    _envelope.scope = &_scope;
    rebuild();
}

void EnvelopeView::update()
{
    if (mustRebuild())
        return rebuild();
    const std::size_t count = knownDestinations();
    for (std::size_t i = _recipients.size(); i < count; ++i)
        add((*_destinations)[i]);
    _envelope.recipient_count = countOf(_recipients);
    _envelope.recipients = _recipientPointers.data();
}

void EnvelopeView::setReceivedAt(std::chrono::system_clock::time_point time) noexcept
{
    _envelope.received_at = secondsOf(time);
}

const mpsmtp_recipient& EnvelopeView::candidate(const smtp::Recipient& recipient,
                                                const smtp::Path* redirected)
{
    _ofCandidate.clear(recipient.parameters.size());
    _candidate = view(recipient, redirected, _ofCandidate);
    return _candidate;
}

/// Without those of a RCPT that is not in the envelope, because memory ran out before it was accepted.
std::size_t EnvelopeView::knownDestinations() const noexcept
{
    std::size_t count = _destinations->size();
    while (count > 0 && (*_destinations)[count - 1].rcpt >= _source->recipients.size())
        --count;
    return count;
}

/// The envelope's recipients have moved (their strings may lie inside them), or a table here would.
bool EnvelopeView::mustRebuild() const noexcept
{
    const std::size_t count = knownDestinations();
    if (_source->recipients.data() != _base || count > _recipients.capacity())
        return true;
    std::size_t parameters = 0;
    for (std::size_t i = _recipients.size(); i < count; ++i)
        parameters += _source->recipients[(*_destinations)[i].rcpt].parameters.size();
    return !_ofRcpt.hasRoomFor(parameters);
}

/// With room for as many again, so that a thousand recipients cost a few rebuilds and not a thousand.
void EnvelopeView::rebuild()
{
    const std::size_t count = knownDestinations();
    std::size_t parameters = 0;
    for (std::size_t i = 0; i < count; ++i)
        parameters += _source->recipients[(*_destinations)[i].rcpt].parameters.size();
    _ofRcpt.clear(2 * parameters);
    _recipients.clear();
    _recipients.reserve(std::max(2 * count, _recipients.capacity()));
    _recipientPointers.clear();
    _indices.clear();
    _base = _source->recipients.data();
    for (std::size_t i = 0; i < count; ++i)
        add((*_destinations)[i]);
    _envelope.recipient_count = countOf(_recipients);
    _envelope.recipients = _recipientPointers.data();
}

void EnvelopeView::add(const Destination& destination)
{
    _indices.push_back(countOf(_recipients));
    _recipients.push_back(
        view(_source->recipients[destination.rcpt], destination.redirected.get(), _ofRcpt));
    _recipientPointers.push_back(&_recipients.back());
}

mpsmtp_recipient EnvelopeView::view(const smtp::Recipient& recipient,
                                    const smtp::Path* redirected,
                                    Parameters& parameters)
{
    const smtp::Path& path = redirected ? *redirected : recipient.path;
    return {sizeof(mpsmtp_recipient),
            countOf(recipient.parameters),
            toAbi(path.address),
            toAbi(path.localPart),
            toAbi(path.domain),
            parameters.add(recipient.parameters),
            toAbi(recipient.path.address)};
}

void EnvelopeView::Parameters::clear(std::size_t expected)
{
    values.clear();
    values.reserve(expected);
    pointers.clear();
    pointers.reserve(expected);
}

bool EnvelopeView::Parameters::hasRoomFor(std::size_t count) const noexcept
{
    return std::min(values.capacity() - values.size(), pointers.capacity() - pointers.size()) >=
           count;
}

const mpsmtp_parameter* const*
EnvelopeView::Parameters::add(const std::vector<smtp::EsmtpParameter>& parameters)
{
    const std::size_t first = pointers.size();
    for (const smtp::EsmtpParameter& each : parameters)
    {
        values.push_back({sizeof(mpsmtp_parameter), toAbi(each.keyword), toAbi(each.value)});
        pointers.push_back(&values.back());
    }
    return parameters.empty() ? nullptr : pointers.data() + first;
}

} // namespace mpsmtp::delivery

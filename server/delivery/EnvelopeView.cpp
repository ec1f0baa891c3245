// What this is and its thread safety: EnvelopeView.h.
#include "delivery/EnvelopeView.h"

#include <mpsmtp/Reply.h>

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

void EnvelopeView::reset(const smtp::SessionInfo& session,
                         const smtp::Envelope& envelope,
                         std::chrono::system_clock::time_point receivedAt)
{
    reserve(envelope);
    setSession(session);
    _envelope = {};
    _envelope.size = sizeof _envelope;
    _envelope.body = static_cast<std::uint32_t>(envelope.body);
    _envelope.session = &_session;
    _envelope.id = toAbi(envelope.id);
    _envelope.reverse_path = toAbi(envelope.reversePath.address);
    _envelope.parameter_count = countOf(envelope.parameters);
    _envelope.parameters = add(envelope.parameters);
    for (const smtp::Recipient& recipient : envelope.recipients)
        add(recipient);
    _envelope.recipient_count = countOf(_recipients);
    _envelope.recipients = _recipientPointers.data();
    _envelope.smtputf8 = envelope.smtpUtf8 ? 1 : 0;
    _envelope.received_at = secondsOf(receivedAt);
}

void EnvelopeView::reserve(const smtp::Envelope& envelope)
{
    std::size_t parameters = envelope.parameters.size();
    for (const smtp::Recipient& recipient : envelope.recipients)
        parameters += recipient.parameters.size();
    _parameters.clear();
    _parameters.reserve(parameters);
    _parameterPointers.clear();
    _parameterPointers.reserve(parameters);
    _recipients.clear();
    _recipients.reserve(envelope.recipients.size());
    _recipientPointers.clear();
    _recipientPointers.reserve(envelope.recipients.size());
    _indices.clear();
}

void EnvelopeView::setSession(const smtp::SessionInfo& session) noexcept
{
    _session.size = sizeof _session;
    _session.flags = session.esmtp ? std::uint32_t{MPSMTP_SESSION_ESMTP} : 0u;
    _session.id = session.id;
    _session.client_address = toAbi(session.clientAddress);
    _session.helo = toAbi(session.helo);
    _session.listener = toAbi(session.listener);
    _session.server_name = toAbi(session.hostname);
    _session.client_port = session.clientPort;
}

const mpsmtp_parameter* const*
EnvelopeView::add(const std::vector<smtp::EsmtpParameter>& parameters)
{
    const std::size_t first = _parameterPointers.size();
    for (const smtp::EsmtpParameter& each : parameters)
    {
        _parameters.push_back({sizeof(mpsmtp_parameter), toAbi(each.keyword), toAbi(each.value)});
        _parameterPointers.push_back(&_parameters.back());
    }
    return parameters.empty() ? nullptr : _parameterPointers.data() + first;
}

void EnvelopeView::add(const smtp::Recipient& recipient)
{
    _indices.push_back(countOf(_recipients));
    _recipients.push_back({sizeof(mpsmtp_recipient),
                           countOf(recipient.parameters),
                           toAbi(recipient.path.address),
                           toAbi(recipient.path.localPart),
                           toAbi(recipient.path.domain),
                           add(recipient.parameters),
                           toAbi(recipient.path.address)});
    _recipientPointers.push_back(&_recipients.back());
}

} // namespace mpsmtp::delivery

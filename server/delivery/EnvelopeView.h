// The session and the mail transaction as the structs of abi.h, views into the protocol's own values. Built once a
// transaction; its tables keep their capacity for the next one. Thread safety: [connection].
#pragma once

#include "smtp/Envelope.h"

#include <mpsmtp/abi.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace mpsmtp::delivery
{

class EnvelopeView
{
public:
    EnvelopeView() = default;
    EnvelopeView(const EnvelopeView&) = delete;
    EnvelopeView& operator=(const EnvelopeView&) = delete;

    /// Both must stay unchanged as long as the view is used. \param receivedAt when the mail data was complete
    void reset(const smtp::SessionInfo& session,
               const smtp::Envelope& envelope,
               std::chrono::system_clock::time_point receivedAt);

    [[nodiscard]] const mpsmtp_envelope& abi() const noexcept { return _envelope; }

    /// 0, 1, …: the recipients of a handler that delivers to all.
    [[nodiscard]] const std::vector<std::uint32_t>& allRecipients() const noexcept
    {
        return _indices;
    }

private:
    void reserve(const smtp::Envelope& envelope);
    void setSession(const smtp::SessionInfo& session) noexcept;
    [[nodiscard]] const mpsmtp_parameter* const*
    add(const std::vector<smtp::EsmtpParameter>& parameters);
    void add(const smtp::Recipient& recipient);

    mpsmtp_session _session{};
    mpsmtp_envelope _envelope{};
    // Tables of pointers into the tables beside them; reserve() keeps those from moving while they grow.
    std::vector<mpsmtp_parameter> _parameters;
    std::vector<const mpsmtp_parameter*> _parameterPointers;
    std::vector<mpsmtp_recipient> _recipients;
    std::vector<const mpsmtp_recipient*> _recipientPointers;
    std::vector<std::uint32_t> _indices;
};

} // namespace mpsmtp::delivery

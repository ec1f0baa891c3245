// The mail transaction as the structs of abi.h, views into the protocol's own values. Its tables keep their capacity for
// the next transaction, and grow with the recipients while these come. Thread safety: [connection].
#pragma once

#include "delivery/Destinations.h"
#include "delivery/LocalScope.h"
#include "smtp/Envelope.h"

#include <mpsmtp/abi.h>

#include <chrono>
#include <cstddef>
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

    /// A transaction begins. All must stay where they are as long as the view is used; `envelope` and `destinations` may
    /// grow, see update().
    void begin(const mpsmtp_session& session,
               const smtp::Envelope& envelope,
               const Destinations& destinations,
               std::chrono::system_clock::time_point now);

    /// Takes in the destinations that have come. Costs as much as there are new ones.
    void update();

    /// When the mail data was complete.
    void setReceivedAt(std::chrono::system_clock::time_point time) noexcept;

    /// A recipient that is being judged. Valid until the next call.
    /// \param redirected in place of the client's forward-path, or nullptr
    [[nodiscard]] const mpsmtp_recipient& candidate(const smtp::Recipient& recipient,
                                                    const smtp::Path* redirected);

    [[nodiscard]] const mpsmtp_envelope& abi() const noexcept { return _envelope; }

    /// 0, 1, …: the recipients of a handler that delivers to all.
    [[nodiscard]] const std::vector<std::uint32_t>& allRecipients() const noexcept
    {
        return _indices;
    }

    /// What handlers keep with the transaction.
    [[nodiscard]] LocalScope& scope() noexcept { return _scope; }

private:
    /// Parameters with the pointers to them.
    struct Parameters
    {
        std::vector<mpsmtp_parameter> values;
        std::vector<const mpsmtp_parameter*> pointers;

        void clear(std::size_t expected);
        [[nodiscard]] bool hasRoomFor(std::size_t count) const noexcept;
        [[nodiscard]] const mpsmtp_parameter* const*
        add(const std::vector<smtp::EsmtpParameter>& parameters);
    };

    [[nodiscard]] std::size_t knownDestinations() const noexcept;
    [[nodiscard]] bool mustRebuild() const noexcept;
    void rebuild();
    void add(const Destination& destination);
    [[nodiscard]] static mpsmtp_recipient
    view(const smtp::Recipient& recipient, const smtp::Path* redirected, Parameters& parameters);

    const smtp::Envelope* _source = nullptr;
    const Destinations* _destinations = nullptr;
    const smtp::Recipient* _base =
        nullptr; ///< where the envelope's recipients lay at the last update
    LocalScope _scope;
    mpsmtp_envelope _envelope{};
    // Tables of pointers into the tables beside them; rebuilt when these would have to move.
    Parameters _ofMail;
    Parameters _ofRcpt;
    Parameters _ofCandidate;
    mpsmtp_recipient _candidate{};
    std::vector<mpsmtp_recipient> _recipients;
    std::vector<const mpsmtp_recipient*> _recipientPointers;
    std::vector<std::uint32_t> _indices;
};

} // namespace mpsmtp::delivery

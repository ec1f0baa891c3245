// Who of the recipients that a client names gets the mail of one transaction: the route of each, then the filters, then the
// handlers that would deliver to it; with what filters put in a recipient's place instead of it, each with a route and
// handlers of its own (docs/architecture.md, "Who is asked, and when"). RFC 5321 3.3, 3.4, 3.9.
// Leaves to others: the time (SessionPolicy), which handler gets which destination (DeliveryPlan).
// Thread safety: [connection].
#pragma once

#include "delivery/Destinations.h"
#include "delivery/EnvelopeView.h"
#include "delivery/HandlerChain.h"
#include "delivery/SessionPolicy.h"
#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <memory>
#include <optional>
#include <vector>

namespace mpsmtp::delivery
{

class RecipientAdmission
{
public:
    /// All must outlive it.
    /// \param view of the transaction's envelope and of destinations()
    RecipientAdmission(const HandlerChain& handlers, SessionPolicy& policy, EnvelopeView& view)
        : _handlers(handlers), _policy(policy), _view(view)
    {
    }

    RecipientAdmission(const RecipientAdmission&) = delete;
    RecipientAdmission& operator=(const RecipientAdmission&) = delete;

    /// \param envelope has the recipients before this one
    /// \return the refusal; nullopt: the mail goes where it wants to, by destinations()
    [[nodiscard]] std::optional<smtp::Reply> admit(const smtp::SessionInfo& session,
                                                   const smtp::Envelope& envelope,
                                                   const smtp::Recipient& recipient);

    /// Of the recipients that were admitted.
    [[nodiscard]] const Destinations& destinations() const noexcept { return _destinations; }

    /// For the next transaction.
    void clear() noexcept;

private:
    using Refusal = std::optional<smtp::Reply>;

    /// What is asked about.
    struct Candidate
    {
        const smtp::SessionInfo& session;
        const smtp::Envelope& envelope;
        const smtp::Recipient& recipient; ///< as the client named it
    };

    [[nodiscard]] Refusal askFilters(const smtp::Recipient& recipient,
                                     std::vector<smtp::Path>& redirects);
    [[nodiscard]] Refusal redirect(const Candidate& candidate, std::vector<smtp::Path>&& paths);
    [[nodiscard]] Refusal redirectEach(const Candidate& candidate, std::vector<smtp::Path>&& paths);
    [[nodiscard]] Refusal
    add(const Candidate& candidate, std::unique_ptr<smtp::Path> redirected, const RoutePlan& plan);
    [[nodiscard]] bool isDestination(const smtp::Path& path, const smtp::Envelope& envelope) const;
    [[nodiscard]] PolicyAnswer
    askAbout(const mpsmtp_recipient& candidate, LoadedHandler& handler, ReplyTarget& target);

    const HandlerChain& _handlers;
    SessionPolicy& _policy;
    EnvelopeView& _view;
    Destinations _destinations;
    bool _hasRedirects = false; ///< some of them are not what the client named
};

} // namespace mpsmtp::delivery

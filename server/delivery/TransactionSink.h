// The delivery side of one connection: takes its transactions one after another. Thread safety: [connection].
#pragma once

#include "delivery/BufferPool.h"
#include "delivery/Clock.h"
#include "delivery/Delivery.h"
#include "delivery/DeliveryPlan.h"
#include "delivery/Destinations.h"
#include "delivery/EnvelopeView.h"
#include "delivery/FileCalls.h"
#include "delivery/HandlerChain.h"
#include "delivery/MessageView.h"
#include "delivery/SessionView.h"
#include "delivery/SpooledMessage.h"
#include "delivery/TransactionCounts.h"
#include "delivery/TransactionIds.h"
#include "delivery/TransactionLog.h"
#include "smtp/MessageSink.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mpsmtp::delivery
{

/// What all sinks of a service share. Must outlive them.
struct SinkResources
{
    const HandlerChain& chain;
    BufferPool& pool;
    FileCalls& files;
    Clock& clock;
    TransactionIds& ids;
    const TransactionLog& log;
    const SpoolLimits& spool;
    std::chrono::milliseconds replyTimeout; ///< from a command or the final dot to its reply
    metrics::Metrics& metrics;
};

class TransactionSink : public smtp::MessageSink
{
public:
    explicit TransactionSink(const SinkResources& resources);

    TransactionSink(const TransactionSink&) = delete;
    TransactionSink& operator=(const TransactionSink&) = delete;
    ~TransactionSink() override;

    [[nodiscard]] std::optional<smtp::Reply> connected(const smtp::SessionInfo& session) override;
    [[nodiscard]] std::optional<smtp::Reply> helo(const smtp::SessionInfo& session) override;
    void disconnected(const smtp::SessionInfo& session) override;
    void commanded(smtp::Verb verb) noexcept override;
    void recipientRefused() noexcept override;
    [[nodiscard]] std::uint64_t octetsPerSecond() const noexcept override;
    [[nodiscard]] std::optional<smtp::Reply> begin(const smtp::SessionInfo& session,
                                                   smtp::Envelope& envelope) override;
    [[nodiscard]] std::optional<smtp::Reply> recipient(const smtp::SessionInfo& session,
                                                       const smtp::Envelope& envelope,
                                                       const smtp::Recipient& recipient) override;
    [[nodiscard]] std::optional<smtp::Reply> open(const smtp::SessionInfo& session,
                                                  const smtp::Envelope& envelope) override;
    [[nodiscard]] smtp::Buffer writable() override;
    [[nodiscard]] bool written(std::size_t count) override;
    [[nodiscard]] smtp::Reply complete(const smtp::SessionInfo& session,
                                       const smtp::Envelope& envelope) override;
    [[nodiscard]] bool hasWorkAfterReply() const noexcept override;
    void replied() override;
    void drop(const smtp::SessionInfo& session,
              const smtp::Envelope& envelope,
              const smtp::Reply* reply) override;

private:
    using Refusal = std::optional<smtp::Reply>;

    /// What a transaction needs. Used again by the next one.
    struct Mail
    {
        explicit Mail(const SinkResources& resources);

        SpooledMessage message;
        MessageView view;
        Destinations destinations;
        EnvelopeView envelope;
        DeliveryPlan plan;
        std::string trace;
        Delivery delivery;
    };

    template <class Call>
    [[nodiscard]] Refusal askAll(PolicyHook hook, Call&& call);
    [[nodiscard]] Refusal judgeSession(PolicyHook hook, const smtp::SessionInfo& session);
    [[nodiscard]] Refusal judgeEnvelope(PolicyHook hook);
    [[nodiscard]] static smtp::Reply refuseByRoute(HandlerChain::Routed&& routed,
                                                   const smtp::Envelope& envelope,
                                                   const smtp::Path& path);
    [[nodiscard]] Refusal askFilters(const smtp::Recipient& recipient,
                                     std::vector<smtp::Path>& redirects);
    [[nodiscard]] Refusal addDestination(const smtp::Recipient& recipient,
                                         const smtp::Envelope& envelope,
                                         std::unique_ptr<smtp::Path> redirected,
                                         const RoutePlan& plan);
    [[nodiscard]] Refusal redirect(const smtp::SessionInfo& session,
                                   const smtp::Envelope& envelope,
                                   const smtp::Recipient& recipient,
                                   std::vector<smtp::Path>&& paths);
    [[nodiscard]] bool isDestination(const smtp::Path& path, const smtp::Envelope& envelope) const;
    [[nodiscard]] PolicyAnswer askAboutRecipient(LoadedHandler& handler,
                                                 const mpsmtp_recipient& candidate,
                                                 ReplyTarget& target);
    [[nodiscard]] PolicyQuestion question(PolicyHook hook) noexcept;
    [[nodiscard]] Refusal routed(const smtp::SessionInfo& session,
                                 const smtp::Envelope& envelope,
                                 const smtp::Recipient& recipient);
    void startTime();
    void notifyReset() noexcept;
    [[nodiscard]] smtp::Reply deliver(const smtp::SessionInfo& session,
                                      const smtp::Envelope& envelope);
    [[nodiscard]] smtp::Reply fencedDeliver(const smtp::SessionInfo& session,
                                            const smtp::Envelope& envelope);
    [[nodiscard]] DeliveryInput input() noexcept;
    void log(const smtp::SessionInfo& session,
             const smtp::Envelope& envelope,
             const smtp::Reply* reply,
             std::chrono::steady_clock::time_point ended) noexcept;
    void clear() noexcept;

    const SinkResources _shared;
    const PolicyChain* _policy; ///< of the session's listener
    SessionView _session;
    std::unique_ptr<Mail> _mail; ///< none before the first MAIL: idle connections shall be small
    bool _hasRedirects = false;  ///< some of them are not what the client named
    bool _isBegun = false;       ///< handlers know of the transaction
    TransactionCounts _counts;
    std::chrono::steady_clock::time_point _begun;
    std::chrono::steady_clock::time_point _now; ///< the last look at the clock
    std::chrono::steady_clock::time_point _deadline;
};

} // namespace mpsmtp::delivery

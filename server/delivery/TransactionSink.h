// The delivery side of one connection: takes its transactions one after another, from MAIL to the reply to the mail data,
// the line in the log and the notifications. Leaves to others: what filters are asked (SessionPolicy), recipients
// (RecipientAdmission), the steps of a delivery (Delivery). Thread safety: [connection].
#pragma once

#include "delivery/BufferPool.h"
#include "delivery/Clock.h"
#include "delivery/Delivery.h"
#include "delivery/DeliveryPlan.h"
#include "delivery/EnvelopeView.h"
#include "delivery/FileCalls.h"
#include "delivery/HandlerChain.h"
#include "delivery/MessageView.h"
#include "delivery/RecipientAdmission.h"
#include "delivery/SessionPolicy.h"
#include "delivery/SessionView.h"
#include "delivery/SpooledMessage.h"
#include "delivery/TransactionCounts.h"
#include "delivery/TransactionIds.h"
#include "delivery/TransactionLog.h"
#include "smtp/MessageSink.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

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
    /// What a transaction needs. Used again by the next one.
    struct Mail
    {
        Mail(const SinkResources& resources, SessionPolicy& policy);

        SpooledMessage message;
        MessageView view;
        EnvelopeView envelope;
        RecipientAdmission recipients;
        DeliveryPlan plan;
        std::string trace;
        Delivery delivery;
    };

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
    SessionView _session;
    SessionPolicy _policy;
    std::unique_ptr<Mail> _mail; ///< none before the first MAIL: idle connections shall be small
    bool _isBegun = false;       ///< handlers know of the transaction
    TransactionCounts _counts;
    std::chrono::steady_clock::time_point _begun;
    std::chrono::steady_clock::time_point _ended; ///< the reply to the mail data was known
};

} // namespace mpsmtp::delivery

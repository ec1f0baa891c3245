// The delivery side of one connection: takes its transactions one after another. Thread safety: [connection].
#pragma once

#include "delivery/BufferPool.h"
#include "delivery/Clock.h"
#include "delivery/Delivery.h"
#include "delivery/EnvelopeView.h"
#include "delivery/FileCalls.h"
#include "delivery/HandlerChain.h"
#include "delivery/MessageView.h"
#include "delivery/SpooledMessage.h"
#include "delivery/TransactionIds.h"
#include "delivery/TransactionLog.h"
#include "smtp/MessageSink.h"

#include <chrono>
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
};

class TransactionSink : public smtp::MessageSink
{
public:
    explicit TransactionSink(const SinkResources& resources);

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
    [[nodiscard]] smtp::Reply deliver(const smtp::SessionInfo& session,
                                      const smtp::Envelope& envelope);
    [[nodiscard]] smtp::Reply fencedDeliver(const smtp::SessionInfo& session,
                                            const smtp::Envelope& envelope);
    [[nodiscard]] DeliveryInput input() noexcept;
    void log(const smtp::SessionInfo& session,
             const smtp::Envelope& envelope,
             const smtp::Reply* reply) const noexcept;
    void clear() noexcept;

    const SinkResources _shared;
    SpooledMessage _message;
    MessageView _view;
    EnvelopeView _envelope;
    std::string _trace;
    Delivery _delivery;
    std::chrono::steady_clock::time_point _begun;
};

} // namespace mpsmtp::delivery

// The handler `discard`: takes every mail and keeps none, for load tests and for clients under
// test.
// Thread safety: [any].
#pragma once

#include <mpsmtp/Handler.h>

#include <atomic>
#include <cstdint>

namespace mpsmtp::discard
{

/// Two-phase, so that it stands beside the stores and delays nobody; there is nothing to commit.
class DiscardHandler : public Handler
{
public:
    explicit DiscardHandler(const Context& context) noexcept : _log(context.log) {}

    /// Logs how much was thrown away.
    void stop() override;

    [[nodiscard]] Stage
    stage(Envelope& envelope, const Recipients& recipients, Message& message) override;

    /// Messages of committed transactions so far, and their octets.
    [[nodiscard]] std::uint64_t messages() const noexcept { return _messages; }

    [[nodiscard]] std::uint64_t octets() const noexcept { return _octets; }

private:
    class Nothing;

    const Log _log;
    std::atomic<std::uint64_t> _messages{0};
    std::atomic<std::uint64_t> _octets{0};
};

} // namespace mpsmtp::discard

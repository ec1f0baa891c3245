// Slows a session down to the pace that its dialog asks for, for those who test clients: no more octets a second than
// that, each way. Without a pace it is in nobody's way.
#pragma once

#include "net/Transport.h"
#include "smtp/Dialog.h"

namespace mpsmtp::net
{

/// Thread safety: [connection].
class PacedTransport final : public Transport
{
public:
    /// Both must outlive it.
    PacedTransport(Transport& inner, const smtp::Dialog& dialog) noexcept
        : _inner(inner), _dialog(dialog)
    {
    }

    [[nodiscard]] Received receive(char* data, std::size_t size) override;
    [[nodiscard]] IoStatus send(std::string_view octets) override;

    void finish(std::chrono::milliseconds patience) noexcept override { _inner.finish(patience); }

private:
    Transport& _inner;
    const smtp::Dialog& _dialog;
};

} // namespace mpsmtp::net

// Where the mail of one transaction goes: the client's recipients, or what handlers put in their place, each with the
// handlers that its route names. Thread safety: [connection].
#pragma once

#include "delivery/RoutePlan.h"
#include "smtp/Envelope.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace mpsmtp::delivery
{

struct Destination
{
    std::uint32_t rcpt;                     ///< the client's RCPT, by its place in the envelope
    std::unique_ptr<smtp::Path> redirected; ///< in place of the client's forward-path, or nullptr
    const RoutePlan* plan;                  ///< never nullptr

    [[nodiscard]] const smtp::Path& path(const smtp::Envelope& envelope) const noexcept
    {
        return redirected ? *redirected : envelope.recipients[rcpt].path;
    }
};

using Destinations = std::vector<Destination>;

} // namespace mpsmtp::delivery

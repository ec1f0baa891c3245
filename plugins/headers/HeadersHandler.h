// The handler `headers`: removes, sets and adds header fields, in this order. It sees the fields that
// the client sent, as earlier filters left them; what a store puts on top (Return-Path, Received)
// comes later.
// Thread safety: [any].
#pragma once

#include "headers/Rules.h"

#include <mpsmtp/Handler.h>

namespace mpsmtp::headers
{

class HeadersHandler : public Handler
{
public:
    /// \throws std::runtime_error with all mistakes of the rules
    explicit HeadersHandler(const Context& context);

    [[nodiscard]] Verdict
    onMessage(Session& session, Envelope& envelope, Message& message) override;

private:
    class Editing;

    [[nodiscard]] std::string valueOf(const FieldRule& rule, const Envelope& envelope) const;

    const Clock _clock;
    const Rules _rules;
};

} // namespace mpsmtp::headers

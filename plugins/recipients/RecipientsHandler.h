// The handler `recipients`: known users and aliases from a file, asked at each RCPT.
// Thread safety: [any].
#pragma once

#include "recipients/RecipientFile.h"

#include <mpsmtp/Handler.h>

namespace mpsmtp::recipients
{

/// Stands in `[filters] chain`. Known: Accept, which asks no other filter; an alias is redirected
/// too. Unknown: as the option `unknown` says.
class RecipientsHandler : public Handler
{
public:
    /// \throws std::runtime_error with all mistakes of the file
    explicit RecipientsHandler(const Context& context);

    [[nodiscard]] Verdict
    onRcpt(Session& session, Envelope& envelope, NewRecipient& recipient) override;

private:
    [[nodiscard]] static Verdict refusal(const Reply& reply);
    [[nodiscard]] static Verdict unknownVerdict(const std::string& choice);

    RecipientFile _file;
    const Verdict _unknown;
};

} // namespace mpsmtp::recipients

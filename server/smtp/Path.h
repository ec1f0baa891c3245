// Reverse-paths and forward-paths: where mail comes from and where it goes (RFC 5321 4.1.2, 4.1.3;
// RFC 6531 3.3). Grammar and canonical form only; whether a mailbox exists is the delivery's to
// say.
// Thread safety: [any].
#pragma once

#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <optional>
#include <string_view>

namespace mpsmtp::smtp
{

/// How paths are read. Borrows `defaultDomain`.
struct PathRules
{
    bool strict; ///< RFC 5321 grammar only
    std::string_view
        defaultDomain; ///< for <Postmaster>, and unless strict for any local-part alone
};

/// Takes a Reverse-path from the front of `rest`, with the spaces that lenient rules allow around
/// it, and puts its canonical form into `path`; `<>` gives the null path. Returns a refusal, or
/// nullopt and `rest` behind the path. Non-ASCII is allowed here and marked by path.nonAscii:
/// SMTPUTF8 may follow behind the path.
[[nodiscard]] std::optional<FixedReply>
parseReversePath(std::string_view& rest, const PathRules& rules, Path& path);

/// As parseReversePath(), for RCPT: `<>` is refused and `<Postmaster>` needs no domain
/// (RFC 5321 4.1.1.3).
[[nodiscard]] std::optional<FixedReply>
parseForwardPath(std::string_view& rest, const PathRules& rules, Path& path);

} // namespace mpsmtp::smtp

// The trace field that a receiving server puts on top of a message (RFC 5321 4.4, RFC 5322 3.6.7,
// RFC 6531 3.7.3). Return-Path is the final delivery's to write.
// Thread safety: [any] (pure functions).
#pragma once

#include "smtp/DateTime.h" // Rfc5322Date
#include "smtp/Envelope.h"

#include <chrono>
#include <string>

namespace mpsmtp::smtp
{

/// The whole Received field with its CRLF, folded. What the client sent stands in it only in a form
/// that keeps the field valid: a HELO that is no domain goes into a comment, non-ASCII is written
/// only if the transaction has SMTPUTF8. `for` names the recipient if there is exactly one, so that
/// blind copies do not learn of each other.
/// \param field takes it, in place of what it held; its memory is used again
void makeReceivedField(const SessionInfo& session,
                       const Envelope& envelope,
                       std::chrono::system_clock::time_point now,
                       std::string& field);

} // namespace mpsmtp::smtp

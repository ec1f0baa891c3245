// One line for each transaction that ended, under the log "transaction":
//
//   id=… client=192.0.2.1 from=<a@x> to=<b@y>,<c@y> size=1234 reply="250 2.0.0 Ok: …" ms=3 handlers=tree:ok,screen:later
//
// What a client sent is escaped, so that no address can make a second line or change a terminal. Thread safety: [any].
#pragma once

#include "delivery/Delivery.h"
#include "log/Entry.h"
#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <Poco/Logger.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mpsmtp::delivery
{

/// What the line tells. All is borrowed.
struct TransactionRecord
{
    const smtp::SessionInfo& session;
    const smtp::Envelope& envelope;
    std::uint64_t octets;     ///< of mail data
    const smtp::Reply* reply; ///< nullptr: the client gave up
    std::chrono::milliseconds elapsed;
    const std::vector<HandlerOutcome>& outcomes;
};

/// The same for programs.
class TransactionFields final : public log::FieldSource
{
public:
    /// Borrows the record.
    explicit TransactionFields(const TransactionRecord& record) noexcept : _record(record) {}

    void tell(log::FieldSink& sink) const override;

private:
    const TransactionRecord& _record;
};

/// The line; a long list of recipients is cut: "<…>,<…>,+480".
[[nodiscard]] std::string transactionLine(const TransactionRecord& record);

class TransactionLog
{
public:
    TransactionLog();

    /// Accepted and dropped ones as information, refused ones as notice. Never throws: a transaction's reply does not
    /// depend on its log line.
    void write(const TransactionRecord& record) const noexcept;

private:
    Poco::Logger& _logger;
};

} // namespace mpsmtp::delivery

// What this is and its thread safety: TransactionLog.h.
#include "delivery/TransactionLog.h"

#include "smtp/Printable.h"

#include <algorithm>
#include <string_view>

namespace mpsmtp::delivery
{

namespace
{

/// A thousand recipients are a line that nobody reads.
constexpr std::size_t mostRecipients = 20;

/// Programs do read it, but journald refuses an entry of more than 1024 fields.
constexpr std::size_t mostRecipientFields = 900;

void appendPath(std::string& line, std::string_view address)
{
    line.append("<");
    smtp::appendPrintable(line, address);
    line.append(">");
}

void appendRecipients(std::string& line, const std::vector<smtp::Recipient>& recipients)
{
    const std::size_t shown = std::min(recipients.size(), mostRecipients);
    for (std::size_t i = 0; i < shown; ++i)
    {
        line.append(i == 0 ? "" : ",");
        appendPath(line, recipients[i].path.address);
    }
    if (shown < recipients.size())
        line.append(",+").append(std::to_string(recipients.size() - shown));
}

/// In quotes, so quotes in it are escaped as appendPrintable() would.
void appendReply(std::string& line, const smtp::Reply* reply)
{
    if (!reply || reply->isSilent())
    {
        line.append("none");
        return;
    }
    std::string text = std::to_string(reply->code);
    text.append(reply->enhanced.empty() ? "" : " ").append(reply->enhanced).append(" ");
    smtp::appendPrintable(text, reply->text);
    line.append("\"");
    for (const char c : text)
        line.append(c == '"' ? std::string_view("\\x22") : std::string_view(&c, 1));
    line.append("\"");
}

void appendOutcomes(std::string& line, const std::vector<HandlerOutcome>& outcomes)
{
    if (outcomes.empty())
        line.append("-");
    for (const HandlerOutcome& outcome : outcomes)
    {
        line.append(&outcome == &outcomes.front() ? "" : ",");
        line.append(outcome.handler->name()).append(":").append(outcome.word());
    }
}

} // namespace

namespace
{

std::string replyText(const smtp::Reply& reply)
{
    std::string text = std::to_string(reply.code);
    text.append(reply.enhanced.empty() ? "" : " ").append(reply.enhanced);
    return text.append(" ").append(reply.text);
}

} // namespace

void TransactionFields::tell(log::FieldSink& sink) const
{
    using log::Field;
    const smtp::Envelope& envelope = _record.envelope;
    sink.number(Field::Session, _record.session.id);
    sink.text(Field::Client, _record.session.clientAddress);
    sink.text(Field::Listener, _record.session.listener);
    if (!envelope.id.empty())
        sink.text(Field::Transaction, envelope.id);
    sink.text(Field::Sender, envelope.reversePath.address);
    const std::size_t told = std::min(envelope.recipients.size(), mostRecipientFields);
    for (std::size_t i = 0; i < told; ++i)
        sink.text(Field::Recipient, envelope.recipients[i].path.address);
    sink.number(Field::Recipients, envelope.recipients.size());
    sink.number(Field::Size, _record.octets);
    if (_record.reply && !_record.reply->isSilent())
    {
        sink.text(Field::Reply, replyText(*_record.reply));
        sink.number(Field::Code, _record.reply->code);
    }
    sink.number(Field::Milliseconds, static_cast<std::uint64_t>(_record.elapsed.count()));
    for (const HandlerOutcome& outcome : _record.outcomes)
        sink.text(Field::Outcome, outcome.handler->name() + ":" + outcome.word());
}

std::string transactionLine(const TransactionRecord& record)
{
    std::string line = "id=";
    line.append(record.envelope.id.empty() ? "-" : record.envelope.id);
    line.append(" client=").append(record.session.clientAddress);
    line.append(" from=");
    appendPath(line, record.envelope.reversePath.address);
    line.append(" to=");
    appendRecipients(line, record.envelope.recipients);
    line.append(" size=").append(std::to_string(record.octets));
    line.append(" reply=");
    appendReply(line, record.reply);
    line.append(" ms=").append(std::to_string(record.elapsed.count()));
    line.append(" handlers=");
    appendOutcomes(line, record.outcomes);
    return line;
}

TransactionLog::TransactionLog() : _logger(Poco::Logger::get("transaction")) {}

void TransactionLog::write(const TransactionRecord& record) const noexcept
{
    try
    {
        const bool isRefused = record.reply && !record.reply->isPositive();
        const auto priority =
            isRefused ? Poco::Message::PRIO_NOTICE : Poco::Message::PRIO_INFORMATION;
        if (_logger.is(priority))
            log::write(_logger, priority, transactionLine(record), TransactionFields(record));
    }
    catch (...) // NOLINT(bugprone-empty-catch): see the header
    {
    }
}

} // namespace mpsmtp::delivery

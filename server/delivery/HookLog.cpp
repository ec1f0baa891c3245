// What this is and its thread safety: HookLog.h.
#include "delivery/HookLog.h"

#include "log/Entry.h"
#include "smtp/Printable.h"

#include <mpsmtp/Reply.h>

#include <cstdint>
#include <string>

namespace mpsmtp::delivery
{

namespace
{

std::string replyText(const smtp::Reply& reply)
{
    if (reply.isSilent())
        return "no reply";
    std::string text = std::to_string(reply.code);
    text.append(" ").append(reply.enhanced).append(" ");
    smtp::appendPrintable(text, reply.text);
    return text;
}

std::string begin(const HookCall& call)
{
    std::string text = call.hook;
    if (!call.id.empty())
        text.append(" id=").append(call.id);
    else if (call.session)
        text.append(" client=").append(mpsmtp::detail::fromAbi(call.session->client_address));
    if (!call.recipient.empty())
    {
        text.append(" to=<");
        smtp::appendPrintable(text, call.recipient);
        text.append(">");
    }
    return text.append(": ");
}

Poco::Message::Priority priorityOf(AnswerKind kind) noexcept
{
    return kind == AnswerKind::Refusal ? Poco::Message::PRIO_INFORMATION
                                       : Poco::Message::PRIO_ERROR;
}

} // namespace

void logAnswer(const HookCall& call,
               AnswerKind kind,
               const smtp::Reply& reply,
               std::string_view detail,
               bool isSkipped)
{
    // Nothing is made for it: behind a commit, a lack of memory would defer a mail that is stored.
    if (kind == AnswerKind::Success)
        return;
    Poco::Logger& logger = call.handler.logger();
    const auto priority = priorityOf(kind);
    if (!logger.is(priority))
        return;
    const std::string told = replyText(reply);
    const std::string outcome = isSkipped ? "skipped" : "answered " + told;
    std::string text = begin(call);
    if (kind == AnswerKind::Refusal)
        text += "refused with " + told;
    else
        text += (kind == AnswerKind::Bug ? "the plugin has a bug: " : "failed: ") +
                smtp::printable(detail) + "; " + outcome;
    using log::Field;
    const auto client =
        call.session ? mpsmtp::detail::fromAbi(call.session->client_address) : std::string_view();
    log::write(logger,
               priority,
               text,
               log::Fields{{Field::Transaction, call.id},
                           {Field::Client, client},
                           {Field::Recipient, call.recipient},
                           {Field::Hook, call.hook},
                           {Field::Reply, isSkipped ? std::string_view() : told},
                           isSkipped ? log::FieldValue(Field::Code, std::string_view())
                                     : log::FieldValue(Field::Code, std::uint64_t{reply.code})});
}

} // namespace mpsmtp::delivery

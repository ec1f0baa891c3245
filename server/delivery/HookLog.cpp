// What this is and its thread safety: HookLog.h.
#include "delivery/HookLog.h"

#include "smtp/Printable.h"

#include <mpsmtp/Reply.h>

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
    const std::string outcome = isSkipped ? "skipped" : "answered " + replyText(reply);
    Poco::Logger& logger = call.handler.logger();
    switch (kind)
    {
    case AnswerKind::Success:
        return;
    case AnswerKind::Refusal:
        if (logger.information())
            logger.information(begin(call) + "refused with " + replyText(reply));
        return;
    case AnswerKind::Fault:
        logger.error(begin(call) + "failed: " + smtp::printable(detail) + "; " + outcome);
        return;
    case AnswerKind::Bug:
        logger.error(begin(call) + "the plugin has a bug: " + smtp::printable(detail) + "; " +
                     outcome);
    }
}

} // namespace mpsmtp::delivery

// What this is and its thread safety: HookLog.h.
#include "delivery/HookLog.h"

#include "smtp/Printable.h"

#include <string>

namespace mpsmtp::delivery
{

namespace
{

std::string replyText(const smtp::Reply& reply)
{
    std::string text = std::to_string(reply.code);
    text.append(" ").append(reply.enhanced).append(" ");
    smtp::appendPrintable(text, reply.text);
    return text;
}

std::string begin(const HookCall& call)
{
    return std::string(call.hook) + " id=" + std::string(call.id) + ": ";
}

} // namespace

void logAnswer(const HookCall& call,
               AnswerKind kind,
               const smtp::Reply& reply,
               std::string_view detail)
{
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
        logger.error(begin(call) + "failed: " + smtp::printable(detail) + "; answered " +
                     replyText(reply));
        return;
    case AnswerKind::Bug:
        logger.error(begin(call) + "the plugin has a bug: " + smtp::printable(detail) +
                     "; answered " + replyText(reply));
    }
}

} // namespace mpsmtp::delivery

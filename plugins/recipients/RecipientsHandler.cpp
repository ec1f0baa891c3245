#include "recipients/RecipientsHandler.h"

#include "common/Ascii.h"

#include <string>
#include <utility>
#include <vector>

namespace mpsmtp::recipients
{

namespace
{

[[nodiscard]] RecipientTable::Settings settingsOf(const Config& config)
{
    RecipientTable::Settings settings;
    settings.rules.isCaseSensitive = config.boolean("case_sensitive");
    settings.rules.separator = config.string("detail_separator");
    for (const std::string& domain : config.list("domains"))
        settings.domains.push_back(store::lowerAscii(domain));
    return settings;
}

} // namespace

RecipientsHandler::RecipientsHandler(const Context& context)
    : _file(context, context.config.string("file"), settingsOf(context.config)),
      _unknown(unknownVerdict(context.config.string("unknown")))
{
}

Verdict RecipientsHandler::unknownVerdict(const std::string& choice)
{
    if (choice == "continue")
        return Continue;
    if (choice == "defer")
        return Defer({450, "4.1.1", "User unknown for now, try again later"});
    return Reject(Reply::noSuchUser());
}

Verdict RecipientsHandler::refusal(const Reply& reply)
{
    return reply.code() < 500 ? Defer(reply) : Reject(reply);
}

Verdict
RecipientsHandler::onRcpt(Session& /*session*/, Envelope& /*envelope*/, NewRecipient& recipient)
{
    if (!RecipientTable::isJudged(recipient.domain(), _file.settings()))
        return Continue;
    const auto table = _file.table();
    const Answer* answer = table->find(recipient.localPart(), recipient.domain());
    if (!answer)
        return _unknown;
    if (answer->reply.code() != 0)
        return refusal(answer->reply);
    for (const std::string& target : answer->targets)
        recipient.redirect(target);
    return Accept;
}

} // namespace mpsmtp::recipients

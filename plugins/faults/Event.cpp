// What this is and its thread safety: Event.h.
#include "faults/Event.h"

#include "faults/Glob.h"
#include "faults/RuleVocabulary.h"

#include <algorithm>
#include <string_view>

namespace mpsmtp::faults
{

namespace
{

/// A recipient that fits: the one in question, or any of those accepted.
bool hasRecipient(const std::string& pattern, const Event& event)
{
    if (event.recipient)
        return fitsGlob(pattern, event.recipient->address());
    for (std::size_t i = 0; i < event.envelope->recipientCount(); ++i)
        if (fitsGlob(pattern, event.envelope->recipient(i).address()))
            return true;
    return false;
}

/// Without line ends and the blanks around it (RFC 5322 2.2.3).
std::string unfolded(std::string_view value)
{
    std::string text(value);
    const auto isLineEnd = [](char c) { return c == '\r' || c == '\n'; };
    text.erase(std::remove_if(text.begin(), text.end(), isLineEnd), text.end());
    text.erase(0, text.find_first_not_of(" \t"));
    text.erase(text.find_last_not_of(" \t") + 1);
    return text;
}

/// A field may be there several times; one that fits is enough.
bool hasHeader(const Conditions::HeaderPattern& wanted, const Message& message)
{
    for (std::size_t i = 0, count = message.headerCount(); i < count; ++i)
        if (const Header header = message.header(i);
            equalIgnoringCase(header.name, wanted.field) &&
            fitsGlob(wanted.pattern, unfolded(header.value)))
            return true;
    return false;
}

bool fitsMessage(const Conditions& conditions, const Message& message)
{
    return (!conditions.largerThan || message.size() > *conditions.largerThan) &&
           (!conditions.smallerThan || message.size() < *conditions.smallerThan) &&
           std::all_of(conditions.headers.begin(),
                       conditions.headers.end(),
                       [&](const auto& wanted) { return hasHeader(wanted, message); });
}

} // namespace

bool fits(const Conditions& conditions, const Event& event)
{
    return (!conditions.client || conditions.client->contains(event.session.clientAddress())) &&
           (!conditions.helo || fitsGlob(*conditions.helo, event.session.helo())) &&
           (!conditions.from || fitsGlob(*conditions.from, event.envelope->reversePath())) &&
           (!conditions.to || hasRecipient(*conditions.to, event)) &&
           (!event.message || fitsMessage(conditions, *event.message));
}

std::string describe(const Event& event)
{
    std::string text(nameOf(event.verb));
    if (event.recipient)
        text.append(" to=<").append(event.recipient->address()).append(">");
    else if (event.envelope)
        text.append(" from=<").append(event.envelope->reversePath()).append(">");
    else if (event.verb == Verb::Helo)
        text.append(" ").append(event.session.helo());
    text.append(" client=").append(event.session.clientAddress());
    if (event.envelope)
        text.append(" id=").append(event.envelope->id());
    return text;
}

} // namespace mpsmtp::faults

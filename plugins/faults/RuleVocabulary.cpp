// What this is and its thread safety: RuleVocabulary.h.
#include "faults/RuleVocabulary.h"

#include "faults/Glob.h"
#include "faults/RuleValues.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mpsmtp::faults
{

namespace
{

constexpr std::array<std::string_view, verbCount> verbNames{
    "connect", "helo", "mail", "rcpt", "data", "message"};

constexpr Verbs onMessage = bit(Verb::Message);
constexpr Verbs fromData = bit(Verb::Data) | onMessage;
constexpr Verbs fromRcpt = bit(Verb::Rcpt) | fromData;
constexpr Verbs fromMail = bit(Verb::Mail) | fromRcpt;
constexpr Verbs fromHelo = bit(Verb::Helo) | fromMail;
constexpr Verbs always = allVerbs;

template <class Value>
std::string stored(std::optional<Value> value, std::optional<Value>& place, const char* allowed)
{
    if (!value)
        return allowed;
    place = std::move(value);
    return {};
}

constexpr const char* countAllowed = "write a whole number from 1";
constexpr const char* octetsAllowed = "write octets, as in 500, 10K or 5M";

std::string readFrom(const RuleWord& word, Rule& rule)
{
    rule.conditions.from = word.value;
    return {};
}

std::string readTo(const RuleWord& word, Rule& rule)
{
    rule.conditions.to = word.value;
    return {};
}

std::string readHelo(const RuleWord& word, Rule& rule)
{
    rule.conditions.helo = word.value;
    return {};
}

std::string readClient(const RuleWord& word, Rule& rule)
{
    return stored(Network::parse(word.value),
                  rule.conditions.client,
                  "write an address, a network as in 192.0.2.0/24 or 2001:db8::/32, or unix");
}

std::string readSize(const RuleWord& word, Rule& rule)
{
    auto& place = word.sign == '>' ? rule.conditions.largerThan : rule.conditions.smallerThan;
    return stored(parseOctets(word.value), place, octetsAllowed);
}

/// Printable ASCII without a colon (RFC 5322 3.6.8).
std::string readHeader(const RuleWord& word, Rule& rule)
{
    const std::string field = word.name.substr(word.name.find('.') + 1);
    const auto isFieldOctet = [](char c) { return c > ' ' && c < '\x7F' && c != ':'; };
    if (field.empty() || !std::all_of(field.begin(), field.end(), isFieldOctet))
        return "write the name of a header field, as in header.Subject=*test*";
    rule.conditions.headers.push_back({field, word.value});
    return {};
}

std::string readNth(const RuleWord& word, Rule& rule)
{
    return stored(parseCount(word.value), rule.schedule.nth, countAllowed);
}

std::string readEvery(const RuleWord& word, Rule& rule)
{
    return stored(parseCount(word.value), rule.schedule.every, countAllowed);
}

std::string readFirst(const RuleWord& word, Rule& rule)
{
    return stored(parseCount(word.value), rule.schedule.first, countAllowed);
}

std::string readProbability(const RuleWord& word, Rule& rule)
{
    return stored(parseProbability(word.value),
                  rule.schedule.probability,
                  "write a number from 0 to 1, as in 0.25");
}

std::string readDelay(const RuleWord& word, Rule& rule)
{
    const auto delay = parseDelay(word.value);
    if (!delay)
        return "write a time of at most 24h, as in 250ms, 2s, 5m or 1h";
    rule.actions.delay = *delay;
    return {};
}

std::string readThrottle(const RuleWord& word, Rule& rule)
{
    const auto octets = parseOctets(word.value);
    if (!octets || *octets == 0)
        return "write octets a second from 1, as in 100 or 2K";
    rule.actions.octetsPerSecond = *octets;
    return {};
}

std::string end(Rule& rule, Actions::Ending ending)
{
    if (rule.actions.ending != Actions::Ending::None)
        return "write only one of reply, drop and discard";
    rule.actions.ending = ending;
    return {};
}

std::string readReply(const RuleWord& word, Rule& rule)
{
    std::string mistake;
    auto reply = parseReply(word.value, rule.verb, mistake);
    if (!reply)
        return mistake;
    rule.actions.reply = std::move(*reply);
    return end(rule, Actions::Ending::Reply);
}

std::string readDrop(const RuleWord&, Rule& rule)
{
    return end(rule, Actions::Ending::Drop);
}

std::string readDiscard(const RuleWord&, Rule& rule)
{
    return end(rule, Actions::Ending::Discard);
}

std::string readContinue(const RuleWord&, Rule&)
{
    return {};
}

constexpr std::array<WordSpec, 10> conditions{{{"client", "=", always, readClient},
                                               {"helo", "=", fromHelo, readHelo},
                                               {"from", "=", fromMail, readFrom},
                                               {"to", "=", fromRcpt, readTo},
                                               {"size", "<>", onMessage, readSize},
                                               {"header.", "=", onMessage, readHeader},
                                               {"nth", "=", always, readNth},
                                               {"every", "=", always, readEvery},
                                               {"first", "=", always, readFirst},
                                               {"probability", "=", always, readProbability}}};

constexpr std::array<WordSpec, 6> actions{{{"reply", "=", always, readReply},
                                           {"delay", "=", always, readDelay},
                                           {"drop", "", always, readDrop},
                                           {"throttle", "=", always, readThrottle},
                                           {"discard", "", onMessage, readDiscard},
                                           {"continue", "", always, readContinue}}};

constexpr Vocabulary allConditions{
    "condition", conditions.data(), conditions.data() + conditions.size()};
constexpr Vocabulary allActions{"action", actions.data(), actions.data() + actions.size()};

void append(std::string& list, std::string_view item)
{
    list.append(list.empty() ? "" : ", ").append(item);
}

} // namespace

std::string_view nameOf(Verb verb) noexcept
{
    return verbNames[static_cast<std::size_t>(verb)];
}

std::optional<Verb> verbOf(std::string_view name) noexcept
{
    const auto found = std::find(verbNames.begin(), verbNames.end(), name);
    if (found == verbNames.end())
        return std::nullopt;
    return static_cast<Verb>(found - verbNames.begin());
}

std::string namesOf(Verbs verbs)
{
    std::string list;
    for (std::size_t i = 0; i < verbCount; ++i)
        if ((verbs & (1U << i)) != 0)
            append(list, verbNames[i]);
    return list;
}

std::string WordSpec::form() const
{
    std::string text;
    for (const char sign : signs)
        append(text, std::string(name) + (name.back() == '.' ? "FIELD" : "") + sign + "…");
    return text.empty() ? std::string(name) : text;
}

const WordSpec* Vocabulary::find(std::string_view name) const noexcept
{
    const auto isIt = [name](const WordSpec& spec)
    {
        return spec.name.back() == '.'
                   ? equalIgnoringCase(name.substr(0, spec.name.size()), spec.name)
                   : name == spec.name;
    };
    const auto* found = std::find_if(first, last, isIt);
    return found == last ? nullptr : found;
}

std::string Vocabulary::formsOn(Verbs verbs) const
{
    std::string list;
    for (const auto* spec = first; spec != last; ++spec)
        if ((spec->verbs & verbs) != 0)
            append(list, spec->form());
    return list;
}

const Vocabulary& conditionWords() noexcept
{
    return allConditions;
}

const Vocabulary& actionWords() noexcept
{
    return allActions;
}

} // namespace mpsmtp::faults

#include "headers/HeadersHandler.h"

#include "headers/Folding.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace mpsmtp::headers
{

/// The edits of one message. The indices of its fields stay as they were until the hook returns.
class HeadersHandler::Editing
{
public:
    explicit Editing(Message& message)
        : _message(message), _edits(message.edits()), _isGone(message.headerCount(), false)
    {
    }

    void removeLike(const std::vector<std::string>& globs)
    {
        for (std::size_t i = 0; i < _isGone.size(); ++i)
        {
            const auto fits = [name = _message.header(i).name](const std::string& glob)
            { return matchesGlob(name, glob); };
            if (std::any_of(globs.begin(), globs.end(), fits))
                remove(i);
        }
    }

    /// One field of this name is left, where the first one was, or on top.
    void set(const std::string& name, const std::string& value)
    {
        bool isSet = false;
        for (std::size_t i = 0; i < _isGone.size(); ++i)
        {
            if (_isGone[i] || !isSameName(_message.header(i).name, name))
                continue;
            if (isSet)
                remove(i);
            else
                _edits.change(i, value);
            isSet = true;
        }
        if (!isSet)
            add(name, value);
    }

    /// On top, below what was added before: the order of the rules is the order of the fields.
    void add(const std::string& name, const std::string& value) { _edits.insert(0, name, value); }

private:
    void remove(std::size_t index)
    {
        _edits.remove(index);
        _isGone[index] = true;
    }

    Message& _message;
    Edits _edits;
    std::vector<bool> _isGone;
};

HeadersHandler::HeadersHandler(const Context& context)
    : _clock(context.clock), _rules(readRules(context.config))
{
}

Verdict HeadersHandler::onMessage(Session& /*session*/, Envelope& envelope, Message& message)
{
    Editing editing(message);
    editing.removeLike(_rules.removed);
    for (const FieldRule& rule : _rules.set)
        editing.set(rule.name, valueOf(rule, envelope));
    for (const FieldRule& rule : _rules.added)
        editing.add(rule.name, valueOf(rule, envelope));
    return Continue;
}

std::string HeadersHandler::valueOf(const FieldRule& rule, const Envelope& envelope) const
{
    return folded(rule.name, rule.value.expand(envelope, _clock));
}

} // namespace mpsmtp::headers

// What this is and its thread safety: OptionParser.h.
#include "app/OptionParser.h"

#include "app/Quoted.h"
#include "delivery/Suggestion.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace mpsmtp::app
{

namespace
{

/// "--name", "--name=value", "-n" or "-nvalue".
const OptionWord* findOption(const std::string& argument)
{
    const bool isLong = argument[1] == '-';
    const auto name = argument.substr(0, argument.find('='));
    const OptionWords& options = optionWords();
    const auto found =
        std::find_if(options.begin(),
                     options.end(),
                     [&](const OptionWord& each)
                     { return isLong ? each.name == name : each.letter == argument[1]; });
    return found == options.end() ? nullptr : &*found;
}

} // namespace

ReadArguments OptionParser::read()
{
    bool areOptionsOver = false;
    while (_next < _arguments.size() && !_read.isDecided())
    {
        const std::string& argument = _arguments[_next++];
        if (!areOptionsOver && argument == "--")
            areOptionsOver = true;
        else if (!areOptionsOver && argument.size() > 1 && argument.front() == '-')
            readOption(argument);
        else
            _read.words.push_back(argument);
    }
    return std::move(_read);
}

void OptionParser::fail(std::string text)
{
    if (_read.error.empty())
        _read.error = std::move(text);
}

void OptionParser::readOption(const std::string& argument)
{
    const OptionWord* option = findOption(argument);
    if (option == nullptr)
    {
        std::vector<std::string_view> names;
        for (const OptionWord& each : optionWords())
            names.push_back(each.name);
        const auto name = argument.substr(0, argument.find('='));
        fail("unknown option " + quoted(name) + delivery::didYouMean(name, names));
    }
    else if (const auto value = valueOf(*option, argument))
        apply(*option, *value);
}

std::optional<std::string> OptionParser::valueOf(const OptionWord& option,
                                                 const std::string& argument)
{
    const bool isLong = argument[1] == '-';
    const auto equals = argument.find('=');
    const bool isGlued = isLong ? equals != std::string::npos : argument.size() > 2;
    if (option.valueName.empty())
    {
        if (isGlued)
            fail("option " + std::string(option.name) + " takes no value");
        return isGlued ? std::nullopt : std::optional<std::string>("");
    }
    if (isGlued)
        return argument.substr(isLong ? equals + 1 : 2);
    if (_next < _arguments.size())
        return _arguments[_next++];
    fail("option " + std::string(option.name) + " needs a value: " + std::string(option.name) +
         " " + std::string(option.valueName));
    return std::nullopt;
}

void OptionParser::apply(const OptionWord& option, const std::string& value)
{
    if (!option.valueName.empty() && value.empty())
        return fail("option " + std::string(option.name) + " has an empty value");
    switch (option.id)
    {
    case OptionId::Config:
        setOnce(_read.line.configFile, option, value);
        break;
    case OptionId::Listen:
        if (!_read.line.address.empty())
            fail("option --listen is there twice; part addresses by commas");
        _read.line.address = value;
        break;
    case OptionId::Set:
        _read.line.settings.push_back(value);
        break;
    case OptionId::CheckConfig:
        setAction(Action::CheckConfig);
        break;
    case OptionId::ListPlugins:
        setAction(Action::ListPlugins);
        break;
    case OptionId::Explain:
        setAction(Action::Explain);
        setOnce(_read.line.explain.recipient, option, value);
        break;
    case OptionId::From:
        setOnce(_read.line.explain.sender, option, value);
        break;
    case OptionId::Client:
        setOnce(_read.line.explain.client, option, value);
        break;
    case OptionId::Listener:
        setOnce(_read.line.explain.listener, option, value);
        break;
    case OptionId::NewPlugin:
        setAction(Action::NewPlugin);
        setOnce(_read.line.newPlugin, option, value);
        break;
    case OptionId::TestHandler:
        setAction(Action::TestHandler);
        setOnce(_read.line.trial.handler, option, value);
        break;
    case OptionId::Rcpt:
        _read.line.trial.recipients.push_back(value);
        break;
    case OptionId::Message:
        setOnce(_read.line.trial.message, option, value);
        break;
    case OptionId::Verbose:
        _read.line.isVerbose = true;
        break;
    case OptionId::Help:
        _read.line.action = Action::Help;
        break;
    case OptionId::Version:
        _read.line.action = Action::Version;
        break;
    }
}

void OptionParser::setAction(Action action)
{
    if (_read.line.action != Action::Serve && _read.line.action != action)
        fail("--check-config, --list-plugins, --explain, --new-plugin and --test-handler exclude "
             "each other");
    _read.line.action = action;
}

void OptionParser::setOnce(std::string& target, const OptionWord& option, const std::string& value)
{
    if (!target.empty())
        fail("option " + std::string(option.name) + " is there twice");
    target = value;
}

} // namespace mpsmtp::app

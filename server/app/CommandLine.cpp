// What this is and its thread safety: CommandLine.h.
#include "app/CommandLine.h"

#include "app/ListenAddress.h"
#include "app/NewPlugin.h"
#include "delivery/Suggestion.h"
#include "delivery/Values.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

namespace mpsmtp::app
{

namespace
{

constexpr std::string_view debugHost = "localhost";
constexpr std::string_view debugPort = "8081";
constexpr std::string_view storeAddress = "localhost:8025";
constexpr const char* askers = "--explain ADDRESS or --test-handler NAME";

enum class OptionId
{
    Config,
    Listen,
    Set,
    CheckConfig,
    ListPlugins,
    Explain,
    From,
    Client,
    Listener,
    NewPlugin,
    TestHandler,
    Rcpt,
    Message,
    Verbose,
    Help,
    Version
};

struct OptionSpec
{
    OptionId id;
    std::string_view name;
    char letter;                ///< '\0': none
    std::string_view valueName; ///< "": takes no value
    std::string_view doc;       ///< what a shell shows beside it
};

constexpr std::array<OptionSpec, 16> optionTable{{
    {OptionId::Config, "--config", 'c', "FILE", "the configuration file"},
    {OptionId::Listen, "--listen", '\0', "HOST:PORT", "where to listen instead, without a file"},
    {OptionId::Set, "--set", '\0', "SECTION.KEY=VALUE", "override one key"},
    {OptionId::CheckConfig, "--check-config", '\0', "", "say whether the file is right"},
    {OptionId::ListPlugins, "--list-plugins", '\0', "", "show the plugins that are installed"},
    {OptionId::Explain, "--explain", '\0', "ADDRESS", "say which handlers would take a mail to it"},
    {OptionId::From, "--from", '\0', "SENDER", "the sender of that mail"},
    {OptionId::Client, "--client", '\0', "IP", "the client's address"},
    {OptionId::Listener, "--listener", '\0', "NAME", "the listener that the client came to"},
    {OptionId::NewPlugin, "--new-plugin", '\0', "NAME DIR", "write a project for a plugin"},
    {OptionId::TestHandler, "--test-handler", '\0', "NAME", "run one mail through one handler"},
    {OptionId::Rcpt, "--rcpt", '\0', "ADDRESS", "a recipient of that mail"},
    {OptionId::Message, "--message", '\0', "FILE", "the file with that mail"},
    {OptionId::Verbose, "--verbose", 'v', "", "show the plugins' options too"},
    {OptionId::Help, "--help", 'h', "", "show the options"},
    {OptionId::Version, "--version", 'V', "", "show the version"},
}};

struct CommandSpec
{
    Command command;
    std::string_view name;
    std::string_view pathName; ///< "": takes no path
    std::string_view doc;
};

constexpr std::array<CommandSpec, 4> commandTable{{
    {Command::Debug, "debug", "", "print each mail in full"},
    {Command::Mh, "mh", "DIR", "store mail in MH folders"},
    {Command::Maildir, "maildir", "DIR", "store mail in maildirs"},
    {Command::Mbox, "mbox", "FILE", "append all mail to one mbox"},
}};

std::string quoted(std::string_view text)
{
    return "\"" + std::string(text) + "\"";
}

bool isNumber(std::string_view text) noexcept
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

class Parser
{
public:
    explicit Parser(const std::vector<std::string>& arguments) : _arguments(arguments) {}

    std::variant<CommandLine, UsageError> parse();

private:
    void parseOption(const std::string& argument);
    const OptionSpec* findOption(const std::string& argument) const;
    std::optional<std::string> valueOf(const OptionSpec& option, const std::string& argument);
    void apply(const OptionSpec& option, const std::string& value);
    void setAction(Action action);
    void setOnce(std::string& target, const OptionSpec& option, const std::string& value);
    void checkMail();
    void interpretWords();
    void interpretNewPlugin();
    void interpretFile();
    void interpretDebug();
    void interpretStore(const CommandSpec& command);
    void checkAddress();
    void fail(std::string text);

    /// --help and --version answer at once, whatever else is there.
    bool isDecided() const noexcept
    {
        return !_error.empty() || _result.action == Action::Help ||
               _result.action == Action::Version;
    }

    const std::vector<std::string>& _arguments;
    std::size_t _next = 0;
    std::vector<std::string> _words;
    std::string _error;
    CommandLine _result;
};

std::variant<CommandLine, UsageError> Parser::parse()
{
    bool areOptionsOver = false;
    while (_next < _arguments.size() && !isDecided())
    {
        const std::string& argument = _arguments[_next++];
        if (!areOptionsOver && argument == "--")
            areOptionsOver = true;
        else if (!areOptionsOver && argument.size() > 1 && argument.front() == '-')
            parseOption(argument);
        else
            _words.push_back(argument);
    }
    if (!isDecided())
        interpretWords();
    if (!_error.empty())
        return UsageError{_error};
    return std::move(_result);
}

void Parser::fail(std::string text)
{
    if (_error.empty())
        _error = std::move(text);
}

/// "--name", "--name=value", "-n" or "-nvalue".
const OptionSpec* Parser::findOption(const std::string& argument) const
{
    const bool isLong = argument[1] == '-';
    const auto name = argument.substr(0, argument.find('='));
    const auto found =
        std::find_if(optionTable.begin(),
                     optionTable.end(),
                     [&](const OptionSpec& each)
                     { return isLong ? each.name == name : each.letter == argument[1]; });
    return found == optionTable.end() ? nullptr : &*found;
}

void Parser::parseOption(const std::string& argument)
{
    const OptionSpec* option = findOption(argument);
    if (option == nullptr)
    {
        std::vector<std::string_view> names;
        for (const OptionSpec& each : optionTable)
            names.push_back(each.name);
        const auto name = argument.substr(0, argument.find('='));
        fail("unknown option " + quoted(name) + delivery::didYouMean(name, names));
    }
    else if (const auto value = valueOf(*option, argument))
        apply(*option, *value);
}

std::optional<std::string> Parser::valueOf(const OptionSpec& option, const std::string& argument)
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

void Parser::apply(const OptionSpec& option, const std::string& value)
{
    if (!option.valueName.empty() && value.empty())
        return fail("option " + std::string(option.name) + " has an empty value");
    switch (option.id)
    {
    case OptionId::Config:
        setOnce(_result.configFile, option, value);
        break;
    case OptionId::Listen:
        if (!_result.address.empty())
            fail("option --listen is there twice; part addresses by commas");
        _result.address = value;
        break;
    case OptionId::Set:
        _result.settings.push_back(value);
        break;
    case OptionId::CheckConfig:
        setAction(Action::CheckConfig);
        break;
    case OptionId::ListPlugins:
        setAction(Action::ListPlugins);
        break;
    case OptionId::Explain:
        setAction(Action::Explain);
        setOnce(_result.explain.recipient, option, value);
        break;
    case OptionId::From:
        setOnce(_result.explain.sender, option, value);
        break;
    case OptionId::Client:
        setOnce(_result.explain.client, option, value);
        break;
    case OptionId::Listener:
        setOnce(_result.explain.listener, option, value);
        break;
    case OptionId::NewPlugin:
        setAction(Action::NewPlugin);
        setOnce(_result.newPlugin, option, value);
        break;
    case OptionId::TestHandler:
        setAction(Action::TestHandler);
        setOnce(_result.trial.handler, option, value);
        break;
    case OptionId::Rcpt:
        _result.trial.recipients.push_back(value);
        break;
    case OptionId::Message:
        setOnce(_result.trial.message, option, value);
        break;
    case OptionId::Verbose:
        _result.isVerbose = true;
        break;
    case OptionId::Help:
        _result.action = Action::Help;
        break;
    case OptionId::Version:
        _result.action = Action::Version;
        break;
    }
}

void Parser::setAction(Action action)
{
    if (_result.action != Action::Serve && _result.action != action)
        fail("--check-config, --list-plugins, --explain, --new-plugin and --test-handler exclude "
             "each other");
    _result.action = action;
}

void Parser::setOnce(std::string& target, const OptionSpec& option, const std::string& value)
{
    if (!target.empty())
        fail("option " + std::string(option.name) + " is there twice");
    target = value;
}

/// Which words about a mail --explain and --test-handler take, and which the latter needs.
void Parser::checkMail()
{
    const bool isExplain = _result.action == Action::Explain;
    const bool isTrial = _result.action == Action::TestHandler;
    const ExplainRequest& asked = _result.explain;
    TrialRequest& trial = _result.trial;
    for (const auto& [word, isThere, isTaken, owner] :
         {std::tuple("--from", !asked.sender.empty(), isExplain || isTrial, askers),
          std::tuple("--client", !asked.client.empty(), isExplain || isTrial, askers),
          std::tuple("--listener", !asked.listener.empty(), isExplain, "--explain ADDRESS"),
          std::tuple("--rcpt", !trial.recipients.empty(), isTrial, "--test-handler NAME"),
          std::tuple("--message", !trial.message.empty(), isTrial, "--test-handler NAME")})
        if (isThere && !isTaken)
            fail("option " + std::string(word) + " belongs to " + owner);
    for (const auto& [word, isThere] : {std::pair("--config FILE", !_result.configFile.empty()),
                                        std::pair("--from SENDER", !asked.sender.empty()),
                                        std::pair("--rcpt ADDRESS", !trial.recipients.empty()),
                                        std::pair("--message FILE", !trial.message.empty())})
        if (isTrial && !isThere)
            fail("--test-handler needs " + std::string(word));
    if (isTrial)
    {
        trial.sender = std::exchange(_result.explain.sender, {});
        trial.client = std::exchange(_result.explain.client, {});
    }
}

void Parser::interpretWords()
{
    checkMail();
    if (_result.action == Action::NewPlugin)
        return interpretNewPlugin();
    if (!_result.configFile.empty())
        return interpretFile();
    if (_result.action == Action::CheckConfig)
        return fail("--check-config needs the file to check: --config FILE");
    if (_result.action == Action::Explain)
        return fail("--explain needs the file with the routes: --config FILE");
    if (_words.empty())
    {
        if (_result.address.empty())
            _result.address = joinHostPort(debugHost, debugPort);
        return checkAddress();
    }
    const auto& word = _words.front();
    const auto command = std::find_if(commandTable.begin(),
                                      commandTable.end(),
                                      [&](const CommandSpec& each) { return each.name == word; });
    if (command == commandTable.end())
    {
        std::vector<std::string_view> names;
        for (const CommandSpec& each : commandTable)
            names.push_back(each.name);
        const bool isFile = word.find_first_of("/.") != std::string::npos;
        return fail("unknown command " + quoted(word) +
                    (isFile ? "; a configuration is given with --config FILE"
                            : delivery::didYouMean(word, names)));
    }
    _result.command = command->command;
    if (command->command == Command::Debug)
        interpretDebug();
    else
        interpretStore(*command);
    checkAddress();
}

void Parser::interpretNewPlugin()
{
    if (const auto text = newPluginNameProblem(_result.newPlugin); !text.empty())
        return fail(text);
    if (!_result.configFile.empty() || !_result.address.empty() || !_result.settings.empty())
        return fail("--new-plugin configures nothing: leave out the other options");
    if (_words.size() != 1 || _words[0].empty())
        return fail(std::string(_words.size() > 1 ? "too many words: " : "where to? ") +
                    "mpsmtpd --new-plugin " + _result.newPlugin + " DIR");
    _result.path = _words[0];
}

void Parser::interpretFile()
{
    _result.command = Command::File;
    if (!_words.empty())
        fail("a command and --config exclude each other: leave out " + quoted(_words.front()) +
             " or --config");
    if (!_result.address.empty())
        fail("--listen and --config exclude each other; use --set listener:NAME.address=HOST:PORT");
}

/// debug [HOST] [PORT]; a lone number is the port.
void Parser::interpretDebug()
{
    if (_words.size() > 3)
        return fail("too many words: mpsmtpd debug [HOST] [PORT]");
    if (_words.size() > 1 && !_result.address.empty())
        return fail("--listen and debug HOST PORT exclude each other");
    if (!_result.address.empty())
        return;
    const bool isLonePort = _words.size() == 2 && isNumber(_words[1]);
    const std::string_view host = _words.size() > 1 && !isLonePort ? _words[1] : debugHost;
    const std::string_view port = _words.size() > 1 && (isLonePort || _words.size() == 3)
                                      ? std::string_view(_words.back())
                                      : debugPort;
    _result.address = joinHostPort(host, port);
}

void Parser::interpretStore(const CommandSpec& command)
{
    const std::string usage =
        "mpsmtpd " + std::string(command.name) + " " + std::string(command.pathName);
    if (_words.size() != 2 || _words[1].empty())
        return fail(std::string(_words.size() > 2 ? "too many words: " : "where to? ") + usage);
    _result.path = _words[1];
    if (_result.address.empty())
        _result.address = storeAddress;
}

void Parser::checkAddress()
{
    for (const auto address : delivery::parseList(_result.address))
        if (const auto text = listenAddressProblem(address); !text.empty())
            fail(text);
}

} // namespace

const std::vector<OptionWord>& optionWords()
{
    static const std::vector<OptionWord> words = []
    {
        std::vector<OptionWord> all;
        for (const OptionSpec& each : optionTable)
            all.push_back({each.name,
                           each.letter,
                           each.valueName,
                           each.doc,
                           each.id == OptionId::Set || each.id == OptionId::Rcpt});
        return all;
    }();
    return words;
}

const std::vector<CommandWord>& commandWords()
{
    static const std::vector<CommandWord> words = []
    {
        std::vector<CommandWord> all;
        for (const CommandSpec& each : commandTable)
            all.push_back({each.name, each.pathName, each.doc});
        return all;
    }();
    return words;
}

std::variant<CommandLine, UsageError> parseCommandLine(const std::vector<std::string>& arguments)
{
    return Parser(arguments).parse();
}

} // namespace mpsmtp::app

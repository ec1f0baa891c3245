// What this is and its thread safety: CommandLine.h.
#include "app/CommandLine.h"

#include "app/CommandWords.h"
#include "app/ListenAddress.h"
#include "app/NewPlugin.h"
#include "app/OptionParser.h"
#include "app/Quoted.h"
#include "delivery/Suggestion.h"
#include "delivery/Values.h"

#include <algorithm>
#include <string_view>
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

bool isNumber(std::string_view text) noexcept
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What the words say together: which of them exclude each other, which are missing, what is meant where nothing is said.
class Meaning
{
public:
    /// Both must outlive it.
    Meaning(CommandLine& line, const std::vector<std::string>& words) : _result(line), _words(words)
    {
    }

    /// \return the first mistake, or ""
    [[nodiscard]] std::string find();

private:
    void checkMail();
    void interpret();
    void interpretNewPlugin();
    void interpretFile();
    void interpretDebug();
    void interpretStore(const CommandWord& command);
    void checkAddress();
    void fail(std::string text);

    CommandLine& _result;
    const std::vector<std::string>& _words;
    std::string _error;
};

std::string Meaning::find()
{
    checkMail();
    interpret();
    return std::move(_error);
}

void Meaning::fail(std::string text)
{
    if (_error.empty())
        _error = std::move(text);
}

/// Which words about a mail --explain and --test-handler take, and which the latter needs.
void Meaning::checkMail()
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

void Meaning::interpret()
{
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
    const CommandWords& commands = commandWords();
    const auto command = std::find_if(commands.begin(),
                                      commands.end(),
                                      [&](const CommandWord& each) { return each.name == word; });
    if (command == commands.end())
    {
        std::vector<std::string_view> names;
        for (const CommandWord& each : commands)
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

void Meaning::interpretNewPlugin()
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

void Meaning::interpretFile()
{
    _result.command = Command::File;
    if (!_words.empty())
        fail("a command and --config exclude each other: leave out " + quoted(_words.front()) +
             " or --config");
    if (!_result.address.empty())
        fail("--listen and --config exclude each other; use --set listener:NAME.address=HOST:PORT");
}

/// debug [HOST] [PORT]; a lone number is the port.
void Meaning::interpretDebug()
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

void Meaning::interpretStore(const CommandWord& command)
{
    const std::string usage =
        "mpsmtpd " + std::string(command.name) + " " + std::string(command.pathName);
    if (_words.size() != 2 || _words[1].empty())
        return fail(std::string(_words.size() > 2 ? "too many words: " : "where to? ") + usage);
    _result.path = _words[1];
    if (_result.address.empty())
        _result.address = storeAddress;
}

void Meaning::checkAddress()
{
    for (const auto address : delivery::parseList(_result.address))
        if (const auto text = listenAddressProblem(address); !text.empty())
            fail(text);
}

} // namespace

std::variant<CommandLine, UsageError> parseCommandLine(const std::vector<std::string>& arguments)
{
    ReadArguments read = OptionParser(arguments).read();
    if (!read.isDecided())
        read.error = Meaning(read.line, read.words).find();
    if (!read.error.empty())
        return UsageError{std::move(read.error)};
    return std::move(read.line);
}

} // namespace mpsmtp::app

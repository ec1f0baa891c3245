// The command line as values. Pure: prints nothing, opens nothing.
//
// An own parser and a plain main(), not Poco::Util::ServerApplication. That one brings --daemon and
// --pidfile, which fork before a word of the configuration is read and so answer 0 for a broken
// one; it takes abbreviations of options silently; it has no commands with words of their own
// (`debug HOST PORT`); it ends with 78 where 64 is meant (sysexits.h); and it installs handlers
// that turn a crash into abort() without a useful core.
//
// Here is what goes with what. The words are in CommandWords, one after another they are read by
// OptionParser.
//
// Thread safety: [any].
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace mpsmtp::app
{

enum class Action
{
    Serve,
    CheckConfig,
    ListPlugins,
    Explain,
    NewPlugin,
    TestHandler,
    Help,
    Version
};

/// What is served; all but the first need no file.
enum class Command
{
    File,    ///< --config FILE
    Summary, ///< no word at all: one line for each mail
    Debug,   ///< debug [HOST] [PORT]: each mail in full
    Mh,      ///< mh DIR
    Maildir, ///< maildir DIR
    Mbox     ///< mbox FILE
};

/// One mail that --explain asks about; "" where an option was not given.
struct ExplainRequest
{
    std::string recipient;
    std::string sender;   ///< --from; default: the null reverse-path
    std::string client;   ///< --client; default: 127.0.0.1
    std::string listener; ///< --listener; default: the first of the file
};

/// One mail for the handler of --test-handler; "" where an option was not given.
struct TrialRequest
{
    std::string handler; ///< NAME of [handler:NAME]
    std::string sender;  ///< "<>": the null reverse-path
    std::vector<std::string> recipients;
    std::string message; ///< a file, or "-": standard input
    std::string client;  ///< --client; default: 127.0.0.1
};

struct CommandLine
{
    Action action = Action::Serve;
    Command command = Command::Summary;
    std::string configFile;            ///< of Command::File
    std::string path;                  ///< DIR or FILE
    std::string address;               ///< as in [listener:NAME]; "" with Command::File
    std::vector<std::string> settings; ///< of --set, in order
    ExplainRequest explain;            ///< of Action::Explain
    std::string newPlugin;             ///< type of --new-plugin; `path` is its folder
    TrialRequest trial;                ///< of Action::TestHandler
    bool isVerbose = false;            ///< -v: --list-plugins shows the options too
};

/// A command line that cannot be understood: exit 64 with this sentence.
struct UsageError
{
    std::string text;
};

/// `arguments` is argv without the program's name.
[[nodiscard]] std::variant<CommandLine, UsageError>
parseCommandLine(const std::vector<std::string>& arguments);

} // namespace mpsmtp::app

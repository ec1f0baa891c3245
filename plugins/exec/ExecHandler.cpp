#include "exec/ExecHandler.h"

#include "common/Ascii.h"
#include "exec/CommandLine.h"
#include "exec/ExitStatus.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mpsmtp::exec
{

namespace
{

constexpr std::array<std::string_view, 9> ownNames{"SENDER",
                                                   "RECIPIENT",
                                                   "RECIPIENTS",
                                                   "CLIENT_ADDRESS",
                                                   "CLIENT_HELO",
                                                   "TRANSACTION_ID",
                                                   "SIZE",
                                                   "LISTENER",
                                                   "AUTH_IDENTITY"};

/// Letters, digits and '_', no digit first (POSIX.1 8.1), and not one of ours.
[[nodiscard]] bool mayPassOn(std::string_view name) noexcept
{
    const auto isNameOctet = [](char c)
    {
        const char lower = store::lowerAscii(c);
        return (lower >= 'a' && lower <= 'z') || store::isDigit(c) || c == '_';
    };
    return !name.empty() && !store::isDigit(name[0]) &&
           std::all_of(name.begin(), name.end(), isNameOctet) &&
           std::find(ownNames.begin(), ownNames.end(), name) == ownNames.end();
}

/// One line without NUL, whatever a client sent.
[[nodiscard]] std::string safe(std::string_view text)
{
    std::string out(text);
    std::replace_if(out.begin(), out.end(), store::isControl, '?');
    return out;
}

[[nodiscard]] bool isFolder(const std::string& path) noexcept
{
    struct stat status
    {
    };

    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// What keeps a program from being run, or "".
[[nodiscard]] std::string mistakeOf(const std::string& path)
{
    struct stat status
    {
    };

    if (path.empty() || path[0] != '/')
        return "begin with the program's absolute path";
    if (::stat(path.c_str(), &status) != 0)
        return path + ": " + std::generic_category().message(errno);
    if (!S_ISREG(status.st_mode) || ::access(path.c_str(), X_OK) != 0)
        return path + " is no file that may be run";
    return {};
}

[[nodiscard]] std::optional<int> exitStatusIn(const std::string& text) noexcept
{
    constexpr int highest = 255;
    int value = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    const bool isOne =
        result.ec == std::errc() && result.ptr == end && value >= 0 && value <= highest;
    return isOne ? std::optional<int>(value) : std::nullopt;
}

} // namespace

/// Reads the options that can be wrong, and collects what is.
class ExecHandler::Mistakes
{
public:
    [[nodiscard]] std::vector<std::string> command(const std::string& text)
    {
        try
        {
            auto words = splitCommand(text);
            if (const auto mistake = mistakeOf(words.empty() ? "" : words[0]); !mistake.empty())
                add("command: " + mistake);
            return words;
        }
        catch (const std::invalid_argument& error)
        {
            add(std::string("command: ") + error.what());
            return {};
        }
    }

    [[nodiscard]] std::string directory(std::string path)
    {
        if (!isFolder(path))
            add("directory: " + path + " is no folder");
        return path;
    }

    [[nodiscard]] std::chrono::milliseconds timeout(std::chrono::milliseconds time)
    {
        if (time.count() <= 0)
            add("timeout: write more than 0");
        return time;
    }

    /// Read once: getenv is for the time before there are threads.
    [[nodiscard]] std::vector<std::string> environment(const std::vector<std::string>& names)
    {
        std::vector<std::string> variables;
        for (const std::string& name : names)
        {
            if (!mayPassOn(name))
                add("environment: \"" + name +
                    "\" is no name of a variable, or one that exec sets");
            else if (const char* value = std::getenv(name.c_str())) // NOLINT(concurrency-mt-unsafe)
                variables.push_back(name + "=" + value);
        }
        return variables;
    }

    [[nodiscard]] std::vector<int> successes(const std::vector<std::string>& items)
    {
        std::vector<int> statuses;
        for (const std::string& item : items)
            if (const auto status = exitStatusIn(item))
                statuses.push_back(*status);
            else
                add("success: \"" + item + "\" is not an exit status from 0 to 255");
        return statuses;
    }

    void check() const
    {
        if (!_text.empty())
            throw std::runtime_error(_text);
    }

private:
    void add(const std::string& text) { _text.append(_text.empty() ? "" : "\n").append(text); }

    std::string _text; // one a line
};

ExecHandler::ExecHandler(const Context& context)
    : _log(context.log),
      _clock(context.clock),
      _isForEachRecipient(context.config.string("per") == "recipient")
{
    const Config& config = context.config;
    Mistakes mistakes;
    _program.arguments = mistakes.command(config.string("command"));
    _program.directory = mistakes.directory(config.string("directory"));
    _program.hasInput = config.string("input") == "message";
    _timeout = mistakes.timeout(config.duration("timeout"));
    _environment = mistakes.environment(config.list("environment"));
    _successes = mistakes.successes(config.list("success"));
    _form.lineEnding =
        config.string("line_ending") == "crlf" ? store::LineEnding::Crlf : store::LineEnding::Lf;
    _form.trace = config.boolean("trace");
    _form.deliveredTo = _form.trace;
    mistakes.check();
}

/// Goes on with the others when one fails for good, but not when one shall be tried again: in SMTP
/// the client will then send to all, so each run that is left out is one duplicate fewer.
Report ExecHandler::deliver(Envelope& envelope, const Recipients& recipients, Message& message)
{
    _leftovers.reap();
    Report report;
    Reply reply;
    for (std::size_t begin = 0; begin < recipients.size();)
    {
        const bool isInVain = reply.code() / 100 == 4 && !envelope.session().isLmtp();
        const Batch batch = nextBatch(recipients, begin);
        if (!isInVain)
            reply = run(envelope, recipients, batch, message);
        for (std::size_t i = batch.begin; reply.code() != 0 && i < batch.end; ++i)
            report.fail(i, reply);
        begin = batch.end;
    }
    return report;
}

ExecHandler::Batch ExecHandler::nextBatch(const Recipients& recipients, std::size_t begin) const
{
    if (_isForEachRecipient)
        return {begin, begin + 1};
    std::size_t end = begin;
    std::size_t octets = 0;
    while (end < recipients.size() && (end == begin || octets < mostRecipientOctets))
        octets += recipients[end++].address().size() + 1;
    return {begin, end};
}

Reply ExecHandler::run(const Envelope& envelope,
                       const Recipients& recipients,
                       Batch batch,
                       const Message& message)
{
    try
    {
        ProgramRun run(_program,
                       environmentOf(envelope, recipients, batch, message),
                       limitOf(envelope),
                       _clock,
                       _leftovers);
        if (_program.hasInput)
        {
            const Recipient first = recipients[batch.begin];
            const bool isOne = batch.end - batch.begin == 1; // one must not learn of the others
            store::MessageWriter(_form).write(envelope, isOne ? &first : nullptr, message, run);
        }
        run.finish();
        return outcome(envelope, run);
    }
    catch (const std::system_error& error)
    {
        logFailure(envelope, error.what());
        return Reply::defer();
    }
}

std::vector<std::string> ExecHandler::environmentOf(const Envelope& envelope,
                                                    const Recipients& recipients,
                                                    Batch batch,
                                                    const Message& message) const
{
    const Session session = envelope.session();
    std::vector<std::string> variables = _environment;
    const auto add = [&](const char* name, std::string_view value)
    { variables.push_back(std::string(name) + "=" + safe(value)); };
    add("SENDER", envelope.reversePath());
    add("CLIENT_ADDRESS", session.clientAddress());
    add("CLIENT_HELO", session.helo());
    add("TRANSACTION_ID", envelope.id());
    add("SIZE", std::to_string(message.size()));
    add("LISTENER", session.listener());
    add("AUTH_IDENTITY", session.authIdentity());
    if (batch.end - batch.begin == 1)
        add("RECIPIENT", recipients[batch.begin].address());
    std::string all;
    for (std::size_t i = batch.begin; i < batch.end; ++i)
        all.append(all.empty() ? "RECIPIENTS=" : "\n").append(safe(recipients[i].address()));
    variables.push_back(std::move(all));
    return variables;
}

/// The whole end, SIGKILL included, lies in front of the deadline.
TimeLimit ExecHandler::limitOf(const Envelope& envelope) const noexcept
{
    const auto deadline = envelope.deadline();
    const auto terminateAt = std::min(_clock.steady() + _timeout, deadline - termGrace);
    return {terminateAt, std::min(terminateAt + termGrace, deadline)};
}

Reply ExecHandler::outcome(const Envelope& envelope, const ProgramRun& run) const
{
    const int status = run.waitStatus();
    const bool hasExited = !run.isTimedOut() && WIFEXITED(status);
    if (hasExited &&
        std::find(_successes.begin(), _successes.end(), WEXITSTATUS(status)) != _successes.end())
        return {};
    std::string what =
        _program.arguments[0] + (run.isTimedOut() ? ": its time is over" : ": " + describe(status));
    if (const std::string text = run.errors().lastLines(); !text.empty())
        what += "; standard error: " + text;
    if (const std::string text = run.output().lastLines(); !text.empty())
        what += "; standard output: " + text;
    logFailure(envelope, what);
    return hasExited ? replyTo(WEXITSTATUS(status), run.output().firstLine()) : Reply::defer();
}

void ExecHandler::logFailure(const Envelope& envelope, const std::string& what) const
{
    _log.warning("id=" + std::string(envelope.id()) + " " + what);
}

} // namespace mpsmtp::exec

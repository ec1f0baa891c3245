// What this is and its thread safety: Logging.h.
#include "app/Logging.h"

#include "app/DaemonTarget.h"
#include "app/LogFormatter.h"

#include <Poco/Logger.h>

#include <system_error>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr const char* allLoggers = "";
constexpr const char* syslogSocket = "/dev/log"; // _PATH_LOG of the C library

/// \param Plain what is written unless JSON is wanted
template <class Plain>
std::unique_ptr<LogFormatter> makeFormatter(const LoggingConfig& config)
{
    if (config.format == LogFormat::Json)
        return std::make_unique<JsonLogFormatter>();
    return std::make_unique<Plain>();
}

} // namespace

bool isStandardErrorTheJournal(const std::string& journalStream) noexcept
{
    struct stat status = {};
    return !journalStream.empty() && ::fstat(STDERR_FILENO, &status) == 0 &&
           journalStream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

Logging::Logging(const LoggingConfig& config)
    : _target(config.target),
      _standardError(std::make_shared<LogOutput>()),
      _switch(new LogSwitch(makeTarget(config))),
      _repeats(new RepeatLimit(_switch, config.repeats))
{
    (void)Poco::Logger::root(); // setChannel() reaches loggers that exist; later ones copy the root
    Poco::Logger::setChannel(allLoggers, _repeats);
    setLevels(config);
}

Logging::~Logging()
{
    _repeats->flush();
    _switch->target()->tend();
    // Without a channel a logger drops its messages: threads that outlive main() do no harm.
    Poco::Logger::setChannel(allLoggers, nullptr);
}

/// The log on standard error, as the whole or as what is left when a daemon takes nothing.
Poco::AutoPtr<LogTarget> Logging::makeStandardError(const LoggingConfig& config,
                                                    std::shared_ptr<LogLoss> loss) const
{
    if (isStandardErrorTheJournal(config.journalStream))
        return new LineTarget(_standardError,
                              makeFormatter<BareLogFormatter>(config),
                              LineTarget::Prefix::Priority,
                              {},
                              std::move(loss));
    return new LineTarget(_standardError,
                          makeFormatter<TextLogFormatter>(config),
                          LineTarget::Prefix::None,
                          {},
                          std::move(loss));
}

Poco::AutoPtr<LogTarget> Logging::makeTarget(const LoggingConfig& config)
{
    std::shared_ptr<LogOutput> file;
    const bool isFile =
        config.target != "stderr" && config.target != "journal" && config.target != "syslog";
    // Beside a file it only complains: what the file has lost is told there.
    const Poco::AutoPtr<LogTarget> standardError =
        makeStandardError(config, isFile ? std::make_shared<LogLoss>() : _loss);
    Poco::AutoPtr<LogTarget> target = standardError;
    if (config.target == "journal" ||
        (config.target == "stderr" && isStandardErrorTheJournal(config.journalStream)))
        target = new JournalTarget(config.journalSocket, target, _loss);
    else if (config.target == "syslog")
        target =
            new SyslogTarget(syslogSocket, makeFormatter<BareLogFormatter>(config), target, _loss);
    else if (isFile)
    {
        file = _file && _file->path() == config.target ? _file
                                                       : std::make_shared<LogOutput>(config.target);
        target = new LineTarget(
            file, makeFormatter<TextLogFormatter>(config), LineTarget::Prefix::None, target, _loss);
    }
    _file = std::move(file);
    _complaints = standardError;
    return target;
}

/// Each logger at once to its own level, not by way of another. Those that come later copy the one above them, so those of
/// the channels are made now.
void Logging::setLevels(const LoggingConfig& config) const
{
    std::vector<std::string> names;
    for (const auto& [name, level] : config.levels)
        (void)Poco::Logger::get(name);
    Poco::Logger::names(names);
    // An int that POCO reads unlocked: another thread may judge one more line by the old level.
    for (const std::string& name : names)
        Poco::Logger::get(name).setLevel(config.levelOf(name));
}

void Logging::openAnew()
{
    if (const int error = _file->reopen(); error != 0)
        _loss->add(error);
}

void Logging::reopen()
{
    _wantsReopen = false;
    if (!_file)
        return;
    try
    {
        openAnew();
    }
    catch (const std::system_error& error)
    {
        _wantsReopen = true;
        // The old file is where nobody looks for it.
        _complaints->log({"server",
                          std::string(error.what()) + "; the old file stays in use",
                          Poco::Message::PRIO_ERROR});
        throw;
    }
}

void Logging::change(const LoggingConfig& config)
{
    const auto target = makeTarget(config);
    _switch->target()->tend(); // what it has lost it would not tell any more
    if (config.target != _target)
        _wantsReopen = false;
    _target = config.target;
    _switch->turnTo(target);
    _repeats->change(config.repeats);
    setLevels(config);
}

void Logging::tend()
{
    _repeats->tend();
    _switch->target()->tend();
    if (!_wantsReopen)
        return;
    try
    {
        openAnew();
        _wantsReopen = false;
        Poco::Logger::get("server").notice("the log is open anew, after all");
    }
    catch (const std::system_error&) // NOLINT(bugprone-empty-catch): was told when it was asked for
    {
    }
}

} // namespace mpsmtp::app

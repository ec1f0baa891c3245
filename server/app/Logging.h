// Sets POCO's loggers up from [logging], changes and takes them down:
//
//   Poco::Logger (level) → RepeatLimit → LogSwitch → a LogTarget
//
// Thread safety: [main]; the loggers themselves [any].
#pragma once

#include "app/Configuration.h"
#include "app/LogLoss.h"
#include "app/LogOutput.h"
#include "app/LogSwitch.h"
#include "app/RepeatLimit.h"

#include <Poco/AutoPtr.h>

#include <memory>
#include <string>

namespace mpsmtp::app
{

/// While it lives, every Poco::Logger writes to the configured target.
class Logging
{
public:
    /// \throws std::system_error if the log file cannot be opened
    explicit Logging(const LoggingConfig& config);
    Logging(const Logging&) = delete;
    Logging& operator=(const Logging&) = delete;
    ~Logging();

    /// For log rotation; see LogOutput::reopen(). If it fails, tend() tries again.
    /// \throws std::system_error
    void reopen();

    /// While other threads log. A target that stays is not opened anew.
    /// \throws std::system_error if the log file cannot be opened; all is then as it was
    void change(const LoggingConfig& config);

    /// To be called about once a second: says what was counted or lost, and opens a file that could not be opened before.
    void tend();

    /// tend() has, or will soon have, something to do.
    [[nodiscard]] bool needsTending() const noexcept
    {
        return _wantsReopen || _loss->isThere() || _repeats->isCounting();
    }

private:
    [[nodiscard]] Poco::AutoPtr<LogTarget> makeTarget(const LoggingConfig& config);
    [[nodiscard]] Poco::AutoPtr<LogTarget> makeStandardError(const LoggingConfig& config,
                                                             std::shared_ptr<LogLoss> loss) const;
    void setLevels(const LoggingConfig& config) const;
    void openAnew();

    std::string _target;
    const std::shared_ptr<LogLoss> _loss =
        std::make_shared<LogLoss>(); ///< of the log, wherever it goes
    std::shared_ptr<LogOutput> _standardError;
    Poco::AutoPtr<LogTarget> _complaints; ///< standard error, whatever the target is
    std::shared_ptr<LogOutput> _file;     ///< null unless the target is one
    bool _wantsReopen = false;
    Poco::AutoPtr<LogSwitch> _switch;
    Poco::AutoPtr<RepeatLimit> _repeats;
};

/// What `JOURNAL_STREAM` says ("8:12345") is what standard error is: it goes to the journal (systemd.exec(5)).
[[nodiscard]] bool isStandardErrorTheJournal(const std::string& journalStream) noexcept;

} // namespace mpsmtp::app

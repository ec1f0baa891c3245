// Sets POCO's loggers up from [logging], changes and takes them down. Thread safety: [main]; the
// loggers themselves [any].
#pragma once

#include "app/Configuration.h"
#include "app/LogOutput.h"
#include "app/LogSwitch.h"

#include <Poco/AutoPtr.h>

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

    /// For log rotation; see LogOutput::reopen().
    void reopen();

    /// While other threads log. A target that stays is not opened anew.
    /// \throws std::system_error if the log file cannot be opened; all is then as it was
    void change(const LoggingConfig& config);

private:
    void open(const std::string& target);

    std::string _target;
    Poco::AutoPtr<LogOutput> _output;    ///< null for syslog
    Poco::AutoPtr<Poco::Channel> _lines; ///< takes finished lines: _output or syslog
    Poco::AutoPtr<LogSwitch> _switch;
};

} // namespace mpsmtp::app

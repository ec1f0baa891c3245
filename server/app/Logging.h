// Sets POCO's loggers up from [logging] and takes them down. Thread safety: [main]; the loggers
// themselves [any].
#pragma once

#include "app/Configuration.h"
#include "app/LogOutput.h"

#include <Poco/AutoPtr.h>

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

private:
    Poco::AutoPtr<LogOutput> _output; ///< null for syslog
};

} // namespace mpsmtp::app

// Where log entries go in the end. A target is replaced as a whole when the configuration changes (LogSwitch).
// Thread safety: [any].
#pragma once

#include "app/LogFormatter.h"
#include "app/LogLoss.h"
#include "app/LogOutput.h"
#include "log/Entry.h"

#include <Poco/AutoPtr.h>

#include <atomic>
#include <memory>
#include <string>

namespace mpsmtp::app
{

class LogTarget : public log::EntryChannel
{
public:
    /// To be called about once a second: says what was lost, and finishes what was torn.
    virtual void tend() {}

protected:
    ~LogTarget() override = default;
};

/// Lines to a LogOutput. What cannot be written is counted, and told as soon as something can be written again: there is no
/// other way that neither stops mail nor fills the memory.
class LineTarget final : public LogTarget
{
public:
    enum class Prefix
    {
        None,
        Priority ///< "<6>" in front: journald reads it from the standard error of its services (sd-daemon(3))
    };

    /// \param alarm is told, once each time, when nothing can be written any more; may be null
    /// \param loss of this log, whatever targets it had before
    LineTarget(std::shared_ptr<LogOutput> output,
               std::unique_ptr<LogFormatter> formatter,
               Prefix prefix = Prefix::None,
               Poco::AutoPtr<log::EntryChannel> alarm = {},
               std::shared_ptr<LogLoss> loss = std::make_shared<LogLoss>());

    void write(const Poco::Message& message, const log::FieldSource* fields) override;
    void tend() override;

protected:
    ~LineTarget() override = default;

private:
    [[nodiscard]] int put(const Poco::Message& message, const log::FieldSource* fields);
    void lose(int error);
    void tellLost();

    const std::shared_ptr<LogOutput> _output;
    const std::unique_ptr<LogFormatter> _formatter;
    const Prefix _prefix;
    Poco::AutoPtr<log::EntryChannel> _alarm;
    const std::shared_ptr<LogLoss> _loss;
    std::atomic<bool> _isLosing{false}; ///< and has told the alarm so
};

/// syslog(3)'s levels, which are journald's.
[[nodiscard]] int syslogLevel(Poco::Message::Priority priority) noexcept;

/// What write() of a LogOutput or send() of a LogSocket returned, in words.
[[nodiscard]] std::string lossReason(int error);

} // namespace mpsmtp::app

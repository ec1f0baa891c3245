// The one channel that all loggers have, with a target behind it that can be changed. POCO's
// loggers read their channel without a lock, so it must stay the same while threads log.
// Thread safety: [any].
#pragma once

#include "app/LogTarget.h"

#include <Poco/AutoPtr.h>

#include <mutex>

namespace mpsmtp::app
{

class LogSwitch : public log::EntryChannel
{
public:
    explicit LogSwitch(Poco::AutoPtr<LogTarget> target) : _target(std::move(target)) {}

    void write(const Poco::Message& message, const log::FieldSource* fields) override
    {
        target()->write(message, fields);
    }

    /// Lines that are being written meanwhile go to either of the two. Who writes the last one to
    /// the old target closes it.
    void turnTo(Poco::AutoPtr<LogTarget> target)
    {
        const std::lock_guard lock(_mutex);
        _target.swap(target);
    }

    [[nodiscard]] Poco::AutoPtr<LogTarget> target()
    {
        const std::lock_guard lock(_mutex);
        return _target;
    }

protected:
    ~LogSwitch() override = default;

private:
    std::mutex _mutex; // guards _target
    Poco::AutoPtr<LogTarget> _target;
};

} // namespace mpsmtp::app

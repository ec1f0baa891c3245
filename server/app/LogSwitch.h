// The one channel that all loggers have, with another channel behind it that can be changed. POCO's
// loggers read their channel without a lock, so it must stay the same while threads log.
// Thread safety: [any].
#pragma once

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Message.h>

#include <mutex>

namespace mpsmtp::app
{

class LogSwitch : public Poco::Channel
{
public:
    explicit LogSwitch(Poco::AutoPtr<Poco::Channel> target) : _target(std::move(target)) {}

    void log(const Poco::Message& message) override { target()->log(message); }

    /// Lines that are being written meanwhile go to either of the two. Who writes the last one to
    /// the old target closes it.
    void turnTo(Poco::AutoPtr<Poco::Channel> target)
    {
        const std::lock_guard lock(_mutex);
        _target.swap(target);
    }

protected:
    ~LogSwitch() override = default;

private:
    [[nodiscard]] Poco::AutoPtr<Poco::Channel> target()
    {
        const std::lock_guard lock(_mutex);
        return _target;
    }

    std::mutex _mutex; // guards _target
    Poco::AutoPtr<Poco::Channel> _target;
};

} // namespace mpsmtp::app

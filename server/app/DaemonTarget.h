// Log entries to a daemon that takes datagrams, journald or syslog's; when there is none, to another target. Both the going and
// the coming back are told.
// Thread safety: [any].
#pragma once

#include "app/LogSocket.h"
#include "app/LogTarget.h"

#include <Poco/AutoPtr.h>

#include <atomic>
#include <memory>
#include <string>

namespace mpsmtp::app
{

class DaemonTarget : public LogTarget
{
public:
    void write(const Poco::Message& message, const log::FieldSource* fields) override;
    void tend() override;

protected:
    /// \param fallback takes what the daemon does not
    /// \param loss what neither took
    DaemonTarget(std::string path,
                 LogSocket::Large large,
                 const char* name,
                 Poco::AutoPtr<LogTarget> fallback,
                 std::shared_ptr<LogLoss> loss)
        : _socket(std::move(path), large),
          _name(name),
          _fallback(std::move(fallback)),
          _loss(std::move(loss))
    {
    }

    ~DaemonTarget() override = default;

    [[nodiscard]] virtual std::string datagram(const Poco::Message& message,
                                               const log::FieldSource* fields) const = 0;

private:
    void tellGone(int error);
    void tellBack();

    LogSocket _socket;
    const char* const _name; ///< in sentences: "the journal"
    Poco::AutoPtr<LogTarget> _fallback;
    const std::shared_ptr<LogLoss> _loss;
    std::atomic<bool> _isGone{false};
};

/// journald, by its native protocol.
class JournalTarget final : public DaemonTarget
{
public:
    JournalTarget(std::string path,
                  Poco::AutoPtr<LogTarget> fallback,
                  std::shared_ptr<LogLoss> loss = std::make_shared<LogLoss>())
        : DaemonTarget(std::move(path),
                       LogSocket::Large::Sealed,
                       "the journal",
                       std::move(fallback),
                       std::move(loss))
    {
    }

protected:
    ~JournalTarget() override = default;

    [[nodiscard]] std::string datagram(const Poco::Message& message,
                                       const log::FieldSource* fields) const override;
};

/// `<22>Nov 22 02:15:00 mpsmtpd[123]: net: text`, as syslog(3) writes it. That function is not used: it waits for a daemon
/// that hangs for as long as it hangs, with the C library's lock held, and with it would wait every thread.
class SyslogTarget final : public DaemonTarget
{
public:
    SyslogTarget(std::string path,
                 std::unique_ptr<LogFormatter> formatter,
                 Poco::AutoPtr<LogTarget> fallback,
                 std::shared_ptr<LogLoss> loss = std::make_shared<LogLoss>())
        : DaemonTarget(std::move(path),
                       LogSocket::Large::Refused,
                       "syslog",
                       std::move(fallback),
                       std::move(loss)),
          _formatter(std::move(formatter))
    {
    }

protected:
    ~SyslogTarget() override = default;

    [[nodiscard]] std::string datagram(const Poco::Message& message,
                                       const log::FieldSource* fields) const override;

private:
    const std::unique_ptr<LogFormatter> _formatter;
};

} // namespace mpsmtp::app

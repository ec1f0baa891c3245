// What this is and its thread safety: ServiceManager.h.
#include "app/ServiceManager.h"

#include <Poco/Logger.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

using std::chrono::microseconds;

/// For a manager that does not read: it holds us up once.
constexpr timeval longestSend{2, 0};

constexpr std::chrono::milliseconds leastPatience(2000);

/// Removes the variable and says what it was.
std::string takeVariable(const char* name)
{
    const char* const value = std::getenv(name); // before any thread exists
    const std::string text = value == nullptr ? "" : value;
    ::unsetenv(name);
    return text;
}

/// 0 for what is no number.
long long number(const std::string& text) noexcept
{
    long long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

std::string monotonicMicroseconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000);
}

std::string line(const char* name, const std::string& value)
{
    return name + ("=" + value) + '\n';
}

std::string line(const char* name, microseconds value)
{
    return line(name, std::to_string(value.count()));
}

/// A line end would begin another assignment.
std::string oneLine(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return text;
}

/// The length of the address, or 0 for what is none.
socklen_t fill(sockaddr_un& address, const std::string& name) noexcept
{
    address.sun_family = AF_UNIX;
    if (name.size() < 2 || name.size() >= sizeof address.sun_path ||
        (name[0] != '/' && name[0] != '@'))
        return 0;
    name.copy(address.sun_path, name.size());
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
}

/// \param mayWait for a manager that has much to read
/// \return 0, or errno
int sendDatagram(const std::string& name, const std::string& text, bool mayWait) noexcept
{
    sockaddr_un address{};
    const socklen_t length = fill(address, name);
    if (length == 0)
        return EAFNOSUPPORT;
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longestSend, sizeof longestSend);
    const int flags = MSG_NOSIGNAL | (mayWait ? 0 : MSG_DONTWAIT);
    const auto* const target = reinterpret_cast<const sockaddr*>(&address);
    const int error = ::sendto(fd, text.data(), text.size(), flags, target, length) < 0 ? errno : 0;
    ::close(fd);
    return error;
}

} // namespace

ServiceManager ServiceManager::take()
{
    std::string socket = takeVariable("NOTIFY_SOCKET");
    const auto watchdog = number(takeVariable("WATCHDOG_USEC"));
    const std::string process = takeVariable("WATCHDOG_PID");
    const bool isForUs = process.empty() || number(process) == ::getpid();
    return {std::move(socket), microseconds(isForUs && watchdog > 0 ? watchdog : 0)};
}

void ServiceManager::starting(microseconds longest)
{
    send(line("STATUS", "starting the handlers") + line("EXTEND_TIMEOUT_USEC", longest));
}

void ServiceManager::ready(const std::string& status)
{
    _status = oneLine(status);
    send(line("READY", "1") + line("STATUS", _status) + watchdogLine(_watchdog));
    _nextSign = hasWatchdog() ? Clock::now() : Clock::time_point::max();
}

void ServiceManager::reloading(microseconds longest)
{
    send(line("RELOADING", "1") + line("MONOTONIC_USEC", monotonicMicroseconds()) +
         line("STATUS", "reading the configuration") + watchdogLine(longest));
}

void ServiceManager::stopping(const std::string& status, microseconds longest)
{
    send(line("STOPPING", "1") + line("STATUS", oneLine(status)) +
         line("EXTEND_TIMEOUT_USEC", longest) + watchdogLine(longest));
}

void ServiceManager::busy(microseconds longest)
{
    if (hasWatchdog())
        send(watchdogLine(longest) + line("WATCHDOG", "1"));
}

void ServiceManager::status(const std::string& text)
{
    if (std::string next = oneLine(text); next != _status)
    {
        send(line("STATUS", next));
        _status = std::move(next);
    }
}

void ServiceManager::alive()
{
    if (!hasWatchdog())
        return;
    send(watchdogLine(_watchdog) + line("WATCHDOG", "1"));
    _nextSign = Clock::now() + _watchdog / 2;
}

std::chrono::milliseconds ServiceManager::patience() const noexcept
{
    return std::max(leastPatience,
                    std::chrono::duration_cast<std::chrono::milliseconds>(_watchdog / 2));
}

/// How long the manager is to wait from now on, if it waits at all.
std::string ServiceManager::watchdogLine(microseconds longest) const
{
    return hasWatchdog() ? line("WATCHDOG_USEC", std::max(longest, _watchdog)) : std::string();
}

void ServiceManager::send(const std::string& lines)
{
    if (_socket.empty())
        return;
    const int error = sendDatagram(_socket, lines, !_isDeaf);
    if (error != 0 && !_isDeaf)
        Poco::Logger::get("server").warning("cannot tell the service manager (NOTIFY_SOCKET " +
                                            _socket +
                                            "): " + std::generic_category().message(error));
    _isDeaf = error != 0;
}

} // namespace mpsmtp::app

// What this is and its thread safety: LogOutput.h.
#include "app/LogOutput.h"

#include <cerrno>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr mode_t logFileMode = 0640;

int openLog(const std::string& path)
{
    const int descriptor =
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, logFileMode);
    if (descriptor < 0)
        throw std::system_error(errno, std::generic_category(), "cannot open the log file " + path);
    return descriptor;
}

} // namespace

LogOutput::LogOutput() noexcept : _descriptor(STDERR_FILENO) {}

LogOutput::LogOutput(const std::string& path) : _path(path), _descriptor(openLog(path)) {}

LogOutput::~LogOutput()
{
    if (!_path.empty())
        ::close(_descriptor);
}

void LogOutput::log(const Poco::Message& message)
{
    const std::string line = message.getText() + '\n';
    for (std::string_view rest = line; !rest.empty();)
    {
        const ssize_t written = ::write(_descriptor, rest.data(), rest.size());
        if (written < 0 && errno != EINTR)
            return;
        rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

void LogOutput::reopen()
{
    if (_path.empty())
        return;
    const int fresh = openLog(_path);
    const int result = ::dup3(fresh, _descriptor, O_CLOEXEC);
    const int error = errno;
    ::close(fresh);
    if (result < 0)
        throw std::system_error(error, std::generic_category(), "cannot reopen the log " + _path);
}

} // namespace mpsmtp::app

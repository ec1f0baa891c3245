// What this is and its thread safety: ProcessFigures.h. proc(5).
#include "app/ProcessFigures.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

double seconds(const timeval& time) noexcept
{
    constexpr double microsecond = 1e-6;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * microsecond;
}

/// The seconds since 1970 at which the machine started: the line "btime N".
double bootTime()
{
    std::ifstream file("/proc/stat");
    std::string word;
    for (std::string line; std::getline(file, line);)
    {
        double value = 0;
        if (std::istringstream fields(line); fields >> word >> value && word == "btime")
            return value;
    }
    return 0;
}

/// \return a file of /proc as it is now
std::string textOf(int fd)
{
    std::array<char, 4096> octets{};
    const ssize_t count = ::pread(fd, octets.data(), octets.size(), 0);
    return {octets.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

/// Reads what stands behind the program's name, which may hold blanks and brackets itself.
void readStatus(const std::string& text, double bootTime, metrics::Process& figures)
{
    const auto end = text.rfind(')');
    if (end == std::string::npos)
        return;
    std::istringstream fields(text.substr(end + 1));
    std::string skipped;
    constexpr int beforeThreads = 17; // state is the first of them
    for (int i = 0; i < beforeThreads; ++i)
        fields >> skipped;
    std::uint64_t startTicks = 0;
    std::uint64_t residentPages = 0;
    fields >> figures.threads >> skipped >> startTicks >> figures.virtualOctets >> residentPages;
    figures.residentOctets = residentPages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    figures.startTimeSeconds =
        bootTime + static_cast<double>(startTicks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// \param most if there is none left to read the folder with, all are open
std::uint64_t countDescriptors(std::uint64_t most)
{
    std::error_code error;
    std::uint64_t count = 0;
    std::filesystem::directory_iterator each("/proc/self/fd", error);
    if (error == std::errc::too_many_files_open)
        return most;
    for (const std::filesystem::directory_iterator end; !error && each != end;
         each.increment(error))
        ++count;
    return count > 0 ? count - 1 : 0; // the one that reads the folder
}

} // namespace

ProcessFigures::ProcessFigures()
    : _status(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC)), _bootTime(bootTime())
{
}

metrics::Process ProcessFigures::now() const
{
    metrics::Process figures;
    readStatus(textOf(_status.get()), _bootTime, figures);
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0)
        figures.cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        figures.mostDescriptors = limit.rlim_cur;
    figures.openDescriptors = countDescriptors(figures.mostDescriptors);
    return figures;
}

} // namespace mpsmtp::app

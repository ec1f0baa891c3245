// Writes finished log lines to a descriptor, each whole: lines of several threads do not mix, and a line that was torn by a
// full disk or a full pipe is finished before the next one begins. Never waits for a reader longer than Stall says.
// Leaves to others: what a line looks like (LogFormatter); what becomes of a line that cannot be written (LineTarget);
// rotation (logrotate and SIGHUP).
//
// POCO's FileChannel is not used: it cannot be told to open its file anew. Its ConsoleChannel takes a
// lock and goes through iostreams.
// Thread safety: [any].
#pragma once

#include "app/Stall.h"

#include <mutex>
#include <string>
#include <string_view>

namespace mpsmtp::app
{

class LogOutput
{
public:
    /// Writes to standard error. A pipe or a terminal is opened a second time, so that it can be written to without
    /// blocking while the programs that share it see no change.
    LogOutput();

    /// Appends to `path`, made with mode 0640 (less the umask) if it is not there.
    /// \throws std::system_error with the path in its text
    explicit LogOutput(const std::string& path);

    LogOutput(const LogOutput&) = delete;
    LogOutput& operator=(const LogOutput&) = delete;
    ~LogOutput();

    /// Writes `line`, which ends in a line end. \return 0; or an errno: nothing of it was written. EAGAIN: nobody reads
    [[nodiscard]] int write(std::string_view line);

    /// Tries once more to finish a torn line.
    void finish() noexcept;

    /// Opens the file anew, after it was moved away; does nothing for standard error. Lines that
    /// are being written meanwhile go to the old file or the new one, whole.
    /// \return 0; or an errno: the end of a line that was torn is lost with the old file
    /// \throws std::system_error; the old file stays in use
    int reopen();

    /// "" for standard error.
    [[nodiscard]] const std::string& path() const noexcept { return _path; }

private:
    enum class Kind
    {
        Plain,  ///< a file: write() waits for nobody but the disk. Or what cannot block
        Socket, ///< takes MSG_DONTWAIT
        Guarded ///< could not be opened a second time: asked by poll() before each write
    };

    [[nodiscard]] int put(std::string_view& octets) noexcept;
    [[nodiscard]] int putOnce(std::string_view octets, std::size_t& written) noexcept;
    [[nodiscard]] int putLine(std::string_view line);
    void openStandardError() noexcept;

    std::string _path;
    int _descriptor; ///< the same number for ever: reopen() puts another file under it
    Kind _kind = Kind::Plain;
    std::mutex _mutex; // guards _rest, _stall and the order of writes
    std::string _rest; ///< of a torn line
    Stall _stall;
};

} // namespace mpsmtp::app

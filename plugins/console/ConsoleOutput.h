// A descriptor that people or scripts read: a terminal, a pipe, a file. Written to its end,
// whatever the reader does.
// Thread safety: [any] for isTerminal(); one writer at a time for write().
#pragma once

#include <chrono>
#include <string_view>

namespace mpsmtp::console
{

/// Borrows the descriptor.
class ConsoleOutput
{
public:
    /// \param patience  how long a reader of a non-blocking descriptor may take nothing
    explicit ConsoleOutput(int fd,
                           std::chrono::milliseconds patience = std::chrono::seconds(30)) noexcept;

    [[nodiscard]] bool isTerminal() const noexcept { return _isTerminal; }

    /// Writes all octets. A reader that is gone is an error like any other: SIGPIPE does not end
    /// the process, however its host has set that signal.
    /// \throws std::system_error; part of the octets may then be written
    void write(std::string_view octets) const;

private:
    void waitUntilWritable() const;

    int _fd;
    std::chrono::milliseconds _patience;
    bool _isTerminal;
};

} // namespace mpsmtp::console

// Writes finished log lines to a descriptor: one write(2) each, so that lines of several threads or
// processes do not mix. Leaves to others: what a line looks like (LogFormatter); rotation
// (logrotate and SIGHUP).
//
// POCO's FileChannel is not used: it cannot be told to open its file anew. Its ConsoleChannel takes a
// lock and goes through iostreams.
// Thread safety: [any].
#pragma once

#include <Poco/Channel.h>
#include <Poco/Message.h>

#include <string>

namespace mpsmtp::app
{

class LogOutput : public Poco::Channel
{
public:
    /// Writes to standard error.
    LogOutput() noexcept;

    /// Appends to `path`, made with mode 0640 if it is not there.
    /// \throws std::system_error with the path in its text
    explicit LogOutput(const std::string& path);

    /// Writes the message's text and a line end. What the descriptor does not take is lost: there
    /// is no other place to say so.
    void log(const Poco::Message& message) override;

    /// Opens the file anew, after it was moved away; does nothing for standard error. Lines that
    /// are being written meanwhile go to the old file or the new one, whole.
    /// \throws std::system_error; the old file stays in use
    void reopen();

protected:
    ~LogOutput() override;

private:
    std::string _path;     ///< "" for standard error
    const int _descriptor; ///< the same number for ever: reopen() puts another file under it
};

} // namespace mpsmtp::app

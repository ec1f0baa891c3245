// What the test plugins share: each hook writes a line into a file that the test reads, and fails when it is told to.
#pragma once

#include <mpsmtp/Plugin.h>

#include <cerrno>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace probe
{

inline void appendLine(const std::string& path, const std::string& line)
{
    if (path.empty())
        return;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string text = line + "\n";
    if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::system_error(errno, std::generic_category(), path);
    ::close(fd);
}

/// Keys: record (file), fail (name of a hook), how (in which way), code, enhanced, text (of a chosen reply).
class Probe
{
public:
    explicit Probe(const mpsmtp::Context& context)
        : _name(context.name),
          _record(context.config.string("record")),
          _fail(context.config.string("fail")),
          _how(context.config.string("how")),
          _reply(static_cast<unsigned>(context.config.integer("code")),
                 context.config.string("enhanced"),
                 context.config.string("text"))
    {
        pass("construct");
    }

    /// Records the call; fails if this is the hook that shall.
    void pass(const std::string& hook) const
    {
        appendLine(_record, _name + " " + hook);
        failAs(hook);
    }

    /// Fails if this is the hook that shall.
    void failAs(const std::string& hook) const
    {
        if (!fails(hook))
            return;
        if (_how == "std")
            throw std::runtime_error("thrown\nin " + hook);
        if (_how == "int")
            throw 42;
        if (_how == "bad_alloc")
            throw std::bad_alloc();
        if (_how == "nospace")
            throw std::system_error(ENOSPC, std::generic_category(), hook);
        if (_how == "error")
            throw mpsmtp::Error(_reply);
    }

    /// The report of a hook that may fail recipients: how = reply, first, last, beyond.
    [[nodiscard]] mpsmtp::Report report(const std::string& hook, std::size_t recipients) const
    {
        mpsmtp::Report report;
        if (!fails(hook))
            return report;
        if (_how == "reply")
            return {_reply};
        if (_how == "first")
            report.fail(0, _reply);
        if (_how == "last")
            report.fail(recipients - 1, _reply);
        if (_how == "beyond")
            report.fail(recipients, _reply);
        if (_how == "mixed") // permanent for the first one, temporary for the last one
        {
            report.fail(0, {550, "5.1.1", "No such user"});
            report.fail(recipients - 1, {452, "4.2.2", "Mailbox full"});
        }
        return report;
    }

    [[nodiscard]] bool fails(const std::string& hook) const { return _fail == hook; }

    [[nodiscard]] const std::string& how() const { return _how; }

    [[nodiscard]] const mpsmtp::Reply& reply() const { return _reply; }

    [[nodiscard]] const std::string& record() const { return _record; }

    [[nodiscard]] const std::string& name() const { return _name; }

private:
    const std::string _name;
    const std::string _record;
    const std::string _fail;
    const std::string _how;
    const mpsmtp::Reply _reply;
};

} // namespace probe

#define PROBE_OPTIONS                                                                              \
    {"record", mpsmtp::Option::Path, mpsmtp::Optional, "/dev/null", "file for a line a call"},     \
        {"fail", mpsmtp::Option::String, mpsmtp::Optional, "", "hook that fails"},                 \
        {"how", mpsmtp::Option::String, mpsmtp::Optional, "std", "in which way"},                  \
        {"code", mpsmtp::Option::Int, mpsmtp::Optional, "0", "of the reply"},                      \
        {"enhanced", mpsmtp::Option::String, mpsmtp::Optional, "", "of the reply"},                \
    {                                                                                              \
        "text", mpsmtp::Option::String, mpsmtp::Optional, "", "of the reply"                       \
    }

/// \file
/// What a handler is given when it is made: its name, its validated options, its log, and durable
/// storage.
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace mpsmtp
{

/// The handler's options, as the host has validated them against the plugin's table: a key that was
/// declared as Required or has a default always has a value of the right type. Copies are cheap and
/// valid as long as the handler. Thread safety: [any].
class Config
{
public:
    /// Made by the SDK; handlers are given one.
    Config(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    /// True if the key is in the file or has a default; false for a key that was not declared.
    [[nodiscard]] bool has(std::string_view key) const noexcept
    {
        mpsmtp_string value{};
        return _host->option(_data, detail::toAbi(key), &value) != 0;
    }

    /// The value as text: types String, Path, Template, Enum and Secret.
    /// \throws std::out_of_range if the key has neither a value nor a default, or was not declared
    [[nodiscard]] std::string string(std::string_view key) const
    {
        mpsmtp_string value{};
        if (_host->option(_data, detail::toAbi(key), &value) == 0)
            throw std::out_of_range("option \"" + std::string(key) + "\" has no value");
        return std::string(detail::fromAbi(value));
    }

    /// The value as a number: types Int (any int64), Size (octets, 0 or more) and Octal (a file
    /// mode, at most 07777).
    /// \throws std::out_of_range as string(); std::invalid_argument if it is of another type
    [[nodiscard]] std::int64_t integer(std::string_view key) const
    {
        const std::string text = string(key);
        std::int64_t value = 0;
        const auto end = text.data() + text.size();
        if (const auto result = std::from_chars(text.data(), end, value);
            result.ec != std::errc() || result.ptr != end)
            throw std::invalid_argument("option \"" + std::string(key) + "\" is not a number");
        return value;
    }

    /// Type Bool.
    /// \throws std::out_of_range as string()
    [[nodiscard]] bool boolean(std::string_view key) const { return string(key) == "1"; }

    /// Type Duration: milliseconds, 0 or more.
    /// \throws std::out_of_range as string(); std::invalid_argument if it is of another type
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view key) const
    {
        return std::chrono::milliseconds(integer(key));
    }

    /// Types List and Cidr: the items in the order of the file, without blanks around them; an
    /// empty value is an empty list.
    /// \throws std::out_of_range as string()
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const
    {
        const std::string text = string(key);
        std::vector<std::string> items;
        for (std::size_t begin = 0; begin < text.size();)
        {
            const auto end = std::min(text.find('\n', begin), text.size());
            items.push_back(text.substr(begin, end - begin));
            begin = end + 1;
        }
        return items;
    }

private:
    const mpsmtp_host* _host;
    mpsmtp_host_data* _data;
};

/// The handler's log: one line for each call, under the name `handler.NAME`. Control octets are
/// escaped, so that text from a client can be logged as it is. What is below `[log] level` is
/// dropped. No function throws or fails: a log that cannot be written is no reason to fail a mail.
/// Thread safety: [any].
class Log
{
public:
    /// Made by the SDK; handlers are given one.
    Log(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    /// Somebody has to do something.
    void error(std::string_view text) const noexcept { write(MPSMTP_LOG_ERROR, text); }

    /// Something is wrong, and the handler goes on.
    void warning(std::string_view text) const noexcept { write(MPSMTP_LOG_WARNING, text); }

    /// Rare and worth knowing: a start, a change.
    void notice(std::string_view text) const noexcept { write(MPSMTP_LOG_NOTICE, text); }

    /// What became of a mail.
    void information(std::string_view text) const noexcept { write(MPSMTP_LOG_INFORMATION, text); }

    /// For the author; not shown unless LOG_LEVEL or `[log] level` asks for it.
    void debug(std::string_view text) const noexcept { write(MPSMTP_LOG_DEBUG, text); }

private:
    void write(std::int32_t level, std::string_view text) const noexcept
    {
        _host->log(_data, level, detail::toAbi(text));
    }

    const mpsmtp_host* _host;
    mpsmtp_host_data* _data;
};

/// Durable storage, as `[spool] durability` defines it: with `none` the calls return at once. Both
/// functions may block for as long as the disk takes. The descriptors stay the caller's. Thread
/// safety: [any].
class Storage
{
public:
    /// Made by the SDK; handlers are given one.
    Storage(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    /// Blocks until the file's data and length are on stable storage (fdatasync). Calls for one
    /// file that overlap share one fdatasync. The name of a new file needs syncFolder() of its
    /// folder.
    /// \param fd open for the file that was written
    /// \throws std::system_error; nothing may then be assumed durable
    void syncData(int fd) const { sync(fd, MPSMTP_SYNC_DATA, "cannot make a file durable"); }

    /// Blocks until the folder's entries are on stable storage. Calls for one folder that overlap
    /// share one fsync.
    /// \param fd open for the folder (O_DIRECTORY)
    /// \throws std::system_error; nothing may then be assumed durable
    void syncFolder(int fd) const { sync(fd, MPSMTP_SYNC_FOLDER, "cannot make a folder durable"); }

    /// Blocks until everything that was written to the file system that `fd` lies on, before this
    /// call, is on stable storage (syncfs). For checkpoints: it is slow. Since 1.1.
    /// \throws std::system_error; nothing may then be assumed durable
    void syncFileSystem(int fd) const
    {
        sync(fd, MPSMTP_SYNC_FILE_SYSTEM, "cannot make a file system durable");
    }

    /// True if a store that has a journal shall use it: `[spool] durability = journal`. Since 1.1.
    [[nodiscard]] bool wantsJournal() const noexcept
    {
        return MPSMTP_HAS(mpsmtp_host, _host, durability) && _host->durability != nullptr &&
               _host->durability(_data) == MPSMTP_DURABILITY_JOURNAL;
    }

private:
    void sync(int fd, std::int32_t what, const char* text) const
    {
        if (const std::int32_t error = _host->sync(_data, fd, what); error != 0)
            throw std::system_error(error, std::generic_category(), text);
    }

    const mpsmtp_host* _host;
    mpsmtp_host_data* _data;
};

/// The time, from the host so that a test decides it. Thread safety: [any].
class Clock
{
public:
    /// Made by the SDK; handlers are given one.
    Clock(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    /// The time of day (UTC); may jump.
    [[nodiscard]] std::chrono::system_clock::time_point now() const noexcept
    {
        return std::chrono::system_clock::time_point(
            std::chrono::duration_cast<std::chrono::system_clock::duration>(
                std::chrono::nanoseconds(_host->clock(_data, MPSMTP_CLOCK_REALTIME))));
    }

    /// For durations and deadlines: never set back. The clock of Session::deadline().
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const noexcept
    {
        return std::chrono::steady_clock::time_point(
            std::chrono::nanoseconds(_host->clock(_data, MPSMTP_CLOCK_MONOTONIC)));
    }

private:
    const mpsmtp_host* _host;
    mpsmtp_host_data* _data;
};

/// Given to a handler's constructor. The object itself is borrowed for that call; copies of its
/// members are valid as long as the handler, so keep those that you need. Thread safety of all
/// members: [any].
struct Context
{
    /// Made by the SDK; handlers are given one.
    Context(const mpsmtp_host& host, mpsmtp_host_data* data, std::string_view sectionName)
        : name(sectionName),
          config(host, data),
          log(host, data),
          storage(host, data),
          clock(host, data)
    {
    }

    std::string name; ///< NAME of `[handler:NAME]`
    Config config;    ///< the options of the section
    Log log;          ///< the log of the section
    Storage storage;  ///< for stores: what makes a 250 true
    Clock clock;      ///< the time
};

} // namespace mpsmtp

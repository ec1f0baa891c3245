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

/// The handler's options. Copies are cheap and valid as long as the handler. Thread safety: [any].
class Config
{
public:
    Config(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    /// True if the key is in the file or has a default.
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

    /// Types Int, Size (octets) and Octal.
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
    [[nodiscard]] bool boolean(std::string_view key) const { return string(key) == "1"; }

    /// Type Duration.
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view key) const
    {
        return std::chrono::milliseconds(integer(key));
    }

    /// Types List and Cidr; an empty value is an empty list.
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

/// The handler's log: lines appear under the handler's name, control octets escaped. Thread safety:
/// [any].
class Log
{
public:
    Log(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    void error(std::string_view text) const noexcept { write(MPSMTP_LOG_ERROR, text); }

    void warning(std::string_view text) const noexcept { write(MPSMTP_LOG_WARNING, text); }

    void notice(std::string_view text) const noexcept { write(MPSMTP_LOG_NOTICE, text); }

    void information(std::string_view text) const noexcept { write(MPSMTP_LOG_INFORMATION, text); }

    void debug(std::string_view text) const noexcept { write(MPSMTP_LOG_DEBUG, text); }

private:
    void write(std::int32_t level, std::string_view text) const noexcept
    {
        _host->log(_data, level, detail::toAbi(text));
    }

    const mpsmtp_host* _host;
    mpsmtp_host_data* _data;
};

/// Durable storage, as `[spool] durability` defines it. Thread safety: [any].
class Storage
{
public:
    Storage(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    /// Blocks until the file's data and length are on stable storage (fdatasync).
    /// \throws std::system_error; nothing may then be assumed durable
    void syncData(int fd) const { sync(fd, MPSMTP_SYNC_DATA, "cannot make a file durable"); }

    /// Blocks until the folder's entries are on stable storage. Calls for one folder that overlap
    /// share one fsync.
    /// \throws std::system_error; nothing may then be assumed durable
    void syncFolder(int fd) const { sync(fd, MPSMTP_SYNC_FOLDER, "cannot make a folder durable"); }

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
    Clock(const mpsmtp_host& host, mpsmtp_host_data* data) noexcept : _host(&host), _data(data) {}

    /// The time of day; may jump.
    [[nodiscard]] std::chrono::system_clock::time_point now() const noexcept
    {
        return std::chrono::system_clock::time_point(
            std::chrono::duration_cast<std::chrono::system_clock::duration>(
                std::chrono::nanoseconds(_host->clock(_data, MPSMTP_CLOCK_REALTIME))));
    }

    /// For durations and deadlines: never set back.
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const noexcept
    {
        return std::chrono::steady_clock::time_point(
            std::chrono::nanoseconds(_host->clock(_data, MPSMTP_CLOCK_MONOTONIC)));
    }

private:
    const mpsmtp_host* _host;
    mpsmtp_host_data* _data;
};

/// Given to a handler's constructor; keep copies of the members that you need, they live as long as
/// the handler.
struct Context
{
    Context(const mpsmtp_host& host, mpsmtp_host_data* data, std::string_view sectionName)
        : name(sectionName),
          config(host, data),
          log(host, data),
          storage(host, data),
          clock(host, data)
    {
    }

    std::string name; ///< NAME of `[handler:NAME]`
    Config config;
    Log log;
    Storage storage;
    Clock clock;
};

} // namespace mpsmtp

// A host for handlers under test: options from a map, log and syncs recorded, failures on demand.
// No server, no dlopen.
// Thread safety: [any] once set up.
#pragma once

#include <mpsmtp/Handler.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace mpsmtp::test
{

/// What a store's section has when it holds nothing but `path`.
inline std::map<std::string, std::string> storeOptions(const std::string& path)
{
    return {{"path", path},
            {"line_ending", "lf"},
            {"trace", "1"},
            {"delivered_to", "1"},
            {"mode", "384"},
            {"create", "1"},
            {"detail", "none"}};
}

class TestHost
{
public:
    struct Sync
    {
        bool isFolder;
        std::string path; ///< where the descriptor led when it was synced
    };

    using Options = std::map<std::string, std::string>;

    explicit TestHost(Options options = {}) : _options(std::move(options))
    {
        _table.size = sizeof(_table);
        _table.option = &option;
        _table.log = &log;
        _table.sync = &sync;
        _table.headers = &headers;
        _table.clock = &clock;
    }

    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    [[nodiscard]] const mpsmtp_host& table() const { return _table; }

    [[nodiscard]] Context context() { return {_table, data(), "test"}; }

    /// Call `number` (counted from 1, from now on) of sync() answers `error`.
    void failSync(int number, int error)
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _syncsUntilFailure = number;
        _syncError = error;
    }

    /// Called at each sync that does not fail, with the mutex held.
    void onSync(std::function<void(const Sync&)> event)
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _onSync = std::move(event);
    }

    [[nodiscard]] std::vector<Sync> syncs() const
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        return _syncs;
    }

    void forgetSyncs()
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _syncs.clear();
    }

    [[nodiscard]] std::size_t folderSyncsOf(const std::string& path) const
    {
        const auto all = syncs();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](const Sync& s) { return s.isFolder && s.path == path; }));
    }

    [[nodiscard]] std::size_t dataSyncs() const
    {
        const auto all = syncs();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const Sync& s) { return !s.isFolder; }));
    }

    [[nodiscard]] std::vector<std::string> logLines() const
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        return _log;
    }

private:
    mpsmtp_host_data* data() { return reinterpret_cast<mpsmtp_host_data*>(this); }

    static TestHost& self(mpsmtp_host_data* data) { return *reinterpret_cast<TestHost*>(data); }

    static std::int32_t
    option(mpsmtp_host_data* data, mpsmtp_string key, mpsmtp_string* value) noexcept
    {
        const auto& options = self(data)._options;
        const auto found = options.find(std::string(detail::fromAbi(key)));
        if (found == options.end())
            return 0;
        *value = detail::toAbi(found->second);
        return 1;
    }

    static void log(mpsmtp_host_data* data, std::int32_t, mpsmtp_string text) noexcept
    {
        const std::lock_guard<std::mutex> lock(self(data)._mutex);
        self(data)._log.emplace_back(detail::fromAbi(text));
    }

    static std::int32_t sync(mpsmtp_host_data* data, std::int32_t fd, std::int32_t what) noexcept
    {
        std::array<char, 4096> path{};
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        if (::readlink(link.c_str(), path.data(), path.size() - 1) < 0)
            return EBADF;
        TestHost& host = self(data);
        const std::lock_guard<std::mutex> lock(host._mutex);
        if (host._syncsUntilFailure > 0 && --host._syncsUntilFailure == 0)
            return host._syncError;
        host._syncs.push_back({what == MPSMTP_SYNC_FOLDER, path.data()});
        if (host._onSync)
            host._onSync(host._syncs.back());
        return 0;
    }

    static std::int64_t clock(mpsmtp_host_data*, std::int32_t which) noexcept
    {
        const auto nanoseconds = [](auto time)
        { return std::int64_t{std::chrono::nanoseconds(time.time_since_epoch()).count()}; };
        return which == MPSMTP_CLOCK_MONOTONIC ? nanoseconds(std::chrono::steady_clock::now())
                                               : nanoseconds(std::chrono::system_clock::now());
    }

    // TestMail answers for its message: it is the message's data.
    static std::size_t headers(mpsmtp_message_data* message,
                               const mpsmtp_header* const** fields) noexcept
    {
        const auto& list = *reinterpret_cast<const std::vector<const mpsmtp_header*>*>(message);
        *fields = list.data();
        return list.size();
    }

    const Options _options;
    mpsmtp_host _table{};
    mutable std::mutex _mutex;
    std::vector<std::string> _log;
    std::vector<Sync> _syncs;
    int _syncsUntilFailure = 0;
    int _syncError = 0;
    std::function<void(const Sync&)> _onSync;
};

} // namespace mpsmtp::test

// A host for handlers under test: options from a map, log and syncs recorded, failures on demand.
// No server, no dlopen.
// Thread safety: [any] once set up.
#pragma once

#include <mpsmtp/Handler.h>

#include <algorithm>
#include <array>
#include <atomic>
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

/// What TestMail gives as a message's data.
struct MessageData
{
    struct Edit
    {
        std::int32_t kind;
        std::size_t index;
        std::string name;
        std::string value;
    };

    std::vector<const mpsmtp_header*> headers;
    std::vector<Edit> edits;
};

/// Where a NewRecipient under test leads to; target() is what it is made with.
struct Redirects
{
    [[nodiscard]] mpsmtp_reply_target* target()
    {
        return reinterpret_cast<mpsmtp_reply_target*>(this);
    }

    std::vector<std::string> addresses;
};

class TestHost
{
public:
    struct Sync
    {
        bool isFolder;
        std::string path; ///< where the descriptor led when it was synced
        bool isFileSystem = false;
    };

    using Options = std::map<std::string, std::string>;

    explicit TestHost(Options options = {}) : _options(std::move(options))
    {
        _table.size = sizeof(_table);
        _table.option = &option;
        _table.log = &log;
        _table.sync = &sync;
        _table.headers = &headers;
        _table.edit = &edit;
        _table.redirect = &redirect;
        _table.clock = &clock;
        _table.durability = &durability;
    }

    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    [[nodiscard]] const mpsmtp_host& table() const { return _table; }

    [[nodiscard]] Context context() { return {_table, data(), "test"}; }

    /// [spool] durability: MPSMTP_DURABILITY_…
    void setDurability(std::int32_t durability) { _durability = durability; }

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

    /// Called in front of each sync, without the mutex: what happens here happens while the sync has not been done.
    void beforeSync(std::function<void(const Sync&)> event)
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _beforeSync = std::move(event);
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
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [](const Sync& s) { return !s.isFolder && !s.isFileSystem; }));
    }

    [[nodiscard]] std::size_t fileSystemSyncs() const
    {
        const auto all = syncs();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const Sync& s) { return s.isFileSystem; }));
    }

    /// Both clocks run ahead of the machine's by so much more.
    void advance(std::chrono::nanoseconds time) { _ahead += time.count(); }

    /// Both clocks stand still: `realTime` since 1970.
    void stopClock(std::chrono::nanoseconds realTime) { _stopped = realTime.count(); }

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

    void tellBefore(const Sync& sync)
    {
        std::function<void(const Sync&)> event;
        {
            const std::lock_guard<std::mutex> lock(_mutex);
            event = _beforeSync;
        }
        if (event)
            event(sync);
    }

    static std::int32_t sync(mpsmtp_host_data* data, std::int32_t fd, std::int32_t what) noexcept
    {
        std::array<char, 4096> path{};
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        if (::readlink(link.c_str(), path.data(), path.size() - 1) < 0)
            return EBADF;
        TestHost& host = self(data);
        const Sync sync{what == MPSMTP_SYNC_FOLDER, path.data(), what == MPSMTP_SYNC_FILE_SYSTEM};
        host.tellBefore(sync);
        const std::lock_guard<std::mutex> lock(host._mutex);
        if (host._syncsUntilFailure > 0 && --host._syncsUntilFailure == 0)
            return host._syncError;
        host._syncs.push_back(sync);
        if (host._onSync)
            host._onSync(host._syncs.back());
        return 0;
    }

    static std::int32_t durability(mpsmtp_host_data* data) noexcept
    {
        return self(data)._durability;
    }

    static std::int64_t clock(mpsmtp_host_data* data, std::int32_t which) noexcept
    {
        const auto nanoseconds = [](auto time)
        { return std::int64_t{std::chrono::nanoseconds(time.time_since_epoch()).count()}; };
        const TestHost& host = self(data);
        if (host._stopped != 0)
            return host._stopped + host._ahead;
        return host._ahead + (which == MPSMTP_CLOCK_MONOTONIC
                                  ? nanoseconds(std::chrono::steady_clock::now())
                                  : nanoseconds(std::chrono::system_clock::now()));
    }

    static std::size_t headers(mpsmtp_message_data* message,
                               const mpsmtp_header* const** fields) noexcept
    {
        const auto& list = reinterpret_cast<const MessageData*>(message)->headers;
        *fields = list.data();
        return list.size();
    }

    static std::int32_t edit(mpsmtp_message_data* message,
                             std::int32_t kind,
                             std::size_t index,
                             mpsmtp_string name,
                             mpsmtp_string value) noexcept
    {
        reinterpret_cast<MessageData*>(message)->edits.push_back(
            {kind, index, std::string(detail::fromAbi(name)), std::string(detail::fromAbi(value))});
        return 0;
    }

    /// Takes whatever has an "@", as far as a fake goes.
    static std::int32_t redirect(mpsmtp_reply_target* target, mpsmtp_string address) noexcept
    {
        const std::string text(detail::fromAbi(address));
        if (text.find('@') == std::string::npos)
            return EINVAL;
        reinterpret_cast<Redirects*>(target)->addresses.push_back(text);
        return 0;
    }

    const Options _options;
    mpsmtp_host _table{};
    mutable std::mutex _mutex;
    std::vector<std::string> _log;
    std::vector<Sync> _syncs;
    std::int32_t _durability = MPSMTP_DURABILITY_FSYNC;
    int _syncsUntilFailure = 0;
    int _syncError = 0;
    std::function<void(const Sync&)> _onSync;
    std::function<void(const Sync&)> _beforeSync;
    std::atomic<std::int64_t> _ahead{0};
    std::atomic<std::int64_t> _stopped{0};
};

} // namespace mpsmtp::test

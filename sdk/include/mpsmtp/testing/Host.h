/// \file
/// The harness's side of the border: every function of mpsmtp_host, with options from the test, log
/// and syncs recorded, faults and time as the test says. No server, no socket, no dlopen.
/// Thread safety: [any], except what a test sets, which it sets before it runs anything.
#pragma once

#include <mpsmtp/Reply.h>
#include <mpsmtp/abi.h>
#include <mpsmtp/testing/Answer.h>
#include <mpsmtp/testing/Content.h>
#include <mpsmtp/testing/Loan.h>
#include <mpsmtp/testing/Options.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace mpsmtp::testing
{

/// One call of Storage::syncData or syncFolder.
struct Sync
{
    int fd;           ///< the descriptor, open only during the call
    bool isFolder;    ///< syncFolder
    std::string path; ///< where the descriptor led; " (deleted)" behind it for an unnamed file
    int error;        ///< errno value that was answered; 0: done
};

namespace detail
{

/// What handlers keep with a session or a transaction: local<T>().
class Scope
{
public:
    Scope() = default;
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    /// The youngest first: the destructor of a T may look for another one.
    ~Scope()
    {
        while (!_locals.empty())
        {
            const Local last = _locals.back();
            _locals.pop_back();
            last.destroy(last.value);
        }
    }

    [[nodiscard]] mpsmtp_scope* abi() noexcept { return reinterpret_cast<mpsmtp_scope*>(this); }

    [[nodiscard]] static Scope& of(mpsmtp_scope* scope) noexcept
    {
        return *reinterpret_cast<Scope*>(scope);
    }

    [[nodiscard]] void* find(const void* owner, const void* kind) const noexcept
    {
        for (const Local& local : _locals)
            if (local.owner == owner && local.kind == kind)
                return local.value;
        return nullptr;
    }

    void set(const void* owner, const void* kind, void* value, void (*destroy)(void*))
    {
        for (Local& local : _locals)
            if (local.owner == owner && local.kind == kind)
            {
                const Local old = std::exchange(local, Local{owner, kind, value, destroy});
                return old.destroy(old.value);
            }
        _locals.push_back({owner, kind, value, destroy});
    }

    std::uint64_t octetsPerSecond = 0; ///< what throttle() has set

private:
    struct Local
    {
        const void* owner;
        const void* kind;
        void* value;
        void (*destroy)(void*);
    };

    std::vector<Local> _locals;
};

/// No file of this process grows beyond so many octets: write(2) fails with EFBIG, whatever the
/// store does around it.
class FileSizeLimit
{
public:
    explicit FileSizeLimit(std::uint64_t octets)
        : _oldAction(std::signal(SIGXFSZ, SIG_IGN)) // write() shall fail, not the process end
    {
        (void)::getrlimit(RLIMIT_FSIZE, &_old);
        const rlimit limit{static_cast<rlim_t>(octets), _old.rlim_max};
        (void)::setrlimit(RLIMIT_FSIZE, &limit);
    }

    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

    ~FileSizeLimit()
    {
        (void)::setrlimit(RLIMIT_FSIZE, &_old);
        (void)std::signal(SIGXFSZ, _oldAction);
    }

private:
    rlimit _old{};
    void (*_oldAction)(int);
};

/// The message as one hook sees it: cut into segments where it hurts most (behind the first CR, and
/// in the middle), since the server cuts anywhere.
class LentMessage
{
public:
    LentMessage(Content& content, std::string_view trace, Loan& loan, bool mayEdit)
        : _content(content), _loan(loan), _mayEdit(mayEdit)
    {
        const std::string text = content.text();
        std::vector<mpsmtp_string> segments;
        std::string_view rest = text;
        for (const std::size_t cut : {text.find('\r') + 1, text.size() / 2, rest.size()})
        {
            const std::size_t done = text.size() - rest.size();
            if (cut <= done)
                continue;
            segments.push_back(loan.text(rest.substr(0, cut - done)));
            rest.remove_prefix(cut - done);
        }
        mpsmtp_message message{};
        message.size = sizeof message;
        message.segment_count = static_cast<std::uint32_t>(segments.size());
        message.segments = loan.table(segments);
        message.content_size = text.size();
        message.trace = loan.text(trace);
        message.data = reinterpret_cast<mpsmtp_message_data*>(this);
        _abi = loan.object(message);
    }

    [[nodiscard]] const mpsmtp_message* abi() const noexcept { return _abi; }

    [[nodiscard]] static LentMessage& of(mpsmtp_message_data* data) noexcept
    {
        return *reinterpret_cast<LentMessage*>(data);
    }

    [[nodiscard]] std::size_t headers(const mpsmtp_header* const** out)
    {
        if (!_headers)
        {
            std::vector<const mpsmtp_header*> fields;
            for (const Field& field : _content.fields())
            {
                const mpsmtp_header header{
                    sizeof(mpsmtp_header), 0, _loan.text(field.name), _loan.text(field.value)};
                fields.push_back(_loan.object(header));
            }
            _headers = _loan.table(fields);
        }
        *out = _headers;
        return _content.fields().size();
    }

    [[nodiscard]] int
    edit(std::int32_t kind, std::size_t index, std::string_view name, std::string_view value)
    {
        return _mayEdit ? _content.record(kind, index, name, value) : EPERM;
    }

    /// A read-only descriptor of an unnamed copy. \return -1 - errno on failure
    [[nodiscard]] int open() const
    {
        std::string name = std::filesystem::temp_directory_path().string() + "/mpsmtp-XXXXXX";
        const int writer = ::mkstemp(name.data());
        if (writer < 0)
            return -1 - errno;
        const int reader = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
        int error = reader < 0 ? errno : writeAll(writer, _content.text());
        (void)::unlink(name.c_str());
        (void)::close(writer);
        if (error != 0 && reader >= 0)
            (void)::close(reader);
        return error == 0 ? reader : -1 - error;
    }

private:
    [[nodiscard]] static int writeAll(int fd, std::string_view octets)
    {
        while (!octets.empty())
        {
            const ssize_t count = ::write(fd, octets.data(), octets.size());
            if (count < 0 && errno != EINTR)
                return errno;
            octets.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
        }
        return 0;
    }

    Content& _content;
    Loan& _loan;
    const bool _mayEdit;
    const mpsmtp_message* _abi = nullptr;
    const mpsmtp_header* const* _headers = nullptr;
};

/// Everything that one handler under test shares between its calls.
class Host
{
public:
    using Time = std::chrono::system_clock::time_point;

    Host() noexcept
    {
        _table.size = sizeof _table;
        _table.abi_minor = MPSMTP_ABI_MINOR;
        addServices();
        addAnswers();
        addMessages();
    }

    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    [[nodiscard]] const mpsmtp_host& table() const noexcept { return _table; }

    [[nodiscard]] mpsmtp_host_data* data() noexcept
    {
        return reinterpret_cast<mpsmtp_host_data*>(this);
    }

    /// "level: text"; control octets as \xHH.
    void log(std::int32_t level, std::string_view text)
    {
        static constexpr std::array<const char*, 5> names{
            "error", "warning", "notice", "information", "debug"};
        const auto index =
            std::clamp<std::int32_t>(level, MPSMTP_LOG_ERROR, MPSMTP_LOG_DEBUG) - MPSMTP_LOG_ERROR;
        std::string line = std::string(names[static_cast<std::size_t>(index)]) + ": ";
        for (const char c : text)
            if (c >= ' ' ? c != '\x7f' : isEightBit(c))
                line.push_back(c);
            else
                appendHex(line, static_cast<unsigned char>(c));
        const std::lock_guard<std::mutex> lock(_mutex);
        _log.push_back(std::move(line));
    }

    /// Lines from number `first` on.
    [[nodiscard]] std::vector<std::string> logLines(std::size_t first = 0) const
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        const auto begin = static_cast<std::ptrdiff_t>(std::min(first, _log.size()));
        return {_log.begin() + begin, _log.end()};
    }

    [[nodiscard]] std::size_t logSize() const
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        return _log.size();
    }

    [[nodiscard]] std::vector<Sync> syncs() const
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        return _syncs;
    }

    void failSync(unsigned number, int error)
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _syncsUntilFailure = number;
        _syncError = error;
    }

    void forgetSyncs()
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        _syncs.clear();
    }

    void setTime(Time time) noexcept
    {
        _setTime = nanoseconds(time) - _advanced;
        _isTimeSet = true;
    }

    void advance(std::chrono::nanoseconds step) noexcept { _advanced += step.count(); }

    [[nodiscard]] std::int64_t now(std::int32_t which) const noexcept
    {
        if (which == MPSMTP_CLOCK_MONOTONIC)
            return nanoseconds(std::chrono::steady_clock::now()) + _advanced;
        return (_isTimeSet ? _setTime.load() : nanoseconds(std::chrono::system_clock::now())) +
               _advanced;
    }

    [[nodiscard]] std::int64_t nowInSeconds() const noexcept
    {
        return now(MPSMTP_CLOCK_REALTIME) / 1'000'000'000;
    }

    OptionValues options;                    ///< set once, before the handler is made
    std::function<void(const Sync&)> onSync; ///< set before anything runs
    std::optional<std::uint64_t> diskOctets; ///< as the one above
    Quarantine quarantine;
    std::atomic<std::uint64_t> sessions{0};
    std::atomic<std::uint64_t> transactions{0};

private:
    [[nodiscard]] static Host& of(mpsmtp_host_data* data) noexcept
    {
        return *reinterpret_cast<Host*>(data);
    }

    template <class TimePoint>
    [[nodiscard]] static std::int64_t nanoseconds(TimePoint time) noexcept
    {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch())
            .count();
    }

    static void appendHex(std::string& text, unsigned char octet)
    {
        constexpr std::string_view digits = "0123456789ABCDEF";
        text.append("\\x").append(1, digits[octet >> 4]).append(1, digits[octet & 15]);
    }

    /// Runs what may lack memory. \return its value, or ENOMEM
    template <class Work>
    [[nodiscard]] static std::int32_t guarded(Work&& work) noexcept
    {
        try
        {
            return work();
        }
        catch (...)
        {
            return ENOMEM;
        }
    }

    [[nodiscard]] std::int32_t sync(std::int32_t fd, std::int32_t what)
    {
        std::array<char, 4096> path{};
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        if (::fcntl(fd, F_GETFD) < 0 || ::readlink(link.c_str(), path.data(), path.size() - 1) < 0)
            return EBADF;
        Sync sync{fd, what == MPSMTP_SYNC_FOLDER, path.data(), 0};
        {
            const std::lock_guard<std::mutex> lock(_mutex);
            if (_syncsUntilFailure > 0 && --_syncsUntilFailure == 0)
                sync.error = _syncError;
            _syncs.push_back(sync);
        }
        if (onSync && sync.error == 0)
            onSync(sync);
        return sync.error;
    }

    void addServices() noexcept
    {
        _table.option = [](mpsmtp_host_data* data, mpsmtp_string key, mpsmtp_string* value) noexcept
        {
            const auto found = of(data).options.find(fromAbi(key));
            if (found == of(data).options.end())
                return std::int32_t{0};
            *value = toAbi(found->second);
            return std::int32_t{1};
        };
        _table.log = [](mpsmtp_host_data* data, std::int32_t level, mpsmtp_string text) noexcept
        { (void)guarded([&] { return of(data).log(level, fromAbi(text)), 0; }); };
        _table.sync = [](mpsmtp_host_data* data, std::int32_t fd, std::int32_t what) noexcept
        { return guarded([&] { return of(data).sync(fd, what); }); };
        _table.clock = [](mpsmtp_host_data* data, std::int32_t which) noexcept
        { return of(data).now(which); };
        _table.durability = [](mpsmtp_host_data* /*data*/) noexcept
        { return std::int32_t{MPSMTP_DURABILITY_FSYNC}; };
    }

    void addAnswers() noexcept
    {
        _table.reply =
            [](mpsmtp_reply_target* target, std::uint32_t index, const mpsmtp_reply* reply) noexcept
        { Answers::of(target).reply(index, *reply); };
        _table.fault = [](mpsmtp_reply_target* target, mpsmtp_string text) noexcept
        { Answers::of(target).fault(fromAbi(text)); };
        _table.redirect = [](mpsmtp_reply_target* target, mpsmtp_string address) noexcept
        { return guarded([&] { return Answers::of(target).redirect(fromAbi(address)); }); };
        _table.local = [](mpsmtp_scope* scope, const void* owner, const void* kind) noexcept
        { return Scope::of(scope).find(owner, kind); };
        _table.set_local = [](mpsmtp_scope* scope,
                              const void* owner,
                              const void* kind,
                              void* value,
                              void (*destroy)(void*)) noexcept
        { return guarded([&] { return Scope::of(scope).set(owner, kind, value, destroy), 0; }); };
        _table.throttle = [](mpsmtp_scope* scope, std::uint64_t octetsPerSecond) noexcept
        { Scope::of(scope).octetsPerSecond = octetsPerSecond; };
    }

    void addMessages() noexcept
    {
        _table.headers = [](mpsmtp_message_data* data, const mpsmtp_header* const** fields) noexcept
        { return LentMessage::of(data).headers(fields); };
        _table.open = [](mpsmtp_message_data* data) noexcept
        {
            try
            {
                return std::int32_t{LentMessage::of(data).open()};
            }
            catch (...)
            {
                return std::int32_t{-1 - ENOMEM};
            }
        };
        _table.edit = [](mpsmtp_message_data* data,
                         std::int32_t kind,
                         std::size_t index,
                         mpsmtp_string name,
                         mpsmtp_string value) noexcept
        {
            return guarded(
                [&]
                { return LentMessage::of(data).edit(kind, index, fromAbi(name), fromAbi(value)); });
        };
    }

    mpsmtp_host _table{};
    std::atomic<std::int64_t> _setTime{0};
    std::atomic<std::int64_t> _advanced{0};
    std::atomic<bool> _isTimeSet{false};
    mutable std::mutex _mutex;
    std::vector<std::string> _log; // guarded by _mutex, as all below
    std::vector<Sync> _syncs;
    unsigned _syncsUntilFailure = 0;
    int _syncError = 0;
};

} // namespace detail

} // namespace mpsmtp::testing

/// \file
/// The test harness for authors of plugins: runs a handler through the same C border as the server,
/// in one process, without a socket, without dlopen and without a test framework. Include it beside
/// the plugin's source, or link that:
///
///     #include <mpsmtp/Testing.h>
///     #include "Tag.cpp"
///
///     mpsmtp::testing::Harness h{{"header", "X-From"}};
///     const auto result = h.from("a@x.example").rcpt("b@y.example").run();
///     assert(result.code() == 250);
///
/// What it checks without being asked: options against the plugin's table, replies against their
/// verdicts, and that nothing lent to a hook is kept (Loan.h). What it does not do: parse SMTP, route,
/// run several handlers, `on_error`, `concurrency` and deadlines. docs/testing-plugins.md has a whole
/// example; <mpsmtp/testing/Conformance.h> is a suite for stores.
#pragma once

#include <mpsmtp/abi.h>
#include <mpsmtp/testing/Host.h>
#include <mpsmtp/testing/Options.h>
#include <mpsmtp/testing/Transaction.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

extern "C"
{
    /// The descriptor that MPSMTP_PLUGIN defines in the plugin's source file.
    __attribute__((visibility("default"))) extern const mpsmtp_plugin mpsmtp_plugin_descriptor;
}

namespace mpsmtp::testing
{

/// How often each code was answered.
struct Summary
{
    std::map<unsigned, std::size_t> codes; ///< mails by the reply code of the message

    /// All mails.
    [[nodiscard]] std::size_t total() const noexcept
    {
        std::size_t sum = 0;
        for (const auto& each : codes)
            sum += each.second;
        return sum;
    }

    /// Mails that were answered 2xx.
    [[nodiscard]] std::size_t accepted() const noexcept
    {
        std::size_t sum = 0;
        for (const auto& [code, count] : codes)
            sum += code / 100 == 2 ? count : 0;
        return sum;
    }
};

/// One handler under test, made and started as the server does it, stopped and destroyed with this
/// object.
///
/// Thread safety: what says what shall happen (failSync, diskFullAfter, onSync, setTime) before
/// anything runs; from(), transaction() and log() from any thread.
///
/// Make it in a function, not as a global: the plugin's descriptor is made when the program starts.
class Harness
{
public:
    /// One key of the section with its value, as in the ini file.
    using Setting = Options::value_type;

    /// The plugin that is linked into this program, with no options.
    /// \throws ConfigurationError
    Harness() : Harness(::mpsmtp_plugin_descriptor, {}) {}

    /// The plugin that is linked into this program: Harness h{{"path", "x"}, {"mode", "0600"}}.
    /// \throws ConfigurationError with all mistakes: unknown key, missing required key, bad value; or
    ///         with what the constructor or start() of the handler threw
    Harness(std::initializer_list<Setting> options)
        : Harness(::mpsmtp_plugin_descriptor, Options(options))
    {
    }

    /// Another plugin, by its descriptor, which must outlive the object.
    /// \param name NAME of `[handler:NAME]`
    /// \throws ConfigurationError, as above
    explicit Harness(const mpsmtp_plugin& plugin,
                     const Options& options = {},
                     std::string name = "test")
        : _name(std::move(name))
    {
        checkPlugin(plugin);
        _host.options = detail::OptionChecker(plugin).check(options);
        make(plugin);
        start();
    }

    Harness(const Harness&) = delete;
    Harness& operator=(const Harness&) = delete;

    ~Harness()
    {
        stop();
        if (_handler)
            _handler->destroy(_handler->self);
    }

    /// A mail from "sender@example.org"; say the recipients.
    [[nodiscard]] Transaction transaction()
    {
        return Transaction(_host, *_handler).from("sender@example.org");
    }

    /// A mail from this reverse-path; say the recipients. \throws std::invalid_argument
    [[nodiscard]] Transaction from(std::string_view address) { return transaction().from(address); }

    /// A mail from "sender@example.org" to this recipient. \throws std::invalid_argument
    [[nodiscard]] Transaction rcpt(std::string_view address) { return transaction().rcpt(address); }

    /// What a test says for number `number` (from 0) of thread `thread` (from 0).
    using Maker = std::function<Transaction(unsigned thread, unsigned number)>;

    /// Sends `messages` mails from each of `threads` threads through the one handler. Run it under
    /// ThreadSanitizer: that finds a member that is not guarded; what is counted here shows lost
    /// mail only.
    /// \param maker makes each mail; it is called by all threads
    /// \throws what a mail's run throws first, after all threads have ended
    [[nodiscard]] Summary concurrently(unsigned threads, unsigned messages, const Maker& maker)
    {
        Summary summary;
        std::exception_ptr failure;
        std::mutex mutex; // of both
        const auto work = [&](unsigned thread)
        {
            Summary mine;
            try
            {
                for (unsigned number = 0; number < messages; ++number)
                    ++mine.codes[maker(thread, number).run().code()];
            }
            catch (...)
            {
                const std::lock_guard<std::mutex> lock(mutex);
                failure = failure ? failure : std::current_exception();
            }
            const std::lock_guard<std::mutex> lock(mutex);
            for (const auto& [code, count] : mine.codes)
                summary.codes[code] += count;
        };
        std::vector<std::thread> pool;
        for (unsigned thread = 0; thread < threads; ++thread)
            pool.emplace_back(work, thread);
        for (std::thread& each : pool)
            each.join();
        if (failure)
            std::rethrow_exception(failure);
        return summary;
    }

    /// The same with small mails to "recipient@example.com", each with its own text.
    [[nodiscard]] Summary concurrently(unsigned threads, unsigned messages)
    {
        return concurrently(threads,
                            messages,
                            [this](unsigned thread, unsigned number)
                            {
                                return rcpt("recipient@example.com")
                                    .message("Subject: " + std::to_string(thread) + "/" +
                                             std::to_string(number) + "\r\n\r\nHello\r\n");
                            });
    }

    /// From now on, sync call `number` (the first is 1) answers `error` (EIO, ENOSPC, …), once.
    void failSync(unsigned number, int error) { _host.failSync(number, error); }

    /// While a mail runs, no file grows beyond so many octets: write(2), in whatever library, fails
    /// with EFBIG. That is the nearest to a full disk that a process can do to itself; the errno is
    /// another, so expect 451 where ENOSPC gives 452 4.3.1 (failSync(1, ENOSPC) gives that). It is
    /// a limit of the whole process (RLIMIT_FSIZE, with SIGXFSZ ignored): run nothing beside it. A
    /// file that is longer already can still be overwritten, but does not grow.
    void diskFullAfter(std::uint64_t octets) { _host.diskOctets = octets; }

    /// Files may grow again.
    void diskHasRoom() { _host.diskOctets.reset(); }

    /// Sync calls so far, also those that failed. The harness records them and does not call fsync:
    /// tests are to be fast, and no test can see what a power failure would leave.
    [[nodiscard]] std::vector<Sync> syncs() const { return _host.syncs(); }

    /// Forgets them.
    void forgetSyncs() { _host.forgetSyncs(); }

    /// Called within each sync call that succeeds, by the thread that makes it: what the disk holds
    /// then is what a power failure would leave.
    void onSync(std::function<void(const Sync&)> look) { _host.onSync = std::move(look); }

    /// Sets the time of day (Clock::now) and stops it there.
    void setTime(std::chrono::system_clock::time_point time) noexcept { _host.setTime(time); }

    /// Moves both clocks (Clock::now, Clock::steady) on.
    void advance(std::chrono::nanoseconds step) noexcept { _host.advance(step); }

    /// What the handler and the harness have logged since the handler was made: "warning: text".
    [[nodiscard]] std::vector<std::string> log() const { return _host.logLines(); }

    /// Handler::stop(), once; the destructor does it too. Run nothing after it.
    void stop() noexcept
    {
        if (!_isStarted)
            return;
        _isStarted = false;
        detail::Answers answers;
        if (_handler->stop)
            _handler->stop(_handler->self, answers.target());
        if (hasFailed(answers))
            logFailedStop(answers);
    }

    /// The handler's functions, for tests of the border itself.
    [[nodiscard]] const mpsmtp_handler& handler() const noexcept { return *_handler; }

private:
    [[noreturn]] static void fail(std::string mistake)
    {
        throw ConfigurationError({std::move(mistake)});
    }

    static void checkPlugin(const mpsmtp_plugin& plugin)
    {
        if (plugin.magic != MPSMTP_ABI_MAGIC || plugin.size < sizeof(mpsmtp_plugin))
            fail("the descriptor is no mpsmtp plugin's; a Harness must not be a global");
        if (plugin.abi_major != MPSMTP_ABI_MAJOR)
            fail("the plugin was built for ABI " + std::to_string(plugin.abi_major));
        const std::string_view type = detail::fromAbi(plugin.type);
        if (type.empty() || type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") !=
                                std::string_view::npos)
            fail("the plugin's type \"" + std::string(type) +
                 "\" may hold only lower-case letters, digits, '-' and '_'");
    }

    /// A bit without its function would be a jump to address 0.
    [[nodiscard]] static bool hasItsFunctions(const mpsmtp_handler& handler) noexcept
    {
        const auto fits = [&](std::uint32_t hook, bool isThere)
        { return (handler.hooks & hook) == 0 || isThere; };
        return handler.destroy && fits(MPSMTP_HOOK_MESSAGE, handler.on_message) &&
               fits(MPSMTP_HOOK_STAGE,
                    handler.stage && handler.persist && handler.commit && handler.abort &&
                        handler.release) &&
               fits(MPSMTP_HOOK_DELIVER, handler.deliver) &&
               fits(MPSMTP_HOOK_ACCEPTED, handler.on_accepted) &&
               fits(MPSMTP_HOOK_CONNECT, handler.on_connect) &&
               fits(MPSMTP_HOOK_HELO, handler.on_helo) && fits(MPSMTP_HOOK_AUTH, handler.on_auth) &&
               fits(MPSMTP_HOOK_MAIL, handler.on_mail) && fits(MPSMTP_HOOK_RCPT, handler.on_rcpt) &&
               fits(MPSMTP_HOOK_DATA, handler.on_data) &&
               fits(MPSMTP_HOOK_RESET, handler.on_reset) &&
               fits(MPSMTP_HOOK_DISCONNECT, handler.on_disconnect);
    }

    [[nodiscard]] static bool hasFailed(const detail::Answers& answers) noexcept
    {
        return answers.isFaulted() || !answers.all().empty();
    }

    [[nodiscard]] static std::string reasonOf(const detail::Answers& answers)
    {
        if (answers.isFaulted())
            return answers.faultText();
        return answers.all().empty() ? "it gave no reason" : answers.all().front().reply.text;
    }

    void make(const mpsmtp_plugin& plugin)
    {
        detail::Answers answers;
        _handler =
            plugin.create(&_host.table(), _host.data(), detail::toAbi(_name), answers.target());
        if (!_handler)
            fail("cannot be made: " + reasonOf(answers));
        if (_handler->size < sizeof(mpsmtp_handler) || !hasItsFunctions(*_handler))
            fail("the plugin made a malformed handler; build it again with this SDK");
    }

    void logFailedStop(const detail::Answers& answers) noexcept
    {
        try
        {
            _host.log(MPSMTP_LOG_ERROR, "stop failed: " + reasonOf(answers));
        }
        catch (const std::bad_alloc&) // NOLINT(bugprone-empty-catch): nothing to tell it to
        {
        }
    }

    void start()
    {
        detail::Answers answers;
        if (_handler->start)
            _handler->start(_handler->self, answers.target());
        if (hasFailed(answers))
        {
            _handler->destroy(_handler->self); // no destructor runs after this constructor throws
            fail("cannot start: " + reasonOf(answers));
        }
        _isStarted = true;
    }

    const std::string _name;
    detail::Host _host;
    const mpsmtp_handler* _handler = nullptr;
    bool _isStarted = false;
};

} // namespace mpsmtp::testing

// What the server counts of itself, for whoever scrapes it. The rooms write here as mail goes by: no lock, no allocation, no
// look at a clock of its own. Everything is bounded by the configuration and by the tables here, whatever clients send.
// Leaves to others: names and text (Report), HTTP (http/).
// Thread safety: [any].
#pragma once

#include "metrics/Cells.h"
#include "metrics/Slots.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::metrics
{

/// In the order of smtp::Verb; what is none of SMTP is one value, whatever it was.
inline constexpr std::array<std::string_view, 16> verbNames{"HELO",
                                                            "EHLO",
                                                            "MAIL",
                                                            "RCPT",
                                                            "DATA",
                                                            "BDAT",
                                                            "RSET",
                                                            "NOOP",
                                                            "VRFY",
                                                            "EXPN",
                                                            "HELP",
                                                            "QUIT",
                                                            "STARTTLS",
                                                            "AUTH",
                                                            "HTTP",
                                                            "unknown"};

/// The codes that a transaction is counted under by themselves; handlers may answer others. The usual one comes first.
inline constexpr std::array<unsigned, 20> replyCodes{250, 421, 450, 451, 452, 455, 500,
                                                     501, 502, 503, 504, 521, 530, 550,
                                                     551, 552, 553, 554, 555, 556};

/// Those of replyCodes, then these: other codes of a class, and none at all (the client has gone, or reset).
inline constexpr std::array<std::string_view, 4> otherReplies{"2xx", "4xx", "5xx", "none"};

inline constexpr std::size_t replyCount = replyCodes.size() + otherReplies.size();

/// Where a transaction with this reply is counted. \param code 0: none
[[nodiscard]] std::size_t replyIndex(unsigned code) noexcept;

/// The way of a message (docs/architecture.md).
enum class Phase
{
    Receive, ///< from MAIL to the end of the data: the client's time, most of it
    Filter,
    Stage,
    Deliver, ///< the one-phase handlers
    Durable,
    Commit,
    Optional ///< behind the reply
};

inline constexpr std::array<std::string_view, 7> phaseNames{
    "receive", "filter", "stage", "deliver", "durable", "commit", "optional"};

enum class Timeout
{
    Command,
    Data,
    Send,  ///< the client does not take a reply
    Thread ///< a connection that no thread was free for
};

inline constexpr std::array<std::string_view, 4> timeoutNames{"command", "data", "send", "thread"};

enum class Recipient
{
    Accepted,
    Refused
};

inline constexpr std::array<std::string_view, 2> recipientNames{"accepted", "refused"};

enum class Refusal
{
    Full,        ///< limits.connections, server.threads
    Client,      ///< limits.connections_per_client
    Stopping,    ///< the server
    Internal,    ///< no memory
    Descriptors, ///< none left
    Thread       ///< admitted, and waited for one in vain
};

inline constexpr std::array<std::string_view, 6> refusalNames{
    "full", "client", "stopping", "internal", "descriptors", "thread"};

/// Connections of one `[listener:NAME]`.
struct Listener
{
    explicit Listener(std::string listenerName) : name(std::move(listenerName)) {}

    enum class Event
    {
        Admitted,
        Closed, ///< of those admitted
        Served, ///< has a thread
        Ended   ///< gives it back
    };

    const std::string name;
    Cells<4> events;
    Cells<refusalNames.size()> refusals;
};

/// What a handler is asked; in the order of delivery::PolicyHook, then the delivery.
inline constexpr std::array<std::string_view, 8> hookNames{
    "connect", "helo", "auth", "mail", "rcpt", "data", "message", "deliver"};
inline constexpr std::size_t deliverHook = 7;
inline constexpr std::size_t messageHook = 6;

enum class Outcome
{
    Ok,        ///< delivered, or no objection
    Refused,   ///< the handler chose to fail it
    Failed,    ///< a fault: see Fault
    Aborted,   ///< staged, but another handler failed
    Discarded, ///< by a filter
};

inline constexpr std::array<std::string_view, 5> outcomeNames{
    "ok", "refused", "failed", "aborted", "discarded"};

enum class Fault
{
    Exception, ///< it threw
    Busy,      ///< no free slot in time (concurrency)
    Late,      ///< the time for the reply was used up (reply_timeout)
    Bug        ///< it answered what it may not
};

inline constexpr std::array<std::string_view, 4> faultNames{"exception", "busy", "late", "bug"};

/// One `[handler:NAME]`, across reloads.
struct Handler
{
    Handler(std::string handlerName, Slots& owner) : name(std::move(handlerName)), slots(owner) {}

    enum class Event
    {
        Entered,
        Left
    };

    [[nodiscard]] static constexpr std::size_t call(std::size_t hook, Outcome outcome) noexcept
    {
        return hook * outcomeNames.size() + static_cast<std::size_t>(outcome);
    }

    const std::string name;
    Slots& slots;
    Cells<hookNames.size() * outcomeNames.size()> calls;
    Cells<faultNames.size()> faults;
    Cells<2> presence;
    TimeHistogram seconds;
    std::atomic<std::uint32_t> hooks{
        0}; ///< bit N: it is asked hookNames[N], now or before a reload
    std::atomic<std::uint64_t> concurrency{0}; ///< 0: no limit
};

/// What the host syncs for stores.
enum class Synced
{
    Data,
    Folder,
    FileSystem
};

inline constexpr std::array<std::string_view, 3> syncedNames{"data", "folder", "file_system"};

struct Sync
{
    TimeHistogram seconds;
    BatchHistogram callers; ///< who shared one
    Cells<1> errors;
};

/// Goes up and down. Thread safety: [any].
class alignas(cacheLineOctets) Gauge
{
public:
    void add(std::int64_t value) noexcept { _value.fetch_add(value, std::memory_order_relaxed); }

    void set(std::int64_t value) noexcept { _value.store(value, std::memory_order_relaxed); }

    [[nodiscard]] std::int64_t value() const noexcept
    {
        return _value.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::int64_t> _value{0};
};

class Metrics
{
public:
    enum class Octets
    {
        Received,
        Sent
    };

    enum class Spool
    {
        Files,  ///< messages that went to one
        Octets, ///< of these
        Errors  ///< messages that were lost to a full disk or want of memory
    };

    enum class Transaction
    {
        Begun,
        Ended
    };

    enum class Reload
    {
        Success,
        Failure
    };

    Metrics() = default;
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The counters of a section of this name: the same ones whenever it is asked for. The reference stays valid.
    [[nodiscard]] Listener& listener(std::string_view name);
    [[nodiscard]] Handler& handler(std::string_view name);

    /// In the order in which they were first asked for.
    [[nodiscard]] std::vector<const Listener*> listeners() const;
    [[nodiscard]] std::vector<const Handler*> handlers() const;

    Slots slots;
    Cells<verbNames.size()> commands;
    Cells<recipientNames.size()> recipients;
    Cells<replyCount> transactions;
    Cells<2> open; ///< Transaction
    Cells<timeoutNames.size()> timeouts;
    Cells<2> octets;
    Cells<3> spool;
    SizeHistogram messageSizes; ///< of accepted ones
    TimeHistogram transactionTime;
    std::array<TimeHistogram, phaseNames.size()> phases;
    std::array<Sync, syncedNames.size()> syncs;
    Gauge spoolMemory; ///< octets lent to transactions
    Cells<2> reloads;
    Gauge generation;
    Gauge generationsInUse;
    Gauge lastReloadOk;
    Gauge lastReloadTime; ///< of the last successful one, or the start; milliseconds since 1970
    Gauge threadLimit;
    Gauge connectionLimit;

private:
    mutable std::mutex _mutex; // guards the lists, not what is in them
    std::list<Listener> _listeners;
    std::list<Handler> _handlers;
};

} // namespace mpsmtp::metrics

// What this is and its thread safety: Report.h.
#include "metrics/Report.h"

#include <array>
#include <vector>

namespace mpsmtp::metrics
{

namespace
{

constexpr double nanosecond = 1e-9;
constexpr double millisecond = 1e-3;

/// A gauge that is only ever set to what cannot be below 0, or is read between two additions.
std::uint64_t natural(const Gauge& gauge) noexcept
{
    return gauge.value() < 0 ? 0 : static_cast<std::uint64_t>(gauge.value());
}

std::string_view replyName(std::size_t index, std::string& room)
{
    if (index >= replyCodes.size())
        return otherReplies[index - replyCodes.size()];
    room = std::to_string(replyCodes[index]);
    return room;
}

/// \param scale of the histogram's numbers to the metric's unit
template <const auto& Bounds>
void histogram(Exposition& to, Labels labels, const Histogram<Bounds>& values, double scale)
{
    // The sum first: it shall not hold what the buckets do not.
    const double sum = static_cast<double>(values.sum()) * scale;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < Bounds.size(); ++i)
    {
        count += values.count(i);
        // Divided where that is exact: 0.00025 and not 0.00025000000000000001.
        to.bucket(labels, static_cast<double>(Bounds[i]) / (scale < 1 ? 1e9 : 1), count);
    }
    count += values.count(Bounds.size());
    to.bucket(labels, -1, count);
    to.endHistogram(labels, sum, count);
}

/// One sample for each name.
template <std::size_t Count>
void counters(Exposition& to,
              std::string_view label,
              const std::array<std::string_view, Count>& names,
              const Cells<Count>& cells)
{
    for (std::size_t i = 0; i < Count; ++i)
        to.sample({{label, names[i]}}, cells.sum(i));
}

/// A family of one sample.
void single(Exposition& to,
            Kind kind,
            std::string_view name,
            std::string_view unit,
            std::string_view help,
            std::uint64_t value)
{
    to.family(kind, name, unit, help);
    to.sample({}, value);
}

void reportConnections(const Metrics& metrics, Exposition& to)
{
    using Event = Listener::Event;
    const auto listeners = metrics.listeners();
    to.family(Kind::Counter, "mpsmtp_connections_accepted", "", "Connections that got a place.");
    for (const Listener* each : listeners)
        to.sample({{"listener", each->name}}, each->events.sum(Event::Admitted));
    to.family(Kind::Counter,
              "mpsmtp_connections_refused",
              "",
              "Connections that got a 421 and no session.");
    for (const Listener* each : listeners)
        for (std::size_t i = 0; i < refusalNames.size(); ++i)
            to.sample({{"listener", each->name}, {"reason", refusalNames[i]}},
                      each->refusals.sum(i));
    to.family(Kind::Gauge,
              "mpsmtp_connections",
              "",
              "Open connections: served by a thread, or waiting for one.");
    for (const Listener* each : listeners)
    {
        const auto served = each->events.difference(Event::Served, Event::Ended);
        const auto open = each->events.difference(Event::Admitted, Event::Closed);
        to.sample({{"listener", each->name}, {"state", "served"}}, served);
        to.sample({{"listener", each->name}, {"state", "waiting"}},
                  open < served ? 0 : open - served);
    }
    to.family(Kind::Counter,
              "mpsmtp_sessions",
              "",
              "Sessions that began: connections that got a thread.");
    for (const Listener* each : listeners)
        to.sample({{"listener", each->name}}, each->events.sum(Event::Served));
    single(to,
           Kind::Gauge,
           "mpsmtp_connections_limit",
           "",
           "Most connections open at the same time.",
           natural(metrics.connectionLimit));
    single(to,
           Kind::Gauge,
           "mpsmtp_threads_limit",
           "",
           "Most connections served at the same time.",
           natural(metrics.threadLimit));
}

void reportSessions(const Metrics& metrics, Exposition& to)
{
    using Octets = Metrics::Octets;
    to.family(Kind::Counter, "mpsmtp_commands", "", "Commands executed, refused ones included.");
    counters(to, "verb", verbNames, metrics.commands);
    to.family(Kind::Counter,
              "mpsmtp_recipients",
              "",
              "RCPT commands in a transaction, by what became of them.");
    counters(to, "outcome", recipientNames, metrics.recipients);
    to.family(Kind::Counter,
              "mpsmtp_timeouts",
              "",
              "Waits for clients, or for a thread, that lasted too long.");
    counters(to, "kind", timeoutNames, metrics.timeouts);
    single(to,
           Kind::Counter,
           "mpsmtp_network_received_bytes",
           "bytes",
           "Octets that clients sent.",
           metrics.octets.sum(Octets::Received));
    single(to,
           Kind::Counter,
           "mpsmtp_network_sent_bytes",
           "bytes",
           "Octets of replies.",
           metrics.octets.sum(Octets::Sent));
}

void reportTransactions(const Metrics& metrics, Exposition& to)
{
    using Transaction = Metrics::Transaction;
    std::string room;
    to.family(Kind::Counter,
              "mpsmtp_transactions",
              "",
              "Transactions that ended, by the code of their last reply.");
    for (std::size_t i = 0; i < replyCount; ++i)
        to.sample({{"code", replyName(i, room)}}, metrics.transactions.sum(i));
    single(to,
           Kind::Gauge,
           "mpsmtp_transactions_open",
           "",
           "Transactions between MAIL and their reply.",
           metrics.open.difference(Transaction::Begun, Transaction::Ended));
    to.family(Kind::Histogram,
              "mpsmtp_transaction_seconds",
              "seconds",
              "Time from MAIL to the reply that ends the transaction.");
    histogram(to, {}, metrics.transactionTime, nanosecond);
    to.family(Kind::Histogram,
              "mpsmtp_phase_seconds",
              "seconds",
              "Time that a message spent in a phase of its way.");
    for (std::size_t i = 0; i < phaseNames.size(); ++i)
        histogram(to, {{"phase", phaseNames[i]}}, metrics.phases[i], nanosecond);
    to.family(Kind::Histogram,
              "mpsmtp_message_size_bytes",
              "bytes",
              "Octets of mail data of accepted messages.");
    histogram(to, {}, metrics.messageSizes, 1);
}

void reportSpool(const Metrics& metrics, Exposition& to)
{
    using Spool = Metrics::Spool;
    single(to,
           Kind::Gauge,
           "mpsmtp_spool_memory_bytes",
           "bytes",
           "Memory lent to messages that are being received or delivered.",
           natural(metrics.spoolMemory));
    single(to,
           Kind::Counter,
           "mpsmtp_spool_files",
           "",
           "Messages that were larger than [spool] memory and went to a file.",
           metrics.spool.sum(Spool::Files));
    single(to,
           Kind::Counter,
           "mpsmtp_spool_file_bytes",
           "bytes",
           "Octets of these.",
           metrics.spool.sum(Spool::Octets));
    single(to,
           Kind::Counter,
           "mpsmtp_spool_errors",
           "",
           "Messages that the spool could not hold.",
           metrics.spool.sum(Spool::Errors));
    to.family(Kind::Histogram,
              "mpsmtp_sync_seconds",
              "seconds",
              "Time of one system call that makes data durable.");
    for (std::size_t i = 0; i < syncedNames.size(); ++i)
        histogram(to, {{"what", syncedNames[i]}}, metrics.syncs[i].seconds, nanosecond);
    to.family(Kind::Histogram, "mpsmtp_sync_callers", "", "Callers that shared one such call.");
    for (std::size_t i = 0; i < syncedNames.size(); ++i)
        histogram(to, {{"what", syncedNames[i]}}, metrics.syncs[i].callers, 1);
    to.family(Kind::Counter, "mpsmtp_sync_errors", "", "Such calls that failed.");
    for (std::size_t i = 0; i < syncedNames.size(); ++i)
        to.sample({{"what", syncedNames[i]}}, metrics.syncs[i].errors.sum(0));
}

/// What cannot be is not shown: discarding is for filters of messages, aborting for deliveries.
bool isPossible(std::size_t hook, Outcome outcome) noexcept
{
    return outcome == Outcome::Aborted     ? hook == deliverHook
           : outcome == Outcome::Discarded ? hook == messageHook
                                           : true;
}

void reportCalls(const Handler& handler, Exposition& to)
{
    for (std::size_t hook = 0; hook < hookNames.size(); ++hook)
        for (std::size_t i = 0; i < outcomeNames.size(); ++i)
            if (const auto outcome = static_cast<Outcome>(i);
                (handler.hooks.load(std::memory_order_relaxed) >> hook & 1) != 0 &&
                isPossible(hook, outcome))
                to.sample({{"handler", handler.name},
                           {"hook", hookNames[hook]},
                           {"outcome", outcomeNames[i]}},
                          handler.calls.sum(Handler::call(hook, outcome)));
}

void reportHandlers(const Metrics& metrics, Exposition& to)
{
    using Event = Handler::Event;
    const auto handlers = metrics.handlers();
    to.family(Kind::Counter,
              "mpsmtp_handler_calls",
              "",
              "Questions to a handler and messages for it, by what came of them.");
    for (const Handler* each : handlers)
        reportCalls(*each, to);
    to.family(Kind::Counter, "mpsmtp_handler_faults", "", "Failures of a handler, by their cause.");
    for (const Handler* each : handlers)
        for (std::size_t i = 0; i < faultNames.size(); ++i)
            to.sample({{"handler", each->name}, {"cause", faultNames[i]}}, each->faults.sum(i));
    to.family(Kind::Histogram,
              "mpsmtp_handler_seconds",
              "seconds",
              "Time that a handler took for one question or one message.");
    for (const Handler* each : handlers)
        histogram(to, {{"handler", each->name}}, each->seconds, nanosecond);
    to.family(
        Kind::Gauge,
        "mpsmtp_handler_in_progress",
        "",
        "Questions and messages that a handler is working on, or that wait for one of its slots.");
    for (const Handler* each : handlers)
        to.sample({{"handler", each->name}},
                  each->presence.difference(Event::Entered, Event::Left));
    to.family(Kind::Gauge,
              "mpsmtp_handler_concurrency_limit",
              "",
              "Most threads inside a handler; 0 is no limit.");
    for (const Handler* each : handlers)
        to.sample({{"handler", each->name}}, each->concurrency.load(std::memory_order_relaxed));
}

void reportConfiguration(const Metrics& metrics, Exposition& to)
{
    using Reload = Metrics::Reload;
    to.family(Kind::Counter,
              "mpsmtp_config_reloads",
              "",
              "Reloads, by whether the new configuration came into use.");
    to.sample({{"outcome", "success"}}, metrics.reloads.sum(Reload::Success));
    to.sample({{"outcome", "failure"}}, metrics.reloads.sum(Reload::Failure));
    single(to,
           Kind::Gauge,
           "mpsmtp_config_generation",
           "",
           "Number of the configuration in use; the one that the server started with is 1.",
           natural(metrics.generation));
    single(to,
           Kind::Gauge,
           "mpsmtp_config_generations_in_use",
           "",
           "Configurations that still have sessions, the current one included.",
           natural(metrics.generationsInUse));
    single(to,
           Kind::Gauge,
           "mpsmtp_config_last_reload_successful",
           "",
           "1 if the last reload came into use, or there was none; else 0.",
           natural(metrics.lastReloadOk));
    to.family(Kind::Gauge,
              "mpsmtp_config_last_reload_success_timestamp_seconds",
              "seconds",
              "When the configuration in use was loaded, since 1970.");
    to.sample({}, static_cast<double>(metrics.lastReloadTime.value()) * millisecond);
}

} // namespace

void report(const Metrics& metrics, Exposition& to)
{
    reportConnections(metrics, to);
    reportSessions(metrics, to);
    reportTransactions(metrics, to);
    reportSpool(metrics, to);
    reportHandlers(metrics, to);
    reportConfiguration(metrics, to);
}

void report(const Build& build, Exposition& to)
{
    to.family(Kind::Info,
              "mpsmtp_build",
              "",
              "What the program is and what it was built with; always 1.");
    to.sample({{"version", build.version}, {"compiler", build.compiler}, {"poco", build.poco}},
              std::uint64_t{1});
}

void report(const Process& process, Exposition& to)
{
    to.family(
        Kind::Counter, "process_cpu_seconds", "seconds", "User and system time of the process.");
    to.sample({}, process.cpuSeconds);
    to.family(Kind::Gauge,
              "process_start_time_seconds",
              "seconds",
              "When the process started, since 1970.");
    to.sample({}, process.startTimeSeconds);
    single(to,
           Kind::Gauge,
           "process_resident_memory_bytes",
           "bytes",
           "Resident memory of the process.",
           process.residentOctets);
    single(to,
           Kind::Gauge,
           "process_virtual_memory_bytes",
           "bytes",
           "Address space of the process.",
           process.virtualOctets);
    single(
        to, Kind::Gauge, "process_open_fds", "", "Open file descriptors.", process.openDescriptors);
    single(to,
           Kind::Gauge,
           "process_max_fds",
           "",
           "Most file descriptors that may be open.",
           process.mostDescriptors);
    single(to, Kind::Gauge, "process_threads", "", "Threads of the process.", process.threads);
}

} // namespace mpsmtp::metrics

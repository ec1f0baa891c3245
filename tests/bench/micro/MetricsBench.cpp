// What is written down of one accepted mail for one handler, by one thread and by as many as serve connections at once.
#include "metrics/Metrics.h"

#include <benchmark/benchmark.h>

#include <chrono>

namespace
{

using namespace mpsmtp::metrics;
using std::chrono::nanoseconds;

constexpr nanoseconds moment(40'000);

void countBegin(Metrics& metrics)
{
    const Turn turn(metrics.slots);
    metrics.open.add(turn, Metrics::Transaction::Begun);
}

/// As delivery::TransactionCounts::ended() does it.
void countEnd(Metrics& metrics, Handler& handler)
{
    const Turn turn(metrics.slots);
    for (std::size_t verb = 0; verb < 3; ++verb) // MAIL, RCPT, DATA
        metrics.commands.add(turn, verb);
    metrics.recipients.add(turn, Recipient::Accepted);
    metrics.transactions.add(turn, replyIndex(250));
    metrics.open.add(turn, Metrics::Transaction::Ended);
    metrics.transactionTime.observe(turn, moment);
    metrics.messageSizes.observe(turn, 1024);
    for (const Phase phase : {Phase::Receive, Phase::Stage, Phase::Durable, Phase::Commit})
        metrics.phases[static_cast<std::size_t>(phase)].observe(turn, moment);
    handler.presence.add(turn, Handler::Event::Left);
    handler.calls.add(turn, Handler::call(deliverHook, Outcome::Ok));
    handler.seconds.observe(turn, moment);
}

void countMail(benchmark::State& state)
{
    static Metrics metrics; // shared by the threads of a run
    static Handler handler("store", metrics.slots);
    for (auto _ : state)
    {
        countBegin(metrics);
        countEnd(metrics, handler);
    }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK(countMail)->Threads(1)->Threads(2)->Threads(10);

#include "bench/load/LoadRun.h"

#include "bench/base/Measure.h"
#include "bench/load/IdleCrowd.h"
#include "bench/load/Worker.h"

#include <algorithm>
#include <future>

namespace mpsmtp::bench
{

namespace
{

/// The connections of the worker `index`: all have as many, the first ones one more if it must be.
[[nodiscard]] std::uint64_t
shareOf(const LoadPlan& plan, std::uint64_t threads, std::uint64_t index)
{
    return plan.connections / threads + (index < plan.connections % threads ? 1 : 0);
}

void runAll(std::vector<std::unique_ptr<Worker>>& workers, const LoadPlan& plan)
{
    std::vector<std::future<void>> others;
    for (std::size_t i = 1; i < workers.size(); ++i)
        others.push_back(std::async(std::launch::async,
                                    [&, i] { workers[i]->run(shareOf(plan, workers.size(), i)); }));
    workers[0]->run(shareOf(plan, workers.size(), 0));
    for (std::future<void>& other : others)
        other.get();
}

} // namespace

LoadResult performLoad(const LoadPlan& plan)
{
    allowManyDescriptors();
    const Target target(plan.target);
    const MailMaker maker(plan.seed, plan.octets);
    MessageNumbers numbers(plan.messages);
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::uint64_t i = 0; i < std::min(plan.threads, plan.connections); ++i)
        workers.push_back(std::make_unique<Worker>(plan, target, maker, numbers));
    const IdleCrowd idle(target, plan.idle, plan.timeout);
    const double cpu = cpuSeconds();
    const Clock::time_point begin = Clock::now();
    runAll(workers, plan);
    LoadResult result;
    result.seconds = secondsSince(begin);
    result.cpuSeconds = cpuSeconds() - cpu;
    for (const auto& worker : workers)
        result.tally.merge(worker->tally());
    result.tally.failedConnections += idle.lost();
    return result;
}

Json reportOf(const LoadPlan& plan, const LoadResult& result)
{
    const Tally& tally = result.tally;
    const double rate = static_cast<double>(tally.acknowledged) / result.seconds;
    Json report;
    report.add("acknowledged", tally.acknowledged).add("refused", tally.refused);
    report.add("unanswered", tally.unanswered).add("failed_connections", tally.failedConnections);
    report.add("seconds", result.seconds).add("messages_per_second", rate);
    report.add("octets_per_second", rate * static_cast<double>(plan.octets));
    report.add("latency_us", latencyOf(tally.latency));
    report.add("connect_to_greeting_us", shortLatencyOf(tally.greeting));
    report.add("cpu_seconds", result.cpuSeconds);
    if (!tally.firstRefusal.empty())
        report.add("first_refusal", tally.firstRefusal);
    return report;
}

} // namespace mpsmtp::bench

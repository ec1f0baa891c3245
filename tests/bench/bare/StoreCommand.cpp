#include "bench/bare/StoreCommand.h"

#include "bench/bare/Files.h"
#include "bench/bare/Way.h"
#include "bench/base/Measure.h"
#include "bench/base/ScratchFolder.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace mpsmtp::bench
{

namespace
{

/// Threads that put messages until all are stored, and what each took.
class Run
{
public:
    Run(Way& way, const Arguments& arguments)
        : _way(way),
          _messages(arguments.positive("messages")),
          _boxes(arguments.positive("folders")),
          _octets(arguments.positive("octets"), 'x')
    {
        for (std::size_t at = 77; at < _octets.size(); at += 78)
            _octets[at] = '\n';
    }

    /// \throws what put() threw first
    void perform(std::uint64_t threads)
    {
        std::vector<std::thread> workers;
        for (std::uint64_t i = 0; i < threads; ++i)
            workers.emplace_back([this] { work(); });
        for (std::thread& worker : workers)
            worker.join();
        if (_failure)
            std::rethrow_exception(_failure);
    }

    [[nodiscard]] const Histogram& latency() const { return _latency; }

private:
    void work()
    {
        Histogram mine;
        try
        {
            for (std::uint64_t id = 0; (id = _next++) < _messages;)
            {
                const Clock::time_point begin = Clock::now();
                _way.put(id % _boxes, id, _octets);
                mine.record(Clock::now() - begin);
            }
        }
        catch (...)
        {
            const std::lock_guard lock(_mutex);
            _failure = std::current_exception();
            _next = _messages;
        }
        const std::lock_guard lock(_mutex);
        _latency.merge(mine);
    }

    Way& _way;
    const std::uint64_t _messages;
    const std::uint64_t _boxes;
    std::string _octets;
    std::atomic<std::uint64_t> _next{0};
    std::mutex _mutex; ///< guards all below
    Histogram _latency;
    std::exception_ptr _failure;
};

[[nodiscard]] StorePlan planOf(const Arguments& arguments, const std::string& folder)
{
    StorePlan plan;
    plan.way = arguments.required("way");
    plan.folder = folder;
    plan.boxes = arguments.positive("folders");
    plan.octets = arguments.positive("octets");
    plan.journalOctets = arguments.positive("journal-size");
    plan.journalAlign = arguments.positive("journal-align");
    plan.placement = placementOf(arguments.text("placement"));
    return plan;
}

[[nodiscard]] Json reportOf(const Arguments& arguments)
{
    Json report;
    report.add("way", arguments.text("way"));
    if (arguments.text("way") == "journal")
        report.add("placement", arguments.text("placement"));
    for (const char* const name : {"threads", "messages", "octets", "folders"})
        report.add(name, arguments.number(name));
    return report;
}

void expectStored(const Way& way, std::uint64_t messages)
{
    if (way.stored() != messages)
        throw std::runtime_error(std::to_string(messages) + " put, " +
                                 std::to_string(way.stored()) + " found");
}

} // namespace

std::vector<OptionRow> storeOptions()
{
    using Kind = OptionRow::Kind;
    std::string names;
    for (const std::string& name : wayNames())
        names += (names.empty() ? "" : ", ") + name;
    return {{"way", Kind::Text, "", names},
            {"threads", Kind::Number, "1", "that store at once"},
            {"messages", Kind::Number, "1000", "of all threads together"},
            {"octets", Kind::Number, "4096", "of a message"},
            {"folders", Kind::Number, "1", "mailboxes, taken in turn"},
            {"folder", Kind::Text, "", "on the disk to measure"},
            {"remove", Kind::Switch, "", "the files at the end; ext4 then makes new ones slowly"},
            {"journal-size", Kind::Number, "67108864", "octets of both segments"},
            {"journal-align", Kind::Number, "1", "records begin at multiples of it"},
            {"placement", Kind::Text, "tmpfile", "behind the journal: tmpfile, rename or hidden"}};
}

Json measureStore(const Arguments& arguments)
{
    const ScratchFolder scratch(arguments.required("folder"), arguments.has("remove"));
    const auto way = makeWay(planOf(arguments, scratch.path()));
    Run run(*way, arguments);
    syncFileSystem(scratch.path()); // what was written before is not this run's to pay
    const double cpu = cpuSeconds();
    const Clock::time_point begin = Clock::now();
    run.perform(arguments.positive("threads"));
    const double seconds = secondsSince(begin);
    const double cpuUsed = cpuSeconds() - cpu;
    const Clock::time_point end = Clock::now();
    way->finish();
    const double finishing = secondsSince(end);
    const auto messages = arguments.number("messages");
    expectStored(*way, messages);
    Json report = reportOf(arguments);
    report.add("seconds", seconds).add("finish_seconds", finishing);
    report.add("files_per_second", static_cast<double>(messages) / seconds);
    report.add("syncs", way->syncs()).add("cpu_seconds", cpuUsed);
    report.add("latency_us", latencyOf(run.latency()));
    return report;
}

} // namespace mpsmtp::bench

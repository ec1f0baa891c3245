// Every order of appends, entries, checkpoints, failures and ends in plugins/common/journal/Journal, the real class.
#include "Explorer.h"
#include "JournalDisk.h"
#include "common/journal/Journal.h"

#include <cstdlib>
#include <utility>

using namespace mpsmtp::model;
using mpsmtp::store::journal::blockOctets;
using mpsmtp::store::journal::Journal;

namespace
{

constexpr std::chrono::seconds patience{1};
constexpr std::chrono::seconds checkpointAfter{5};

/// What a thread does with its entries.
enum class Habit
{
    EndsEach,
    KeepsAll, ///< until it has appended all
    Cancels   ///< the first
};

struct Size
{
    std::size_t threads;
    std::size_t appends;   ///< of each thread
    std::uint64_t batches; ///< that a segment has room for
    Habit habit = Habit::EndsEach;
    Failures failures{};
    bool isThin = false; ///< allocations in append() may fail
};

using Shared = std::shared_ptr<Journal>;

Shared open(Disk& disk, std::uint64_t batches, std::size_t handler = 0)
{
    return Journal::open("/",
                         "model",
                         {disk.storage(handler),
                          disk.log(handler),
                          "boot",
                          (batches + 1) * blockOctets,
                          checkpointAfter,
                          patience},
                         [](const auto&, bool) {});
}

/// With allocations that may fail. The payloads, which only the first run makes, are not among them.
[[nodiscard]] std::optional<Journal::Entry> appendThinly(Journal& journal, std::size_t record)
{
    const std::string& payload = Disk::payload(record);
    try
    {
        const MayFailToAllocate thin;
        return journal.append(payload);
    }
    catch (const std::bad_alloc&)
    {
        return std::nullopt;
    }
}

void check(const Disk& disk, std::size_t record, bool isStored)
{
    const auto result = disk.resultOf(record);
    require(!isStored || result.has_value(), "nobody returns before their record is written");
    require(isStored == result.value_or(false),
            "the outcome of a write is told to all of its batch and to nobody else");
}

/// One transaction after the other, as a store has them: the file gets its name while the entry lives.
class Appender
{
public:
    Appender(Shared journal, Disk& disk, const Size& size, std::size_t first)
        : _journal(std::move(journal)), _disk(disk), _size(size), _first(first)
    {
    }

    void run()
    {
        for (std::size_t record = _first; record < _first + _size.appends; ++record)
        {
            auto entry = append(record);
            check(record, entry.has_value());
            if (!entry)
                continue;
            if (_size.habit == Habit::Cancels && record == _first)
                entry->cancel();
            _disk.putInPlace(record);
            if (_size.habit == Habit::KeepsAll)
                _kept.push_back(*std::move(entry));
        }
        _kept.clear();
        _journal.reset();
    }

private:
    [[nodiscard]] std::optional<Journal::Entry> append(std::size_t record)
    {
        const auto begin = std::chrono::steady_clock::now();
        auto entry = _size.isThin ? appendThinly(*_journal, record)
                                  : _journal->append(Disk::payload(record));
        require(std::chrono::steady_clock::now() - begin <= 2 * (patience + checkpointAfter),
                "an append comes back in time");
        return entry;
    }

    void check(std::size_t record, bool isStored)
    {
        ::check(_disk, record, isStored);
        if (_size.habit == Habit::Cancels && record != _first && isStored)
            require(!_disk.counts(_first),
                    "a cancellation goes with the next record that is stored");
    }

    Shared _journal;
    Disk& _disk;
    const Size& _size;
    const std::size_t _first;
    std::vector<Journal::Entry> _kept;
};

/// The last of the threads ends the journal.
void meet(const Size& size)
{
    Disk disk(size.failures);
    Shared journal = open(disk, size.batches);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < size.threads; ++i)
    {
        auto appender = std::make_shared<Appender>(journal, disk, size, i * size.appends);
        threads.push_back(start("appender", [appender] { appender->run(); }));
    }
    journal.reset();
    for (std::thread& thread : threads)
        thread.join();
    disk.requireAllAtRest();
}

/// Two handlers of one store start at the same time.
void openTwice()
{
    Disk disk({});
    std::array<Shared, 2> opened;
    std::vector<std::thread> threads;
    for (Shared& journal : opened)
        threads.push_back(start("handler", [&] { journal = open(disk, 1); }));
    for (std::thread& thread : threads)
        thread.join();
    require(opened[0] && opened[0] == opened[1], "all handlers of a store get the same journal");
    opened = {};
    disk.requireAllAtRest();
}

/// Neither comes with the memory for it: it can be had another time.
void openThinly()
{
    Disk disk({});
    open(disk, 1).reset(); // what the process makes once, so that each run is like the first
    try
    {
        const MayFailToAllocate thin;
        (void)open(disk, 1);
    }
    catch (const std::bad_alloc&)
    {
    }
    require(open(disk, 1) != nullptr, "a store can be opened again");
    disk.requireAllAtRest();
}

/// The younger handler, with whose storage the journal works, leaves while the other one has mail.
void leaveEarly()
{
    Disk disk({});
    Shared stays = open(disk, 1, 0);
    Shared leaves = open(disk, 1, 1);
    std::thread leaver = start("leaver",
                               [&]
                               {
                                   leaves.reset();
                                   disk.endHandler(1);
                               });
    {
        const auto entry = stays->append(Disk::payload(0));
        check(disk, 0, entry.has_value());
        disk.putInPlace(0);
    }
    leaver.join();
    stays.reset();
    disk.requireAllAtRest();
}

/// Two handlers leave at the same time; what is in the journal needs a checkpoint.
void leaveTogether()
{
    Disk disk({});
    std::array<Shared, 2> opened{open(disk, 1, 0), open(disk, 1, 1)};
    std::optional<Journal::Entry> entry = opened[0]->append(Disk::payload(0));
    check(disk, 0, entry.has_value());
    disk.putInPlace(0);
    entry.reset();
    std::thread other = start("handler", [&] { opened[1].reset(); });
    opened[0].reset();
    other.join();
    disk.requireAllAtRest();
}

/// A reload: one comes while the last ones leave.
void comeWhileOthersLeave()
{
    Disk disk({});
    std::array<Shared, 2> opened{open(disk, 1, 0), open(disk, 1, 0)};
    std::thread leaver = start("leaver", [&] { opened[1].reset(); });
    std::thread comer = start(
        "comer",
        [&]
        { require(open(disk, 1, 1) != nullptr, "who comes while others leave gets a journal"); });
    opened[0].reset();
    leaver.join();
    comer.join();
    disk.requireAllAtRest();
}

/// Both segments are full and held; another thread waits for the first to come free.
void endLate()
{
    Disk disk({});
    Shared journal = open(disk, 1);
    std::optional<Journal::Entry> late = journal->append(Disk::payload(0));
    std::thread other =
        start("other",
              [&]
              {
                  const auto kept = journal->append(Disk::payload(1));
                  const auto next = journal->append(Disk::payload(2));
                  require(kept && next, "no append fails while a segment can come free");
                  disk.putInPlace(1);
                  disk.putInPlace(2);
              });
    disk.putInPlace(0);
    late.reset();
    other.join();
    journal.reset();
    disk.requireAllAtRest();
}

/// Nothing but appends: those who come during a write share the next one.
void shareBatches(std::size_t count)
{
    Disk disk({});
    Shared journal = open(disk, count);
    std::vector<std::optional<Journal::Entry>> entries(count);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i)
        threads.push_back(start("appender",
                                [&, i]
                                {
                                    entries[i] = appendThinly(*journal, i);
                                    check(disk, i, entries[i].has_value());
                                }));
    for (std::thread& thread : threads)
        thread.join();
    for (std::size_t i = 0; i < count; ++i)
        disk.putInPlace(i);
    entries.clear();
    journal.reset();
    disk.requireAllAtRest();
}

[[nodiscard]] Failures failures(unsigned Failures::*first, unsigned Failures::*second = nullptr)
{
    Failures made;
    made.*first = 1;
    if (second != nullptr)
        made.*second = 1;
    return made;
}

[[nodiscard]] Scenario scenario(const char* name, const Size& size, const Liberties& liberties)
{
    return {name, [size] { meet(size); }, liberties};
}

/// The small ones first, since most mistakes are found there.
[[nodiscard]] std::vector<Scenario> scenarios()
{
    const auto writes = failures(&Failures::writes, &Failures::fullDisks);
    const auto syncs = failures(&Failures::syncs);
    const auto ends = failures(&Failures::ends, &Failures::marks);
    const auto keys = failures(&Failures::keys);
    const auto full = failures(&Failures::fullDisks);
    const auto each = Habit::EndsEach;
    // Half of all states are in this one; the long form of the tests has the time for them.
    const std::size_t most = std::getenv("MPSMTP_FULL") != nullptr ? 3 : 2;
    return {{"two handlers open", openTwice, {0}},
            {"a handler opens without memory", openThinly, {0, 1, 0}},
            {"a handler leaves early", leaveEarly, {0, 0}},
            {"one comes while two leave", comeWhileOthersLeave, {0, 0, 0}},
            {"two handlers leave", leaveTogether, {0, 0, 0, 5'000, true}},
            {"three share batches", [] { shareBatches(3); }, {0, 1, 0}},
            {"three share batches, a signal comes", [] { shareBatches(3); }, {1, 0, 0}},
            {"one entry ends late", endLate, {0, 0, 0}},
            scenario("one appender without a key", {1, 2, 1, each, keys}, {0, 0, 0}),
            scenario("one appender cancels", {1, 3, 2, Habit::Cancels, full}, {0, 0, 0}),
            scenario("one appender wakes for no reason", {1, 2, 1}, {1, 0, 0}),
            scenario("one appender keeps its entries", {1, 3, 1, Habit::KeepsAll}, {0}),
            scenario("one appender, room for two", {1, 3, 2}, {0}),
            scenario("one appender, failed syncs", {1, 2, 1, each, syncs}, {0}),
            scenario("one appender, failed ends", {1, 2, 1, each, ends}, {0}),
            scenario("one appender, failed writes", {1, most, 1, each, writes}, {0, 0, 0}),
            scenario("one appender, failed writes without memory",
                     {1, 2, 1, each, writes, true},
                     {0, 1, 0}),
            scenario("one appender, full segments", {1, 3, 1}, {0, 0, 0}),
            scenario("two appenders", {2, 1, 1}, {0, 0, 0}),
            scenario("two appenders without memory", {2, 1, 1, each, {}, true}, {0, 1, 0}),
            scenario("two appenders, failed writes", {2, 1, 1, each, writes}, {0, 0, 0}),
            scenario("two appenders, failed syncs", {2, 1, 1, each, syncs}, {0, 0, 0})};
}

} // namespace

int main(int argc, char** argv)
{
    return check(argc, argv, scenarios());
}

// Every order of appends, checkpoints, failures and a stop in the journal's algorithm.
#include "Explorer.h"
#include "Journal.h"

#include <array>
#include <optional>

using namespace mpsmtp::model;

namespace
{

constexpr std::size_t most = 8;

/// Knows what survives: records in a segment until it is overwritten, and for good what a checkpoint has taken from there.
class Disk : public JournalDisk
{
public:
    Disk(unsigned writeFailures, unsigned checkpointFailures)
        : _writeFailures(writeFailures), _checkpointFailures(checkpointFailures)
    {
    }

    bool write(std::size_t segment, bool isFirst, const Records& records) override
    {
        require(mutexesHeld() == 0, "no mutex is held during a write");
        require(!_isWriting, "at most one write runs at a time");
        require(!_checkpointed.at(segment), "no segment is written during its checkpoint");
        _isWriting = true;
        if (isFirst)
            overwrite(segment);
        require(!_isTorn.at(segment), "nothing is written behind a write that failed");
        step(this, "writes");
        const bool isDurable = !fails(_writeFailures, "fails to write");
        for (const std::size_t record : records)
        {
            require(!_results.at(record), "no record is written twice");
            _results.at(record) = isDurable;
            if (isDurable)
                _held.at(segment).push_back(record);
        }
        _isTorn.at(segment) = !isDurable;
        _isWriting = false;
        return isDurable;
    }

    bool checkpoint(std::size_t segment) override
    {
        require(mutexesHeld() == 0, "no mutex is held during a checkpoint");
        _checkpointed.at(segment) = true;
        step(this, "makes a checkpoint");
        _checkpointed.at(segment) = false;
        if (fails(_checkpointFailures, "fails to make a checkpoint"))
            return false;
        _held.at(segment).clear();
        return true;
    }

    /// What became of a record's write; none if it was not written.
    [[nodiscard]] std::optional<bool> resultOf(std::size_t record) const
    {
        return _results.at(record);
    }

private:
    void overwrite(std::size_t segment)
    {
        require(_held.at(segment).empty(), "no segment is overwritten before its checkpoint");
        _isTorn.at(segment) = false;
    }

    static bool fails(unsigned& left, const char* what)
    {
        const bool does = left > 0 && choose(2, what) == 1;
        left -= does ? 1 : 0;
        return does;
    }

    unsigned _writeFailures;
    unsigned _checkpointFailures;
    bool _isWriting = false;
    std::array<bool, 2> _isTorn{};
    std::array<bool, 2> _checkpointed{};
    std::array<Records, 2> _held;
    std::array<std::optional<bool>, most> _results;
};

struct Size
{
    std::size_t threads;
    std::size_t appends; ///< of each thread
    unsigned writeFailures;
    unsigned checkpointFailures;
    bool stopsEarly; ///< while threads append
};

void appendAndCheck(Journal& journal, const Disk& disk, std::size_t record)
{
    const bool isDurable = journal.append(record);
    require(!isDurable || disk.resultOf(record).has_value(),
            "nobody returns before their record is written");
    require(isDurable == disk.resultOf(record).value_or(false),
            "the outcome of a write is told to all of its batch and to nobody else");
}

void run(const Size& size)
{
    Disk disk(size.writeFailures, size.checkpointFailures);
    Journal journal(disk, 1);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < size.threads; ++i)
        threads.push_back(start("appender",
                                [&, i]
                                {
                                    for (std::size_t n = 0; n < size.appends; ++n)
                                        appendAndCheck(journal, disk, i * size.appends + n);
                                }));
    if (size.stopsEarly)
        journal.stop();
    for (std::thread& thread : threads)
        thread.join();
}

} // namespace

int main(int argc, char** argv)
{
    return check(argc,
                 argv,
                 {{"one appender, full segments",
                   [] {
                       run({1, 3, 0, 0, false});
                   },
                   {}},
                  {"one appender, failures",
                   [] {
                       run({1, 3, 1, 1, false});
                   },
                   {0}},
                  {"two appenders",
                   [] {
                       run({2, 1, 1, 0, false});
                   },
                   {}},
                  {"stop while one appends",
                   [] {
                       run({1, 3, 1, 1, true});
                   },
                   {0}},
                  {"stop while two append",
                   [] {
                       run({2, 1, 0, 1, true});
                   },
                   {0}},
                  {"three appenders",
                   [] {
                       run({3, 1, 0, 0, false});
                   },
                   {0}}});
}

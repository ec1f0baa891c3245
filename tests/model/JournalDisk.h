// The disk below the journal under test, as far as its promises need one: what each segment holds, which files are in place, and
// what a sync of the file system has covered. JournalDisk.cpp also has what takes the place of Segment, recover(), FileDescriptor
// and the host. Every call is a step; whether it fails is a decision.
// Thread safety: [main].
#pragma once

#include "common/journal/Segment.h"

#include <array>
#include <bitset>
#include <cstddef>
#include <optional>

namespace mpsmtp::model
{

constexpr std::size_t mostRecords = 8;
using Records = std::bitset<mostRecords>;

/// How many calls of each kind may fail in a run.
struct Failures
{
    unsigned writes = 0;    ///< of a batch: I/O error
    unsigned fullDisks = 0; ///< of a batch: no space
    unsigned syncs = 0;     ///< of the file system
    unsigned ends = 0;      ///< of a segment's use
    unsigned marks = 0;     ///< of distrust
    unsigned keys = 0;      ///< random octets for a segment
};

class Disk
{
public:
    /// The one that the fakes speak to, as long as it lives.
    explicit Disk(const Failures& failures);
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    ~Disk();

    [[nodiscard]] static Disk& current();

    /// What a handler is given, by its number.
    [[nodiscard]] Storage storage(std::size_t handler = 0);
    [[nodiscard]] Log log(std::size_t handler = 0);

    /// The handler is gone, and with it what it was given.
    void endHandler(std::size_t handler);

    /// A record that names one file, by its number.
    [[nodiscard]] static const std::string& payload(std::size_t record);

    /// Its file gets its name: what a thread does between append() and the end of its entry.
    void putInPlace(std::size_t record);

    /// What became of a record's write; none if it was not written.
    [[nodiscard]] std::optional<bool> resultOf(std::size_t record) const
    {
        return _results.at(record);
    }

    /// Whether the next start would put the record's file in place, for all that is stored.
    [[nodiscard]] bool counts(std::size_t record) const;

    /// For the end of a scenario: all files were in place, and the journal is gone.
    void requireAllAtRest() const;

    // For the fakes.
    void requireThere(const mpsmtp_host_data* handler) const;
    [[nodiscard]] bool lock(std::size_t segment);
    void unlock(std::size_t segment);
    void recover();
    void begin(std::size_t segment);
    [[nodiscard]] int write(std::size_t segment, const std::vector<iovec>& parts);
    [[nodiscard]] int syncFileSystem();
    [[nodiscard]] int end(std::size_t segment);
    [[nodiscard]] int distrust(std::size_t segment);
    [[nodiscard]] bool makeKey();

private:
    struct Place
    {
        bool isLocked = false;
        bool isInUse = false;
        bool isDistrusted = false;
        bool isBusy = false; ///< its end or mark is being written
        Records records;     ///< whose batch was stored
    };

    struct Handler
    {
        bool isGone = false;
    };

    [[nodiscard]] mpsmtp_host_data* dataOf(std::size_t handler);
    [[nodiscard]] static bool fails(unsigned& left, const char* what);
    void note(std::size_t segment, const std::vector<iovec>& parts, bool isStored);
    [[nodiscard]] int writeHeader(Place& place, const char* what, unsigned& failures);

    Failures _failures;
    std::array<Handler, 2> _handlers;
    std::array<Place, 2> _places;
    std::array<std::optional<bool>, mostRecords> _results;
    std::array<std::uint64_t, mostRecords> _ids{};
    Records _inPlace;
    Records _covered; ///< by a sync of the file system that ended well
    Records _cancelled;
    bool _isWriting = false;
    bool _isRecovering = false;
    bool _hasTornWrite = false;
};

} // namespace mpsmtp::model

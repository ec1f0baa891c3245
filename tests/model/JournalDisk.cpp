#include "JournalDisk.h"

#include "Explorer.h"
#include "common/journal/Recovery.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::model
{

namespace
{

constexpr int firstDescriptor = 10'000; // of the segments; the real ones are below
constexpr std::size_t nameAt = 24;      // in a payload with one file: replaces, count, two lengths
Disk* currentDisk = nullptr;

[[nodiscard]] std::string encoded(std::size_t record)
{
    store::journal::FilesRecord files;
    const auto name = std::to_string(record);
    files.files = {{"", name, ""}};
    std::string payload;
    store::journal::encode(files, payload);
    return payload;
}

[[nodiscard]] std::string_view octetsOf(const iovec& part)
{
    return {static_cast<const char*>(part.iov_base), part.iov_len};
}

[[nodiscard]] std::uint64_t numberAt(const iovec& part, std::size_t offset)
{
    std::uint64_t number = 0;
    std::memcpy(&number, octetsOf(part).data() + offset, sizeof number);
    return number;
}

void requireNoMutex()
{
    require(mutexesHeld() == 0, "no mutex is held during I/O");
}

void hostLog(mpsmtp_host_data* handler, std::int32_t, mpsmtp_string) noexcept
{
    Disk::current().requireThere(handler);
    require(mutexesHeld() == 0, "no mutex is held while a line is logged");
}

std::int32_t hostSync(mpsmtp_host_data* handler, std::int32_t, std::int32_t what) noexcept
{
    requireNoMutex();
    const int error = what == MPSMTP_SYNC_FILE_SYSTEM ? Disk::current().syncFileSystem() : 0;
    Disk::current().requireThere(handler);
    return error;
}

[[nodiscard]] const mpsmtp_host& host()
{
    static const mpsmtp_host table = []
    {
        mpsmtp_host made{};
        made.size = sizeof made;
        made.log = &hostLog;
        made.sync = &hostSync;
        return made;
    }();
    return table;
}

} // namespace

Disk::Disk(const Failures& failures) : _failures(failures)
{
    currentDisk = this;
}

Disk::~Disk()
{
    currentDisk = nullptr;
}

Disk& Disk::current()
{
    return *currentDisk;
}

Storage Disk::storage(std::size_t handler)
{
    return {host(), dataOf(handler)};
}

Log Disk::log(std::size_t handler)
{
    return {host(), dataOf(handler)};
}

mpsmtp_host_data* Disk::dataOf(std::size_t handler)
{
    return reinterpret_cast<mpsmtp_host_data*>(&_handlers.at(handler));
}

void Disk::endHandler(std::size_t handler)
{
    step(this, "ends its handler");
    _handlers.at(handler).isGone = true;
}

void Disk::requireThere(const mpsmtp_host_data* handler) const
{
    require(!reinterpret_cast<const Handler*>(handler)->isGone,
            "the journal works with nothing of a handler that is gone");
}

const std::string& Disk::payload(std::size_t record)
{
    static const std::array<std::string, mostRecords> payloads = []
    {
        std::array<std::string, mostRecords> made;
        for (std::size_t i = 0; i < mostRecords; ++i)
            made.at(i) = encoded(i);
        return made;
    }();
    return payloads.at(record);
}

void Disk::putInPlace(std::size_t record)
{
    step(&_inPlace, "puts a file in place");
    _inPlace.set(record);
}

bool Disk::counts(std::size_t record) const
{
    const auto holds = [record](const Place& place)
    { return place.isInUse && place.records.test(record); };
    return !_cancelled.test(record) && (holds(_places[0]) || holds(_places[1]));
}

void Disk::requireAllAtRest() const
{
    for (const Place& place : _places)
    {
        require(!place.isLocked, "nothing is left of a journal that is gone");
        require(!place.isInUse || place.isDistrusted,
                "a journal's end leaves no segment in use but those whose checkpoint has failed");
    }
}

bool Disk::lock(std::size_t segment)
{
    Place& place = _places.at(segment);
    if (place.isLocked)
        return false;
    return place.isLocked = true;
}

void Disk::unlock(std::size_t segment)
{
    _places.at(segment).isLocked = false;
}

void Disk::recover()
{
    requireNoMutex();
    require(!_isRecovering, "a journal is recovered by one thread at a time");
    _isRecovering = true;
    step(this, "recovers");
    _isRecovering = false;
}

void Disk::begin(std::size_t segment)
{
    Place& place = _places.at(segment);
    require(!place.isInUse, "no segment is begun again before its use has ended");
    place.isInUse = true;
    place.records.reset();
}

int Disk::write(std::size_t segment, const std::vector<iovec>& parts)
{
    Place& place = _places.at(segment);
    requireNoMutex();
    require(!_isWriting, "one thread at a time writes into the journal");
    require(!_hasTornWrite, "nothing is written behind a write that failed");
    _isWriting = true;
    step(this, "writes a batch");
    require(place.isInUse && !place.isBusy && !place.isDistrusted,
            "nothing is written into a segment behind its checkpoint");
    _isWriting = false;
    const bool isTorn = fails(_failures.writes, "fails to write");
    const bool isFull = !isTorn && fails(_failures.fullDisks, "finds the disk full");
    _hasTornWrite = isTorn;
    note(segment, parts, !isTorn && !isFull);
    return isTorn ? EIO : isFull ? ENOSPC : 0;
}

/// The parts are a header and a payload in turn. Read without decode(), which allocates: the disk itself has memory.
void Disk::note(std::size_t segment, const std::vector<iovec>& parts, bool isStored)
{
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
    {
        const std::uint64_t id = numberAt(parts[i], 16);
        if (numberAt(parts[i + 1], 8) == 0) // no file
        {
            for (std::size_t record = 0; record < mostRecords; ++record)
                if (isStored && _ids.at(record) == numberAt(parts[i + 1], 0))
                    _cancelled.set(record);
            continue;
        }
        const auto record = static_cast<std::size_t>(octetsOf(parts[i + 1]).at(nameAt) - '0');
        require(!_results.at(record), "no record is written twice");
        _results.at(record) = isStored;
        _ids.at(record) = id;
        if (isStored)
            _places.at(segment).records.set(record);
    }
}

/// Covers what was in place when it began.
int Disk::syncFileSystem()
{
    step(&_inPlace, "begins a checkpoint");
    const Records inPlace = _inPlace;
    step(this, "comes to the end of a checkpoint");
    if (fails(_failures.syncs, "fails to make a checkpoint"))
        return EIO;
    _covered |= inPlace;
    return 0;
}

int Disk::end(std::size_t segment)
{
    Place& place = _places.at(segment);
    require(!place.isDistrusted, "a segment whose checkpoint has failed stays");
    require((place.records & ~_covered).none(),
            "no use ends before a sync that began when all of its files were in place");
    const int error = writeHeader(place, "ends a segment's use", _failures.ends);
    require((place.records & ~_covered).none(),
            "nothing is written into a segment behind its checkpoint");
    place.isInUse = place.isInUse && error != 0;
    return error;
}

int Disk::distrust(std::size_t segment)
{
    Place& place = _places.at(segment);
    place.isDistrusted = true;
    return writeHeader(place, "marks a segment", _failures.marks);
}

int Disk::writeHeader(Place& place, const char* what, unsigned& failures)
{
    requireNoMutex();
    place.isBusy = true;
    step(this, what);
    place.isBusy = false;
    return fails(failures, "fails to do so") ? EIO : 0;
}

bool Disk::makeKey()
{
    return !fails(_failures.keys, "gets no random octets");
}

bool Disk::fails(unsigned& left, const char* what)
{
    const bool does = left > 0 && choose(2, what) == 1;
    left -= does ? 1 : 0;
    return does;
}

} // namespace mpsmtp::model

using mpsmtp::model::Disk;

extern "C"
{

    ssize_t getrandom(void*, std::size_t size, unsigned)
    {
        if (Disk::current().makeKey())
            return static_cast<ssize_t>(size);
        errno = EINTR;
        return -1;
    }

    int stat(const char*, struct stat* status) noexcept
    {
        mpsmtp::model::requireNoMutex();
        *status = {};
        return 0;
    }

} // extern "C"

namespace mpsmtp::store
{

void throwSystemError(int error, std::string_view what, const std::string& path)
{
    throw std::system_error(
        error, std::generic_category(), std::string(what).append(": ").append(path));
}

FileDescriptor::~FileDescriptor()
{
    if (_fd >= model::firstDescriptor)
        Disk::current().unlock(static_cast<std::size_t>(_fd - model::firstDescriptor));
    else if (_fd >= 0)
        ::close(_fd);
}

namespace journal
{

namespace
{

[[nodiscard]] std::size_t numberOf(const Segment& segment)
{
    return segment.path().back() == '0' ? 0 : 1;
}

void throwIf(int error)
{
    if (error != 0)
        throwSystemError(error, "cannot write", "the journal");
}

} // namespace

Segment::Segment(std::string path, std::uint64_t capacity)
    : _path(std::move(path)), _capacity(capacity)
{
    model::requireNoMutex();
}

/// The descriptor stands for the lock.
bool Segment::tryLock()
{
    model::requireNoMutex();
    if (!Disk::current().lock(numberOf(*this)))
        return false;
    _fd = FileDescriptor(model::firstDescriptor + static_cast<int>(numberOf(*this)));
    return true;
}

bool Segment::isInPlace() const noexcept
{
    model::requireNoMutex();
    return true;
}

void Segment::begin(SegmentHeader header)
{
    Disk::current().begin(numberOf(*this));
    _header = std::move(header);
    _end = blockOctets;
}

std::uint64_t Segment::room() const noexcept
{
    return _capacity - _end;
}

void Segment::append(std::vector<iovec>& parts, std::uint64_t octets, const Storage& storage)
{
    const int error = Disk::current().write(numberOf(*this), parts);
    storage.syncData(0);
    throwIf(error);
    _end += wholeBlocks(octets);
}

void Segment::end(const Storage& storage)
{
    const int error = Disk::current().end(numberOf(*this));
    storage.syncData(0);
    throwIf(error);
}

void Segment::distrust(const Storage& storage)
{
    const int error = Disk::current().distrust(numberOf(*this));
    storage.syncData(0);
    throwIf(error);
}

std::size_t recover(const std::vector<Segment*>& /*segments*/,
                    const std::string& /*bootId*/,
                    const Storage& /*storage*/,
                    const Restore& /*restore*/)
{
    Disk::current().recover();
    return 0;
}

} // namespace journal

} // namespace mpsmtp::store

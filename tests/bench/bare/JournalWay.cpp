#include "bench/bare/JournalWay.h"

#include "bench/base/Arguments.h"

#include <cstdio>
#include <exception>

#include <fcntl.h>
#include <sys/uio.h>

namespace mpsmtp::bench
{

namespace
{

struct RecordHeader
{
    std::uint64_t magic = 0x6c616e72756f6a31;
    std::uint64_t octets = 0;
};

void writeZeros(int fd, std::uint64_t octets, const std::string& path)
{
    const std::string zeros(std::size_t{1} << 20, '\0');
    for (std::uint64_t at = 0; at < octets; at += zeros.size())
        writeAt(fd, zeros, static_cast<off_t>(at), path);
    syncAll(fd, path);
}

} // namespace

Journal::Journal(const std::string& folder, std::uint64_t octets, std::uint64_t align)
    : _folder(folder),
      _segmentOctets(octets / 2),
      _align(align),
      _file(openOrThrow(folder + "/journal", O_RDWR | O_CREAT | O_EXCL)),
      _commit([this] { syncData(_file.get(), _folder); })
{
    writeZeros(_file.get(), octets, folder);
    _background = std::thread([this] { checkpointFullSegments(); });
}

Journal::~Journal()
{
    {
        const std::lock_guard lock(_mutex);
        _isEnding = true;
        _changed.notify_all();
    }
    _background.join();
}

std::size_t Journal::append(std::string_view octets)
{
    const RecordHeader header{RecordHeader{}.magic, octets.size()};
    const Place place = reserve(sizeof header + octets.size());
    std::string record(reinterpret_cast<const char*>(&header), sizeof header);
    record.append(octets);
    writeAt(_file.get(), record, static_cast<off_t>(place.offset), _folder);
    _commit.sync();
    return place.segment;
}

Journal::Place Journal::reserve(std::uint64_t octets)
{
    const std::uint64_t size = (octets + _align - 1) / _align * _align;
    if (size > _segmentOctets)
        throw UsageMistake("a message is larger than half of --journal-size");
    std::unique_lock lock(_mutex);
    while (_segments[_current].used + size > _segmentOctets)
    {
        _segments[_current].isFull = true;
        _changed.notify_all();
        const std::size_t other = 1 - _current;
        _changed.wait(lock, [&] { return !_segments[other].isFull || _current == other; });
        _current = other;
    }
    Segment& segment = _segments[_current];
    const Place place{_current, _current * _segmentOctets + segment.used};
    segment.used += size;
    ++segment.notPlaced;
    return place;
}

void Journal::placed(std::size_t segment)
{
    const std::lock_guard lock(_mutex);
    if (--_segments[segment].notPlaced == 0 && _segments[segment].isFull)
        _changed.notify_all();
}

void Journal::checkpointFullSegments()
{
    std::unique_lock lock(_mutex);
    for (;;)
    {
        Segment* full = nullptr;
        _changed.wait(lock,
                      [&]
                      {
                          for (Segment& segment : _segments)
                              if (segment.isFull && segment.notPlaced == 0)
                                  full = &segment;
                          return full != nullptr || _isEnding;
                      });
        if (full == nullptr)
            return;
        lock.unlock();
        checkpoint();
        lock.lock();
        *full = Segment();
        _changed.notify_all();
    }
}

void Journal::checkpoint()
{
    syncFileSystem(_folder);
    ++_checkpoints;
}

JournalWay::JournalWay(const StorePlan& plan)
    : _store(plan, {plan.placement, FilePlan::FileSync::None, FilePlan::FolderSync::None}),
      _journal(plan.folder, plan.journalOctets, plan.journalAlign)
{
}

void JournalWay::put(std::size_t box, std::uint64_t id, std::string_view octets)
{
    const std::size_t segment = _journal.append(octets);
    _store.put(box, id, octets);
    _journal.placed(segment);
}

} // namespace mpsmtp::bench

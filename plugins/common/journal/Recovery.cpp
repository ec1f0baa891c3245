#include "common/journal/Recovery.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <unordered_set>

namespace mpsmtp::store::journal
{

namespace
{

/// A segment as it was left.
struct Remains
{
    Segment* segment;
    std::string octets;
    std::vector<FilesRecord> records; // views into `octets`
    std::vector<std::uint64_t> ids;   // of the records
};

void readRecords(Remains& remains)
{
    remains.octets = remains.segment->read();
    RecordReader reader(remains.octets, remains.segment->header().key);
    while (const auto record = reader.next())
    {
        auto files = decode(record->payload);
        if (!files)
            throw std::runtime_error("the journal " + remains.segment->path() +
                                     " has a record that this version cannot read");
        remains.records.push_back(*std::move(files));
        remains.ids.push_back(record->id);
    }
}

[[nodiscard]] std::unordered_set<std::uint64_t> replacedIn(const std::vector<Remains>& all)
{
    std::unordered_set<std::uint64_t> replaced;
    for (const Remains& remains : all)
    {
        for (const FilesRecord& record : remains.records)
            replaced.insert(record.replaces);
    }
    return replaced;
}

std::size_t restoreAll(std::vector<Remains>& all, const Restore& restore)
{
    for (Remains& remains : all)
        readRecords(remains);
    const auto replaced = replacedIn(all);
    std::size_t count = 0;
    for (const Remains& remains : all)
    {
        for (std::size_t i = 0; i < remains.records.size(); ++i)
        {
            if (replaced.count(remains.ids[i]) != 0 || remains.records[i].files.empty())
                continue;
            restore(remains.records[i], remains.segment->header().isDistrusted);
            ++count;
        }
    }
    return count;
}

} // namespace

std::size_t recover(const std::vector<Segment*>& segments,
                    const std::string& bootId,
                    const Storage& storage,
                    const Restore& restore)
{
    std::vector<Remains> all;
    bool isNeeded = false;
    for (Segment* segment : segments)
    {
        if (!segment->isInUse())
            continue;
        all.push_back({segment, {}, {}, {}});
        const SegmentHeader& header = segment->header();
        isNeeded = isNeeded || header.isDistrusted || header.bootId != bootId || bootId.empty();
    }
    if (all.empty())
        return 0;
    std::sort(all.begin(),
              all.end(),
              [](const Remains& left, const Remains& right)
              { return left.segment->header().sequence < right.segment->header().sequence; });
    const std::size_t restored = isNeeded ? restoreAll(all, restore) : 0;
    all.front().segment->syncFileSystem(storage);
    for (const Remains& remains : all)
        remains.segment->end(storage);
    return restored;
}

std::string currentBootId()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id;
}

} // namespace mpsmtp::store::journal

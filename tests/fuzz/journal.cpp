// Fuzz target: what a store finds in its journal after a power failure: octets that anything may have happened to.
//
//   input = way *octets                                              ; 4 choices (Fuzzing.h)
#include "common/journal/Format.h"
#include "fuzz/Fuzzing.h"

#include <cstdint>

namespace mpsmtp::fuzz
{

namespace
{

namespace journal = store::journal;

constexpr std::uint64_t key = 0x0123456789abcdef;

bool isSame(const journal::FilesRecord& left, const journal::FilesRecord& right)
{
    const auto isSameFile = [](const journal::FileEntry& one, const journal::FileEntry& other)
    {
        return one.folder == other.folder && one.name == other.name && one.fields == other.fields &&
               one.inode == other.inode;
    };
    return left.replaces == right.replaces && left.body == right.body &&
           std::equal(left.files.begin(),
                      left.files.end(),
                      right.files.begin(),
                      right.files.end(),
                      isSameFile);
}

std::string encoded(const journal::FilesRecord& record)
{
    std::string payload;
    journal::encode(record, payload);
    REQUIRE(payload.size() == journal::encodedSize(record), "a wrong size was foretold");
    return payload;
}

/// Anything: it is none, or says the same when it is written again.
void checkAnything(std::string_view octets)
{
    if (const auto record = journal::decode(octets))
        REQUIRE(encoded(*record) == octets, shown(octets));
    if (const auto header = journal::decodeHeader(octets))
        REQUIRE(journal::decodeHeader(journal::encodeHeader(*header)).has_value(), shown(octets));
    journal::RecordReader reader(octets, key);
    REQUIRE(!reader.next(), "octets by chance were taken for a record");
}

/// Files whose every part is some of the input. Half a record is none.
void checkRecord(const Pieces& pieces)
{
    journal::FilesRecord record;
    record.replaces = pieces.size();
    record.body = pieces.empty() ? std::string_view() : pieces.back();
    for (std::size_t i = 0; i + 3 <= pieces.size() && i < 30; i += 3)
        record.files.push_back({pieces[i], pieces[i + 1], pieces[i + 2], i});
    const std::string payload = encoded(record);
    const auto again = journal::decode(payload);
    REQUIRE(again && isSame(*again, record), shown(payload));
    for (std::size_t size = 0; size < payload.size(); size += 1 + payload.size() / 40)
        REQUIRE(!journal::decode(std::string_view(payload).substr(0, size)),
                "half a record was believed");
}

/// A segment with a record for each piece, some in one batch; and where each record ends.
struct Segment
{
    std::string octets = journal::encodeHeader({1, key, "boot", false});
    std::vector<std::size_t> ends;

    Segment(const Pieces& pieces, unsigned perBatch)
    {
        for (const std::string_view piece : pieces)
        {
            const auto header = journal::makeRecordHeader(key,
                                                          ends.size(),
                                                          static_cast<std::uint32_t>(piece.size()),
                                                          journal::checksum(piece));
            octets.append(header.data(), header.size()).append(piece);
            ends.push_back(octets.size());
            if (ends.size() % perBatch == 0)
                octets.resize(journal::wholeBlocks(octets.size()), '\0');
        }
        octets.resize(journal::wholeBlocks(octets.size()), '\0');
    }
};

/// Those that were written and no others, in their order; at the least the first `whole` ones.
void checkRead(std::string_view octets, const Pieces& pieces, std::size_t whole)
{
    journal::RecordReader reader(octets, key);
    std::size_t next = 0;
    while (const auto record = reader.next())
    {
        REQUIRE(record->id < pieces.size() && record->id >= next,
                "an id that was not written, or twice");
        REQUIRE(next >= whole || record->id == next, "a whole record was passed over");
        next = record->id + 1;
        REQUIRE(record->payload == pieces[record->id], shown(record->payload));
    }
    REQUIRE(next >= whole, "a whole record was not found");
}

std::size_t recordsBefore(const Segment& segment, std::size_t offset)
{
    return static_cast<std::size_t>(
        std::upper_bound(segment.ends.begin(), segment.ends.end(), offset) - segment.ends.begin());
}

/// Cut short, or with octets of an earlier use behind the cut, or one octet changed.
void checkDamage(const Segment& segment, const Pieces& pieces, std::size_t at)
{
    const std::size_t whole = recordsBefore(segment, at);
    checkRead(std::string_view(segment.octets).substr(0, at), pieces, whole);
    std::string damaged = segment.octets.substr(0, at);
    damaged.resize(segment.octets.size(), '\0');
    checkRead(damaged, pieces, whole);
    damaged = segment.octets;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    checkRead(damaged, pieces, whole);
    journal::RecordReader stranger(segment.octets, key + 1);
    REQUIRE(!stranger.next(), "another use's record was taken");
}

} // namespace

void run(std::string_view input)
{
    Choices choices(input, 4);
    const unsigned seed = choices.next(256);
    const unsigned perBatch = 1 + choices.next(4);
    const unsigned longest = 1 + choices.next(256) * 20;
    const unsigned place = choices.next(256);
    const std::string_view octets = choices.octets();
    const Pieces pieces = cut(octets, seed, longest);
    checkAnything(octets);
    checkRecord(pieces);
    if (pieces.size() > 64)
        return; // a block each: nothing new, and slow
    const Segment segment(pieces, perBatch);
    checkRead(segment.octets, pieces, pieces.size());
    const std::size_t body = segment.octets.size() - journal::blockOctets;
    if (body > 0)
        checkDamage(segment, pieces, journal::blockOctets + body * place / 256);
}

} // namespace mpsmtp::fuzz

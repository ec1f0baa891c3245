// What the octets of a store's journal mean. A journal is a few segment files; each begins with a
// block that says when it was begun, and goes on with records in batches:
//
//   segment = block *batch
//   block   = header padding                 ; up to blockOctets
//   batch   = 1*record padding               ; to a multiple of blockOctets: what was acknowledged
//                                            ; is never written over by what comes later
//   record  = record-header payload
//   payload = the files that one transaction puts into the store (FilesRecord)
//
// Numbers are little-endian. A record belongs to the segment if its key is the header's, so that
// what an earlier use of the file has left is passed over; the key is random, so that no mail can
// hold what looks like a record. It counts if both checksums agree; the first that does not ends the
// segment: only the last batch can be torn, and nobody was told that it was stored.
// Thread safety: [any] (functions and values).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::store::journal
{

inline constexpr std::size_t blockOctets = 4096;

/// `octets` rounded up to whole blocks.
[[nodiscard]] constexpr std::uint64_t wholeBlocks(std::uint64_t octets) noexcept
{
    return (octets + blockOctets - 1) / blockOctets * blockOctets;
}

/// What the first block of a segment says.
struct SegmentHeader
{
    std::uint64_t sequence = 0; ///< counts the uses of all segments from 1; 0: not in use
    std::uint64_t key = 0;      ///< of its records; random
    std::string bootId;         ///< of the kernel whose memory held what the records name
    bool isDistrusted = false;  ///< the kernel has failed to write what the records name
};

/// One block.
[[nodiscard]] std::string encodeHeader(const SegmentHeader& header);

/// \return none if the segment is not in use
[[nodiscard]] std::optional<SegmentHeader> decodeHeader(std::string_view segment);

inline constexpr std::size_t recordHeaderOctets = 40;
using RecordHeader = std::array<char, recordHeaderOctets>;

/// The checksum of a payload, for makeRecordHeader().
[[nodiscard]] std::uint32_t checksum(std::string_view octets) noexcept;

[[nodiscard]] RecordHeader makeRecordHeader(std::uint64_t key,
                                            std::uint64_t id,
                                            std::uint32_t payloadOctets,
                                            std::uint32_t payloadChecksum) noexcept;

struct Record
{
    std::uint64_t id = 0;
    std::string_view payload;
};

/// The records of a segment that count, in their order.
class RecordReader
{
public:
    /// \param segment  the whole file with its header; outlives the reader and its records
    RecordReader(std::string_view segment, std::uint64_t key) noexcept;

    /// \return none at the end
    [[nodiscard]] std::optional<Record> next() noexcept;

private:
    [[nodiscard]] std::optional<Record> at(std::size_t offset) const noexcept;

    std::string_view _segment;
    std::uint64_t _key;
    std::size_t _offset = blockOctets;
};

/// One file that shall be in the store.
struct FileEntry
{
    std::string_view folder; ///< path below the store's base
    std::string_view name;
    std::string_view fields; ///< what this file has in front of the common body
    std::uint64_t inode = 0; ///< of the file, by which it is known under another name
};

/// What one transaction puts into the store.
struct FilesRecord
{
    std::uint64_t replaces = 0; ///< id of a record that no longer counts; 0: none
    std::vector<FileEntry> files;
    std::string_view body;
};

/// Octets that encode() will append.
[[nodiscard]] std::uint64_t encodedSize(const FilesRecord& record) noexcept;

/// \throws std::length_error  if a part is longer than its length can say
void encode(const FilesRecord& record, std::string& out);

/// \return none if it is malformed; views into `payload`
[[nodiscard]] std::optional<FilesRecord> decode(std::string_view payload);

} // namespace mpsmtp::store::journal

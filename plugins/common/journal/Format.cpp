#include "common/journal/Format.h"

#include <limits>
#include <stdexcept>

#include <zlib.h>

namespace mpsmtp::store::journal
{

namespace
{

constexpr std::string_view segmentMagic = "mpsmtp journal 1\n";
constexpr std::uint32_t recordMagic = 0x4a73706d; // "mpsJ"
constexpr std::size_t bootIdOctets = 64;
constexpr std::uint64_t mostFiles = 100'000;

template <class Number>
void put(std::string& out, Number value)
{
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

template <class Number>
void putAt(char* out, Number value) noexcept
{
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        out[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

void putText(std::string& out, std::string_view text)
{
    if (text.size() > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("too long for a journal");
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

/// Reads from the front; what is too short makes all that follows fail.
class Reader
{
public:
    explicit Reader(std::string_view octets) noexcept : _rest(octets) {}

    [[nodiscard]] bool ok() const noexcept { return _ok; }

    [[nodiscard]] bool atEnd() const noexcept { return _rest.empty(); }

    template <class Number>
    [[nodiscard]] Number number() noexcept
    {
        const std::string_view octets = take(sizeof(Number));
        Number value = 0;
        for (std::size_t i = octets.size(); i-- > 0;)
            value = static_cast<Number>(value << 8 | static_cast<unsigned char>(octets[i]));
        return value;
    }

    [[nodiscard]] std::string_view take(std::uint64_t octets) noexcept
    {
        if (octets > _rest.size())
        {
            _ok = false;
            _rest = {};
        }
        const std::string_view taken = _rest.substr(0, _ok ? octets : 0);
        _rest.remove_prefix(taken.size());
        return taken;
    }

    [[nodiscard]] std::string_view text() noexcept { return take(number<std::uint32_t>()); }

private:
    std::string_view _rest;
    bool _ok = true;
};

} // namespace

std::uint32_t checksum(std::string_view octets) noexcept
{
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(octets.data()), octets.size()));
}

std::string encodeHeader(const SegmentHeader& header)
{
    std::string block(segmentMagic);
    put(block, header.sequence);
    put(block, header.key);
    put(block, static_cast<std::uint32_t>(header.isDistrusted ? 1 : 0));
    putText(block, std::string_view(header.bootId).substr(0, bootIdOctets));
    put(block, checksum(block));
    block.resize(blockOctets, '\0');
    return block;
}

std::optional<SegmentHeader> decodeHeader(std::string_view segment)
{
    Reader reader(segment.substr(0, blockOctets));
    if (reader.take(segmentMagic.size()) != segmentMagic)
        return std::nullopt;
    SegmentHeader header;
    header.sequence = reader.number<std::uint64_t>();
    header.key = reader.number<std::uint64_t>();
    header.isDistrusted = reader.number<std::uint32_t>() != 0;
    header.bootId = std::string(reader.text());
    const std::size_t octets = segmentMagic.size() + 24 + header.bootId.size();
    const auto expected = reader.number<std::uint32_t>();
    if (!reader.ok() || header.sequence == 0 || expected != checksum(segment.substr(0, octets)))
        return std::nullopt;
    return header;
}

RecordHeader makeRecordHeader(std::uint64_t key,
                              std::uint64_t id,
                              std::uint32_t payloadOctets,
                              std::uint32_t payloadChecksum) noexcept
{
    RecordHeader header{};
    putAt(header.data(), recordMagic);
    putAt(header.data() + 8, key);
    putAt(header.data() + 16, id);
    putAt(header.data() + 24, payloadOctets);
    putAt(header.data() + 28, payloadChecksum);
    putAt(header.data() + 4, checksum({header.data() + 8, header.size() - 8}));
    return header;
}

RecordReader::RecordReader(std::string_view segment, std::uint64_t key) noexcept
    : _segment(segment), _key(key)
{
}

/// A record follows the one before it, or begins a batch.
std::optional<Record> RecordReader::next() noexcept
{
    auto record = at(_offset);
    if (!record)
    {
        _offset = wholeBlocks(_offset);
        record = at(_offset);
    }
    if (record)
        _offset += recordHeaderOctets + record->payload.size();
    return record;
}

std::optional<Record> RecordReader::at(std::size_t offset) const noexcept
{
    if (offset > _segment.size() || _segment.size() - offset < recordHeaderOctets)
        return std::nullopt;
    const std::string_view octets = _segment.substr(offset, recordHeaderOctets);
    Reader reader(octets);
    const bool isHeader = reader.number<std::uint32_t>() == recordMagic &&
                          reader.number<std::uint32_t>() == checksum(octets.substr(8)) &&
                          reader.number<std::uint64_t>() == _key;
    const auto id = reader.number<std::uint64_t>();
    const auto size = reader.number<std::uint32_t>();
    const std::string_view rest = _segment.substr(offset + recordHeaderOctets);
    if (!isHeader || size > rest.size() ||
        reader.number<std::uint32_t>() != checksum(rest.substr(0, size)))
        return std::nullopt;
    return Record{id, rest.substr(0, size)};
}

std::uint64_t encodedSize(const FilesRecord& record) noexcept
{
    constexpr std::uint64_t perFile = 3 * sizeof(std::uint32_t) + sizeof(std::uint64_t);
    std::uint64_t octets = 2 * sizeof(std::uint64_t) + sizeof(std::uint32_t) + record.body.size();
    for (const FileEntry& file : record.files)
        octets += perFile + file.folder.size() + file.name.size() + file.fields.size();
    return octets;
}

void encode(const FilesRecord& record, std::string& out)
{
    out.reserve(out.size() + encodedSize(record));
    put(out, record.replaces);
    put(out, static_cast<std::uint64_t>(record.files.size()));
    for (const FileEntry& file : record.files)
    {
        putText(out, file.folder);
        putText(out, file.name);
        putText(out, file.fields);
        put(out, file.inode);
    }
    putText(out, record.body);
}

std::optional<FilesRecord> decode(std::string_view payload)
{
    Reader reader(payload);
    FilesRecord record;
    record.replaces = reader.number<std::uint64_t>();
    const auto count = reader.number<std::uint64_t>();
    if (count > mostFiles)
        return std::nullopt;
    for (std::uint64_t i = 0; reader.ok() && i < count; ++i)
    {
        FileEntry file;
        file.folder = reader.text();
        file.name = reader.text();
        file.fields = reader.text();
        file.inode = reader.number<std::uint64_t>();
        record.files.push_back(file);
    }
    record.body = reader.text();
    if (!reader.ok() || !reader.atEnd())
        return std::nullopt;
    return record;
}

} // namespace mpsmtp::store::journal

// One file of a journal: batches are appended, the whole is read back after a crash, and its use
// ends when nothing in it is needed any more. The file grows by zeros in large steps before mail
// goes in, since an overwrite of written blocks is durable without a commit of the file system's own
// journal; it is never made smaller.
// Thread safety: [connection]; Journal sees to it that one thread at a time is here.
#pragma once

#include "common/FileDescriptor.h"
#include "common/journal/Format.h"

#include <mpsmtp/Context.h>

#include <cstdint>
#include <string>
#include <vector>

#include <sys/uio.h>

namespace mpsmtp::store::journal
{

class Segment
{
public:
    /// Opens the file, or makes it (0600).
    /// \throws std::system_error
    Segment(std::string path, std::uint64_t capacity);

    /// Keeps other processes out, as long as this object lives. What the file says is read behind
    /// that: nothing else here may be called before.
    /// \return false if another one has it
    /// \throws std::system_error
    [[nodiscard]] bool tryLock();

    /// True if the path still leads to this file.
    [[nodiscard]] bool isInPlace() const noexcept;

    [[nodiscard]] const std::string& path() const noexcept { return _path; }

    [[nodiscard]] const SegmentHeader& header() const noexcept { return _header; }

    [[nodiscard]] bool isInUse() const noexcept { return _header.sequence != 0; }

    /// Begins a use; the header reaches the disk with the first batch.
    void begin(SegmentHeader header);

    /// Octets of records that fit behind those that are there.
    [[nodiscard]] std::uint64_t room() const noexcept;

    /// Appends one batch and makes it durable.
    /// \param parts  the records; at most IOV_MAX - 2; their content is left, the array is used up
    /// \throws std::system_error; then the batch does not count, nor does what would follow it
    void append(std::vector<iovec>& parts, std::uint64_t octets, const Storage& storage);

    /// Ends the use: durable when it returns.
    /// \throws std::system_error
    void end(const Storage& storage);

    /// Notes in the header that what the records name may not have reached the disk.
    /// \throws std::system_error
    void distrust(const Storage& storage);

    /// Syncs all of the file system that the segment lies on.
    /// \throws std::system_error
    void syncFileSystem(const Storage& storage) const { storage.syncFileSystem(_fd.get()); }

    /// The whole file.
    /// \throws std::system_error
    [[nodiscard]] std::string read() const;

private:
    void readHeader();
    void grow(std::uint64_t octets, const Storage& storage);
    void writeHeader(const Storage& storage);

    const std::string _path;
    const std::uint64_t _capacity; // octets of the file, header included
    FileDescriptor _fd;
    SegmentHeader _header;
    bool _isHeaderWritten = false;
    std::uint64_t _end = blockOctets; // where the next batch goes
    std::uint64_t _size = 0;          // of the file
};

} // namespace mpsmtp::store::journal

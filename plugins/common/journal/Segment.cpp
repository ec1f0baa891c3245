#include "common/journal/Segment.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace mpsmtp::store::journal
{

namespace
{

constexpr std::uint64_t growthOctets = std::uint64_t{2} * 1024 * 1024;
constexpr std::uint64_t roomForMail = 8; // that part of what is free may become the journal's
constexpr std::array<char, blockOctets> zeros{};

[[nodiscard]] FileDescriptor openFile(const std::string& path)
{
    FileDescriptor fd(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!fd.isOpen())
        throwSystemError(errno, "cannot open the journal", path);
    return fd;
}

[[nodiscard]] struct stat statusOf(int fd, const std::string& path)
{
    struct stat status
    {
    };

    if (::fstat(fd, &status) != 0)
        throwSystemError(errno, "cannot examine", path);
    if (!S_ISREG(status.st_mode))
        throwSystemError(EEXIST, "is not a plain file:", path);
    return status;
}

/// For those who are not root.
[[nodiscard]] std::uint64_t freeOctets(int fd, const std::string& path)
{
    struct statvfs status
    {
    };

    if (::fstatvfs(fd, &status) != 0)
        throwSystemError(errno, "cannot examine the file system of", path);
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

/// Writes all parts, however the kernel cuts them up. The array is used up.
void writeAllAt(int fd, std::vector<iovec>& parts, std::uint64_t at, const std::string& path)
{
    for (std::size_t first = 0; first < parts.size();)
    {
        const ssize_t written = ::pwritev(fd,
                                          parts.data() + first,
                                          static_cast<int>(parts.size() - first),
                                          static_cast<off_t>(at));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            throwSystemError(errno, "cannot write", path);
        at += static_cast<std::uint64_t>(written);
        for (auto rest = static_cast<std::size_t>(written); first < parts.size();)
        {
            const std::size_t step = std::min(rest, parts[first].iov_len);
            parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + step;
            parts[first].iov_len -= step;
            rest -= step;
            if (parts[first].iov_len != 0)
                break;
            ++first;
        }
    }
}

} // namespace

Segment::Segment(std::string path, std::uint64_t capacity)
    : _path(std::move(path)), _capacity(capacity), _fd(openFile(_path))
{
    (void)statusOf(_fd.get(), _path);
}

bool Segment::tryLock()
{
    if (::flock(_fd.get(), LOCK_EX | LOCK_NB) == 0)
    {
        readHeader();
        return true;
    }
    if (errno != EWOULDBLOCK)
        throwSystemError(errno, "cannot lock", _path);
    return false;
}

void Segment::readHeader()
{
    _size = static_cast<std::uint64_t>(statusOf(_fd.get(), _path).st_size);
    std::string block(blockOctets, '\0');
    const ssize_t got = ::pread(_fd.get(), block.data(), block.size(), 0);
    if (got < 0)
        throwSystemError(errno, "cannot read", _path);
    block.resize(static_cast<std::size_t>(got));
    if (auto header = decodeHeader(block))
        _header = *std::move(header);
}

bool Segment::isInPlace() const noexcept
{
    struct stat own
    {
    };

    struct stat there
    {
    };

    return ::fstat(_fd.get(), &own) == 0 && ::stat(_path.c_str(), &there) == 0 &&
           own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

void Segment::begin(SegmentHeader header)
{
    _header = std::move(header);
    _isHeaderWritten = false;
    _end = blockOctets;
}

std::uint64_t Segment::room() const noexcept
{
    return _end < _capacity ? _capacity - _end : 0;
}

void Segment::append(std::vector<iovec>& parts, std::uint64_t octets, const Storage& storage)
{
    const std::uint64_t end = _end + wholeBlocks(octets);
    grow(end, storage);
    if (!_isHeaderWritten)
    {
        const std::string block = encodeHeader(_header);
        std::vector<iovec> header{{const_cast<char*>(block.data()), block.size()}};
        writeAllAt(_fd.get(), header, 0, _path);
        _isHeaderWritten = true; // not before: without it, nothing of the segment would count
    }
    if (const std::uint64_t padding = end - _end - octets; padding != 0)
        parts.push_back({const_cast<char*>(zeros.data()), static_cast<std::size_t>(padding)});
    writeAllAt(_fd.get(), parts, _end, _path);
    storage.syncData(_fd.get());
    _end = end;
}

/// Where there is little room left, that is the mails': they are synced by themselves then.
void Segment::grow(std::uint64_t octets, const Storage& storage)
{
    if (octets <= _size)
        return;
    const std::uint64_t size =
        wholeBlocks(std::max(octets, std::min(_size + growthOctets, _capacity)));
    if (freeOctets(_fd.get(), _path) / roomForMail < size - _size)
        throwSystemError(ENOSPC, "there is little room left to make longer", _path);
    std::vector<iovec> parts;
    for (std::uint64_t at = _size; at < size; at += blockOctets)
        parts.push_back({const_cast<char*>(zeros.data()), blockOctets});
    try
    {
        writeAllAt(_fd.get(), parts, _size, _path);
    }
    catch (const std::system_error&)
    {
        // Takes nothing from the mails. If it fails too, the file is longer than it needs to be.
        [[maybe_unused]] const int error = ::ftruncate(_fd.get(), static_cast<off_t>(_size));
        throw;
    }
    storage.syncData(_fd.get());
    _size = size;
}

void Segment::end(const Storage& storage)
{
    _header = SegmentHeader();
    writeHeader(storage);
}

void Segment::distrust(const Storage& storage)
{
    _header.isDistrusted = true;
    writeHeader(storage);
}

void Segment::writeHeader(const Storage& storage)
{
    const std::string block = encodeHeader(_header);
    std::vector<iovec> header{{const_cast<char*>(block.data()), block.size()}};
    writeAllAt(_fd.get(), header, 0, _path);
    storage.syncData(_fd.get());
    _size = std::max<std::uint64_t>(_size, blockOctets);
}

std::string Segment::read() const
{
    std::string octets(static_cast<std::size_t>(statusOf(_fd.get(), _path).st_size), '\0');
    for (std::size_t at = 0; at < octets.size();)
    {
        const ssize_t got =
            ::pread(_fd.get(), octets.data() + at, octets.size() - at, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throwSystemError(errno, "cannot read", _path);
        if (got == 0)
            octets.resize(at);
        at += static_cast<std::size_t>(got);
    }
    return octets;
}

} // namespace mpsmtp::store::journal

#include "recipients/RecipientFile.h"

#include "common/FileDescriptor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace mpsmtp::recipients
{

namespace
{

/// At a reload: the log is no place for a file of another kind, line by line.
constexpr std::size_t mostLoggedMistakes = 20;

[[nodiscard]] std::string joined(const std::vector<std::string>& lines)
{
    std::string text;
    for (const std::string& line : lines)
        text.append(text.empty() ? "" : "\n").append(line);
    return text;
}

[[nodiscard]] std::string readAll(int fd, const std::string& path)
{
    std::string text;
    std::array<char, 1 << 16> piece{};
    for (;;)
    {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            store::throwSystemError(errno, "cannot read", path);
        if (got == 0)
            return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

} // namespace

bool RecipientFile::Stamp::operator==(const Stamp& other) const noexcept
{
    return exists == other.exists && device == other.device && inode == other.inode &&
           size == other.size && modified.tv_sec == other.modified.tv_sec &&
           modified.tv_nsec == other.modified.tv_nsec;
}

RecipientFile::RecipientFile(const Context& context,
                             std::string path,
                             RecipientTable::Settings settings)
    : _log(context.log),
      _clock(context.clock),
      _path(std::move(path)),
      _settings(std::move(settings)),
      _nextLook((_clock.steady() + interval).time_since_epoch().count())
{
    std::vector<std::string> mistakes;
    _table = read(_stamp, mistakes);
    if (!mistakes.empty())
        throw std::runtime_error(joined(mistakes));
}

std::shared_ptr<const RecipientTable> RecipientFile::table()
{
    const auto now = _clock.steady();
    if (now.time_since_epoch().count() >= _nextLook.load(std::memory_order_relaxed))
        if (const std::unique_lock<std::mutex> lock(_refreshing, std::try_to_lock);
            lock.owns_lock())
        {
            _nextLook.store((now + interval).time_since_epoch().count(), std::memory_order_relaxed);
            refresh();
        }
    return current();
}

RecipientFile::Table RecipientFile::current() const
{
    const std::shared_lock<std::shared_mutex> lock(_mutex);
    return _table;
}

RecipientFile::Stamp RecipientFile::stampOf(const struct stat& status) noexcept
{
    return {true, status.st_dev, status.st_ino, status.st_size, status.st_mtim};
}

RecipientFile::Stamp RecipientFile::look() const noexcept
{
    struct stat status
    {
    };

    return ::stat(_path.c_str(), &status) == 0 ? stampOf(status) : Stamp{};
}

/// \param stamp of what was read; of what it was read from, if that fails
std::string RecipientFile::content(Stamp& stamp) const
{
    stamp = look();
    const store::FileDescriptor fd(::open(_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));

    struct stat status
    {
    };

    if (!fd.isOpen() || ::fstat(fd.get(), &status) != 0)
        store::throwSystemError(errno, "cannot read", _path);
    if (!S_ISREG(status.st_mode)) // a FIFO is empty, a device has no end
        throw std::runtime_error("cannot read " + _path + ": it is no plain file");
    stamp =
        stampOf(status); // from before the reading: a change since then is seen at the next look
    return readAll(fd.get(), _path);
}

RecipientFile::Table RecipientFile::read(Stamp& stamp, std::vector<std::string>& mistakes) const
{
    return std::make_shared<const RecipientTable>(content(stamp), _path, _settings, mistakes);
}

/// Whatever happens here, the old table is an answer.
void RecipientFile::refresh() noexcept
{
    try
    {
        if (!(look() == _stamp))
            reload();
    }
    catch (const std::exception& error)
    {
        _log.error(error.what());
        _log.error("goes on with what it knew");
    }
}

void RecipientFile::reload()
{
    std::vector<std::string> mistakes;
    Table next = read(_stamp, mistakes);
    if (!mistakes.empty())
        return keepOld(mistakes);
    const std::size_t entries = next->size();
    // Cut short by a full disk, or just being written: that would refuse everybody's mail for good.
    if (entries == 0)
        return keepOld({_path + " has no entries"});
    {
        const std::unique_lock<std::shared_mutex> lock(_mutex);
        _table.swap(next);
    }
    _log.notice("has read " + _path + " again; entries: " + std::to_string(entries));
}

void RecipientFile::keepOld(const std::vector<std::string>& mistakes) const
{
    const std::size_t shown = std::min(mistakes.size(), mostLoggedMistakes);
    for (std::size_t i = 0; i < shown; ++i)
        _log.error(mistakes[i]);
    const std::string more =
        shown < mistakes.size() ? std::to_string(mistakes.size() - shown) + " more mistakes; " : "";
    _log.error(more + "goes on with what it knew before " + _path + " changed");
}

} // namespace mpsmtp::recipients

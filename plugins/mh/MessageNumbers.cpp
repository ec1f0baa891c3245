#include "mh/MessageNumbers.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>

namespace mpsmtp::mh
{

namespace
{

struct CloseFolder
{
    void operator()(DIR* folder) const noexcept { (void)::closedir(folder); }
};

using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

/// A descriptor of its own: the position of the cached one is shared by all threads.
[[nodiscard]] OpenFolder openForReading(const store::Folder& folder)
{
    const int fd = ::openat(folder.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        store::throwSystemError(errno, "cannot read the folder", folder.path());
    OpenFolder opened(::fdopendir(fd));
    if (!opened)
    {
        const int error = errno;
        const store::FileDescriptor close(fd);
        store::throwSystemError(error, "cannot read the folder", folder.path());
    }
    return opened;
}

} // namespace

std::uint64_t numberOf(std::string_view name)
{
    constexpr std::size_t mostDigits = 18;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool isNumber = error == std::errc() && end == name.data() + name.size();
    return isNumber && name.size() <= mostDigits ? number : 0;
}

std::uint64_t greatestNumberIn(const store::Folder& folder)
{
    const OpenFolder opened = openForReading(folder);
    std::uint64_t greatest = 0;
    errno = 0;
    while (const dirent* entry = ::readdir(opened.get()))
        greatest = std::max(greatest, numberOf(entry->d_name));
    if (errno != 0)
        store::throwSystemError(errno, "cannot read the folder", folder.path());
    return greatest;
}

std::uint64_t MessageNumbers::take(const store::Folder& folder)
{
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        if (Entry* entry = find(folder))
            return ++entry->last;
    }
    const std::uint64_t greatest = greatestNumberIn(folder);
    _staging.sweep(folder.path());
    const std::lock_guard<std::mutex> lock(_mutex);
    Entry* entry = find(folder); // another thread may have been faster
    if (entry == nullptr)
        entry = &_known.put(folder.path(), {folder.device(), folder.inode(), 0});
    entry->last = std::max(entry->last, greatest);
    return ++entry->last;
}

void MessageNumbers::forget(const store::Folder& folder)
{
    const std::lock_guard<std::mutex> lock(_mutex);
    if (find(folder) != nullptr)
        _known.erase(folder.path());
}

MessageNumbers::Entry* MessageNumbers::find(const store::Folder& folder)
{
    Entry* entry = _known.find(folder.path());
    const bool isSame =
        entry != nullptr && entry->device == folder.device() && entry->inode == folder.inode();
    return isSame ? entry : nullptr;
}

} // namespace mpsmtp::mh

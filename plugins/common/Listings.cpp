#include "common/Listings.h"

#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace mpsmtp::store
{

namespace
{

struct CloseFolder
{
    void operator()(DIR* folder) const noexcept { (void)::closedir(folder); }
};

/// Not with std::filesystem: libstdc++'s iterator ends the process when there is no memory for it.
[[nodiscard]] std::vector<Listings::Entry> read(const std::string& path)
{
    std::vector<Listings::Entry> entries;
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
    while (const dirent* const entry = folder ? ::readdir(folder.get()) : nullptr)
    {
        struct stat status
        {
        };

        const bool isFile =
            ::fstatat(::dirfd(folder.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode);
        if (isFile)
            entries.push_back({entry->d_name, status.st_ino});
    }
    return entries;
}

} // namespace

const std::vector<Listings::Entry>& Listings::of(const std::string& path)
{
    const auto known = _byPath.find(path);
    return known != _byPath.end() ? known->second : _byPath.emplace(path, read(path)).first->second;
}

} // namespace mpsmtp::store

// What this is and its thread safety: LoadedFiles.h.
#include "delivery/LoadedFiles.h"

#include <cstdint>
#include <map>
#include <tuple>

#include <sys/stat.h>

namespace mpsmtp::delivery
{

namespace
{

/// Device, inode, size and time of change; all 0 for no file. The inode alone would not do: a file
/// system may give it to the next file.
using FileStamp = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t>;

FileStamp stampOf(const std::string& path)
{
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0)
        return {};
    return {status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtim.tv_sec,
            status.st_mtim.tv_nsec};
}

/// One for the process, as what dlopen has loaded is.
std::map<std::string, FileStamp>& loadedFiles()
{
    static std::map<std::string, FileStamp> files;
    return files;
}

} // namespace

void noteLoaded(const std::string& path)
{
    loadedFiles().emplace(path, stampOf(path));
}

std::vector<std::string> changedPlugins()
{
    std::vector<std::string> changed;
    for (const auto& [path, stamp] : loadedFiles())
        if (stampOf(path) != stamp)
            changed.push_back(path);
    return changed;
}

} // namespace mpsmtp::delivery

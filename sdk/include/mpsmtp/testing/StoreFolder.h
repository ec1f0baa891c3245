/// \file
/// What the conformance suite sees of a store from outside: its folder, before and after, and what
/// of it was synced. Thread safety: Observer [any], the rest [connection].
#pragma once

#include <mpsmtp/testing/Host.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace mpsmtp::testing::detail
{

/// An empty folder for a store, in a folder of its own, so that what escapes is seen.
class StoreFolder
{
public:
    StoreFolder()
    {
        std::string pattern =
            std::filesystem::temp_directory_path().string() + "/mpsmtp-store-XXXXXX";
        if (!::mkdtemp(pattern.data()))
            throw std::system_error(errno, std::generic_category(), pattern);
        _outer = std::filesystem::canonical(pattern);
        std::filesystem::create_directories(inner());
    }

    StoreFolder(const StoreFolder&) = delete;
    StoreFolder& operator=(const StoreFolder&) = delete;

    ~StoreFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(_outer, ignored);
    }

    [[nodiscard]] std::string path() const { return inner().string(); }

    /// True if something was put beside the store, or above.
    [[nodiscard]] bool hasEscaped() const
    {
        for (auto folder = inner(); folder != _outer; folder = folder.parent_path())
            for (const auto& entry : std::filesystem::directory_iterator(folder.parent_path()))
                if (entry.path() != folder)
                    return true;
        return false;
    }

private:
    /// Deep enough for "../../x".
    [[nodiscard]] std::filesystem::path inner() const { return _outer / "1" / "2" / "store"; }

    std::filesystem::path _outer;
};

/// Device and inode: a file, whatever its names.
using FileId = std::pair<std::uint64_t, std::uint64_t>;

struct FileState
{
    FileId id;
    std::uint64_t octets;
    bool isFolder;
};

/// Regular files and folders by path.
using Snapshot = std::map<std::string, FileState>;

[[nodiscard]] inline FileState stateOf(const struct stat& status)
{
    return {{static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)},
            static_cast<std::uint64_t>(status.st_size),
            S_ISDIR(status.st_mode)};
}

[[nodiscard]] inline Snapshot snapshot(const std::string& folder)
{
    Snapshot files;
    std::filesystem::recursive_directory_iterator end;
    for (std::filesystem::recursive_directory_iterator at(folder); at != end; ++at)
    {
        const std::string path = at->path().string();

        struct stat status
        {
        };

        if (::lstat(path.c_str(), &status) == 0)
            files.emplace(path, stateOf(status));
    }
    return files;
}

/// A new file that has octets, or "".
[[nodiscard]] inline std::string newFile(const Snapshot& before, const Snapshot& after)
{
    for (const auto& [path, state] : after)
        if (!state.isFolder && state.octets > 0 && before.count(path) == 0)
            return path;
    return {};
}

/// Remembers what was on stable storage at each sync call.
class Observer
{
public:
    void see(const Sync& sync)
    {
        struct stat status
        {
        };

        if (::fstat(sync.fd, &status) != 0)
            return;
        const FileState state = stateOf(status);
        std::set<std::string> names;
        if (sync.isFolder)
            for (const auto& entry : std::filesystem::directory_iterator(sync.path))
                names.insert(entry.path().filename().string());
        const std::lock_guard<std::mutex> lock(_mutex);
        if (sync.isFolder)
            _names[state.id].insert(names.begin(), names.end());
        else
            _octets[state.id] = state.octets;
    }

    /// What a power failure could take away of what changed since `before`, as a sentence, or "".
    [[nodiscard]] std::string missing(const std::string& folder, const Snapshot& before) const
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        const Snapshot after = snapshot(folder);
        for (const auto& [path, state] : after)
        {
            const auto old = before.find(path);
            const bool isNew = old == before.end() || old->second.id != state.id;
            if (state.isFolder || state.octets == 0 ||
                (!isNew && old->second.octets == state.octets))
                continue;
            const auto synced = _octets.find(state.id);
            if (synced == _octets.end() || synced->second != state.octets)
                return "the data of " + path + " was not synced (Storage::syncData)";
            if (auto name = missingName(path, folder, before); isNew && !name.empty())
                return name;
        }
        return {};
    }

private:
    /// Of a new file and the new folders above it.
    [[nodiscard]] std::string
    missingName(std::filesystem::path path, const std::string& folder, const Snapshot& before) const
    {
        for (; path != folder && before.count(path.string()) == 0; path = path.parent_path())
        {
            const std::string parent = path.parent_path().string();

            struct stat status
            {
            };

            if (::lstat(parent.c_str(), &status) != 0)
                break;
            const auto synced = _names.find(stateOf(status).id);
            if (synced == _names.end() || synced->second.count(path.filename().string()) == 0)
                return "the name of " + path.string() + " was not synced (Storage::syncFolder)";
        }
        return {};
    }

    mutable std::mutex _mutex;
    std::map<FileId, std::uint64_t> _octets; // guarded by _mutex, as the next
    std::map<FileId, std::set<std::string>> _names;
};

} // namespace mpsmtp::testing::detail

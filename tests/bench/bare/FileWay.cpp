#include "bench/bare/FileWay.h"

#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] std::string makeMaildir(const std::string& folder)
{
    makeFolder(folder);
    for (const char* const part : {"/tmp", "/new", "/cur"})
        makeFolder(folder + part);
    return folder;
}

/// Where a named file is written before it gets its name.
[[nodiscard]] std::string firstNameOf(Placement placement, const std::string& name)
{
    return placement == Placement::Hidden ? "." + name : name;
}

} // namespace

Box::Box(const std::string& folder)
    : path(makeMaildir(folder)),
      tmp(openFolder(folder + "/tmp")),
      fresh(openFolder(folder + "/new")),
      commit([this] { syncAll(fresh.get(), path); })
{
}

FileWay::FileWay(const StorePlan& plan, FilePlan way) : _way(way)
{
    for (std::size_t i = 0; i < plan.boxes; ++i)
        _boxes.push_back(std::make_unique<Box>(plan.folder + "/box" + std::to_string(i)));
}

void FileWay::put(std::size_t box, std::uint64_t id, std::string_view octets)
{
    Box& target = *_boxes[box];
    const std::string name = std::to_string(id) + ".bench";
    if (_way.placement == Placement::TmpFile)
        putUnnamed(target, name, octets);
    else
        putNamed(target, name, octets);
    syncFolder(target);
}

void FileWay::putUnnamed(const Box& box, const std::string& name, std::string_view octets)
{
    const FileDescriptor file(
        ::openat(box.fresh.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    check(file.get(), "cannot make a file without a name in", box.path);
    fill(file.get(), octets, box.path);
    const std::string self = "/proc/self/fd/" + std::to_string(file.get());
    check(::linkat(AT_FDCWD, self.c_str(), box.fresh.get(), name.c_str(), AT_SYMLINK_FOLLOW),
          "cannot link into",
          box.path);
}

void FileWay::putNamed(const Box& box, const std::string& name, std::string_view octets)
{
    const int folder = _way.placement == Placement::Rename ? box.tmp.get() : box.fresh.get();
    const std::string first = firstNameOf(_way.placement, name);
    {
        const FileDescriptor file(
            ::openat(folder, first.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
        check(file.get(), "cannot make a file in", box.path);
        fill(file.get(), octets, box.path);
    }
    if (_way.placement != Placement::InPlace)
        check(::renameat(folder, first.c_str(), box.fresh.get(), name.c_str()),
              "cannot rename in",
              box.path);
}

void FileWay::fill(int fd, std::string_view octets, const std::string& path)
{
    store::writeAll(fd, octets, path);
    if (_way.file == FilePlan::FileSync::None)
        return;
    _way.file == FilePlan::FileSync::Data ? syncData(fd, path) : syncAll(fd, path);
    ++_syncs;
}

void FileWay::syncFolder(Box& box)
{
    if (_way.folder == FilePlan::FolderSync::Group)
        box.commit.sync();
    if (_way.folder != FilePlan::FolderSync::Each)
        return;
    syncAll(box.fresh.get(), box.path);
    ++_syncs;
}

std::uint64_t FileWay::syncs() const
{
    std::uint64_t sum = _syncs;
    for (const auto& box : _boxes)
        sum += box->commit.calls();
    return sum;
}

std::uint64_t FileWay::stored() const
{
    std::uint64_t sum = 0;
    for (const auto& box : _boxes)
        sum += countFiles(box->path + "/new");
    return sum;
}

std::uint64_t countFiles(const std::string& folder)
{
    const std::filesystem::directory_iterator entries(folder);
    return static_cast<std::uint64_t>(std::count_if(
        begin(entries),
        end(entries),
        [](const auto& entry) { return entry.path().filename().native().front() != '.'; }));
}

} // namespace mpsmtp::bench

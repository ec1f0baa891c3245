#include "bench/bare/MboxWay.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>

namespace mpsmtp::bench
{

namespace
{

[[nodiscard]] std::string fileOf(const StorePlan& plan, std::size_t box)
{
    return plan.folder + "/box" + std::to_string(box) + ".mbox";
}

/// By the files' sizes: each message has the same.
[[nodiscard]] std::uint64_t messagesIn(const StorePlan& plan)
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < plan.boxes; ++i)
        if (std::filesystem::exists(fileOf(plan, i)))
            sum += std::filesystem::file_size(fileOf(plan, i)) / plan.octets;
    return sum;
}

} // namespace

void appendLocked(const std::string& path, std::string_view octets)
{
    const FileDescriptor file = openOrThrow(path, O_WRONLY | O_APPEND | O_CREAT);
    while (::flock(file.get(), LOCK_EX) != 0)
        if (errno != EINTR)
            store::throwSystemError(errno, "cannot lock", path);
    store::writeAll(file.get(), octets, path);
    syncData(file.get(), path);
}

MboxEachWay::MboxEachWay(const StorePlan& plan) : _plan(plan) {}

void MboxEachWay::put(std::size_t box, std::uint64_t, std::string_view octets)
{
    appendLocked(fileOf(_plan, box), octets);
    ++_syncs;
}

std::uint64_t MboxEachWay::stored() const
{
    return messagesIn(_plan);
}

MboxGroupWay::File::File(const std::string& name)
    : path(name),
      fd(openOrThrow(name, O_WRONLY | O_APPEND | O_CREAT)),
      commit([this] { syncData(fd.get(), path); })
{
}

MboxGroupWay::MboxGroupWay(const StorePlan& plan) : _plan(plan)
{
    for (std::size_t i = 0; i < plan.boxes; ++i)
        _files.push_back(std::make_unique<File>(fileOf(plan, i)));
}

void MboxGroupWay::put(std::size_t box, std::uint64_t, std::string_view octets)
{
    File& file = *_files[box];
    {
        const std::lock_guard lock(file.mutex);
        store::writeAll(file.fd.get(), octets, file.path);
    }
    file.commit.sync();
}

std::uint64_t MboxGroupWay::syncs() const
{
    std::uint64_t sum = 0;
    for (const auto& file : _files)
        sum += file->commit.calls();
    return sum;
}

std::uint64_t MboxGroupWay::stored() const
{
    return messagesIn(_plan);
}

} // namespace mpsmtp::bench

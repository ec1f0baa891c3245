// A file for each message, in maildirs: by which calls it comes there, and which of them are made durable.
#pragma once

#include "bench/bare/Files.h"
#include "bench/bare/GroupCommit.h"
#include "bench/bare/Way.h"

#include <atomic>

namespace mpsmtp::bench
{

struct FilePlan
{
    enum class FileSync
    {
        None,
        Data, ///< fdatasync
        All   ///< fsync
    };

    enum class FolderSync
    {
        None,
        Each,
        Group
    };

    Placement placement = Placement::TmpFile;
    FileSync file = FileSync::None;
    FolderSync folder = FolderSync::None;
};

/// One maildir of a run.
struct Box
{
    explicit Box(const std::string& folder);

    std::string path;
    FileDescriptor tmp;
    FileDescriptor fresh; ///< new/
    GroupCommit commit;   ///< of new/
};

class FileWay : public Way
{
public:
    FileWay(const StorePlan& plan, FilePlan way);

    void put(std::size_t box, std::uint64_t id, std::string_view octets) override;
    [[nodiscard]] std::uint64_t syncs() const override;
    [[nodiscard]] std::uint64_t stored() const override;

private:
    void putUnnamed(const Box& box, const std::string& name, std::string_view octets);
    void putNamed(const Box& box, const std::string& name, std::string_view octets);
    void fill(int fd, std::string_view octets, const std::string& path);
    void syncFolder(Box& box);

    const FilePlan _way;
    std::vector<std::unique_ptr<Box>> _boxes;
    std::atomic<std::uint64_t> _syncs{0};
};

/// Entries of a folder that are not hidden. \throws std::system_error
[[nodiscard]] std::uint64_t countFiles(const std::string& folder);

} // namespace mpsmtp::bench

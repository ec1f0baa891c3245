// The next free message number of each MH folder. A folder is read once, at its first use; after
// that a number costs a look into memory, however much mail the folder holds. Other writers are
// found by link(2) saying EEXIST.
// Thread safety: [any].
#pragma once

#include "common/Folder.h"
#include "common/LruMap.h"
#include "common/StagedFile.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace mpsmtp::mh
{

/// Hands out numbers; each is given to one caller only.
class MessageNumbers
{
public:
    /// \param staging  removes what dead processes have left, where a folder is read anyway
    /// \param folders  how many folders to remember; one costs about 150 octets
    explicit MessageNumbers(const store::Staging& staging, std::size_t folders = 65536)
        : _staging(staging), _known(folders)
    {
    }

    /// A number greater than that of any mail that was in the folder when it was read, and than any
    /// given before.
    /// \throws std::system_error if the folder cannot be read
    [[nodiscard]] std::uint64_t take(const store::Folder& folder);

    /// The next take() reads the folder: others have added much to it.
    void forget(const store::Folder& folder);

private:
    /// Of the folder that was at a path; a new folder at the same path begins anew.
    struct Entry
    {
        dev_t device = 0;
        ino_t inode = 0;
        std::uint64_t last = 0;
    };

    [[nodiscard]] Entry* find(const store::Folder& folder);

    const store::Staging& _staging;
    std::mutex _mutex; // guards _known; not held while a folder is read
    store::LruMap<Entry> _known;
};

/// The greatest message number among the names in a folder, 0 if there is none. Message numbers are
/// decimal digits only; names of more than 18 digits are none.
/// \throws std::system_error
/// 0 if `name` is not a message's.
[[nodiscard]] std::uint64_t numberOf(std::string_view name);

[[nodiscard]] std::uint64_t greatestNumberIn(const store::Folder& folder);

} // namespace mpsmtp::mh

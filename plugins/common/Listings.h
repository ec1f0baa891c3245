// The files of folders, each folder read once: for those who look for a mail that may have been
// renamed. What changes meanwhile is not seen, so it is for a start, not for a running server.
// Thread safety: [main].
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mpsmtp::store
{

class Listings
{
public:
    struct Entry
    {
        std::string name;
        std::uint64_t inode;
    };

    /// The plain files in the folder at `path`; empty if it cannot be read.
    [[nodiscard]] const std::vector<Entry>& of(const std::string& path);

private:
    std::map<std::string, std::vector<Entry>> _byPath;
};

} // namespace mpsmtp::store

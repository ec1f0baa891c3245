// A new folder, which goes with its object if that is wanted, with all in it.
// Thread safety: [one thread].
#pragma once

#include <string>

namespace mpsmtp::bench
{

class ScratchFolder
{
public:
    /// \param parent  is there already \throws std::system_error
    ScratchFolder(const std::string& parent, bool isRemoved);

    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();

    [[nodiscard]] const std::string& path() const { return _path; }

private:
    std::string _path;
    const bool _isRemoved;
};

} // namespace mpsmtp::bench

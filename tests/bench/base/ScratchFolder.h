// A folder that goes with its object, with all in it.
// Thread safety: [one thread].
#pragma once

#include <string>

namespace mpsmtp::bench
{

class ScratchFolder
{
public:
    /// \param parent  is there already \throws std::system_error
    explicit ScratchFolder(const std::string& parent);

    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();

    [[nodiscard]] const std::string& path() const { return _path; }

private:
    std::string _path;
};

} // namespace mpsmtp::bench

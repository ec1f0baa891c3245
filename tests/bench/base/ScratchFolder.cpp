#include "bench/base/ScratchFolder.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace mpsmtp::bench
{

ScratchFolder::ScratchFolder(const std::string& parent, bool isRemoved)
    : _path(parent + "/mpsmtp-bare-XXXXXX"), _isRemoved(isRemoved)
{
    if (::mkdtemp(_path.data()) == nullptr)
        throw std::system_error(
            errno, std::generic_category(), "cannot make a folder in " + parent);
}

ScratchFolder::~ScratchFolder()
{
    if (!_isRemoved)
        return;
    std::error_code ignored;
    std::filesystem::remove_all(_path, ignored);
}

} // namespace mpsmtp::bench

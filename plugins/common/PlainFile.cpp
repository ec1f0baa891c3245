#include "common/PlainFile.h"

#include <stdexcept>

#include <sys/stat.h>

namespace mpsmtp::store
{

void requirePlainFile(const std::string& path)
{
    struct stat status = {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        throw std::runtime_error("cannot read " + path + ": it is no plain file");
}

} // namespace mpsmtp::store

// What this is and its thread safety: Paths.h.
#include "Paths.h"

namespace mpsmtp::test
{

std::string inSource(std::string_view path)
{
    return std::string(MPSMTP_SOURCE_DIR).append(path);
}

std::string inBuild(std::string_view path)
{
    return std::string(MPSMTP_BINARY_DIR).append(path);
}

} // namespace mpsmtp::test

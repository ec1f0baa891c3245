// What this is and its thread safety: SpoolDirectory.h.
#include "delivery/SpoolDirectory.h"

#include "delivery/SpoolFile.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace mpsmtp::delivery
{

namespace
{

std::string
sentence(const std::string& what, const std::string& directory, const std::string& cause)
{
    return "[spool] directory: cannot " + what + " " + directory + ": " + cause +
           "; make it writable for the user that the server runs as, or choose another";
}

/// Not std::filesystem::create_directory: the mode counts from the first moment on.
int makePrivate(const std::string& directory) noexcept
{
    constexpr mode_t ownerOnly = 0700;
    return ::mkdir(directory.c_str(), ownerOnly) != 0 && errno != EEXIST ? errno : 0;
}

} // namespace

std::string prepareSpoolDirectory(FileCalls& files, const std::string& directory)
{
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), error);
    if (!error)
        error.assign(makePrivate(directory), std::generic_category());
    if (error)
        return sentence("make", directory, error.message());
    SpoolFile probe(files);
    error.assign(probe.create(directory), std::generic_category());
    return error ? sentence("write to", directory, error.message()) : std::string();
}

} // namespace mpsmtp::delivery

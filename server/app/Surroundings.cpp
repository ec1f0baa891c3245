// What this is and its thread safety: Surroundings.h.
#include "app/Surroundings.h"

#include "app/PluginDirectory.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace mpsmtp::app
{

namespace
{

constexpr std::size_t longestHostname = 256;

std::string machineName()
{
    std::array<char, longestHostname> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot ask for the host's name");
    return name.data();
}

} // namespace

Surroundings machineSurroundings()
{
    return {machineName(),
            std::filesystem::current_path().string(),
            bundledPluginDirectory(),
            processEnvironment()};
}

} // namespace mpsmtp::app

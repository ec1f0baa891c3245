// Shared objects that a server must refuse, one for each way to be odd (see CMakeLists.txt). In plain abi.h.
#include <mpsmtp/abi.h>

#include <csignal>
#include <cstdlib>

#include <unistd.h>

#ifndef ODD_MAGIC
#define ODD_MAGIC MPSMTP_ABI_MAGIC
#endif
#ifndef ODD_MAJOR
#define ODD_MAJOR MPSMTP_ABI_MAJOR
#endif
#ifndef ODD_MINOR
#define ODD_MINOR MPSMTP_ABI_MINOR
#endif
#ifndef ODD_SIZE
#define ODD_SIZE sizeof(mpsmtp_plugin)
#endif
#ifndef ODD_TYPE
#define ODD_TYPE "odd"
#endif
#ifndef ODD_CREATE
#define ODD_CREATE &create
#endif

#ifdef ODD_UNDEFINED
void notDefinedAnywhere();
#endif

namespace
{

#ifdef ODD_AT_LOAD
/// Runs while the object is loaded.
[[maybe_unused]] const bool isLoaded = (ODD_AT_LOAD, true);
#endif

/// A hook that is said to be there, and is not.
[[maybe_unused]] const mpsmtp_handler*
create(const mpsmtp_host*, mpsmtp_host_data*, mpsmtp_string, mpsmtp_reply_target*) noexcept
{
#ifdef ODD_UNDEFINED
    notDefinedAnywhere();
#endif
    static mpsmtp_handler handler{};
    handler.size = sizeof handler;
    handler.hooks = MPSMTP_HOOK_STAGE;
    handler.destroy = [](void*) noexcept {};
    return &handler;
}

} // namespace

#ifndef ODD_NO_DESCRIPTOR
extern "C"
{
    __attribute__((visibility("default"))) extern const mpsmtp_plugin mpsmtp_plugin_descriptor;
}

const mpsmtp_plugin mpsmtp_plugin_descriptor = {ODD_MAGIC,
                                                ODD_SIZE,
                                                ODD_MAJOR,
                                                ODD_MINOR,
                                                {ODD_TYPE, sizeof ODD_TYPE - 1},
                                                {"1", 1},
                                                nullptr,
                                                0,
                                                ODD_CREATE};
#endif

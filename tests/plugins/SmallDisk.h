// A file system that is soon full: a tmpfs of a few pages, where the test may mount one.
#pragma once

#include "plugins/TestFolder.h"

#include <iostream>
#include <string>

#include <sys/mount.h>

namespace mpsmtp::test
{

class SmallDisk
{
public:
    explicit SmallDisk(const std::string& options = "size=64k")
        : _isMounted(::mount("tmpfs", _folder.path().c_str(), "tmpfs", 0, options.c_str()) == 0)
    {
        if (!_isMounted)
            std::cerr << "\nSKIPPED, since this user may not mount a tmpfs: a full disk\n";
    }

    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    ~SmallDisk()
    {
        if (_isMounted)
            (void)::umount2(_folder.path().c_str(), MNT_DETACH);
    }

    [[nodiscard]] bool isMounted() const { return _isMounted; }

    [[nodiscard]] std::string operator/(const std::string& name) const { return _folder / name; }

private:
    const TestFolder _folder;
    const bool _isMounted;
};

} // namespace mpsmtp::test

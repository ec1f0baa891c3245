// A file without a name: written once, then read through a mapping and through descriptors of others. It disappears with
// its last descriptor, also when the process is killed, so that a crash leaves nothing to sweep.
// Thread safety: [connection].
#pragma once

#include "delivery/Descriptor.h"
#include "delivery/FileCalls.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace mpsmtp::delivery
{

/// Functions that return `int` give 0, or the errno of what failed.
class SpoolFile
{
public:
    explicit SpoolFile(FileCalls& calls) noexcept : _calls(&calls) {}

    SpoolFile(const SpoolFile&) = delete;
    SpoolFile& operator=(const SpoolFile&) = delete;

    ~SpoolFile() { close(); }

    /// In `directory`, for its owner alone (0600): O_TMPFILE, or a name that is unlinked at once.
    [[nodiscard]] int create(const std::string& directory);

    /// In memory (memfd).
    [[nodiscard]] int createInMemory();

    [[nodiscard]] bool isOpen() const noexcept { return _file.isOpen(); }

    /// All of `octets`, however many writes it takes.
    [[nodiscard]] int append(std::string_view octets);

    /// Maps what was appended. Nothing may be appended afterwards.
    [[nodiscard]] int map();

    /// What is mapped; valid until close().
    [[nodiscard]] std::string_view content() const noexcept;

    /// A read-only descriptor with an offset of its own, at 0. The caller closes it.
    /// \return the descriptor, or -errno
    [[nodiscard]] int openReadOnly() const;

    /// Unmaps and closes; the object can be used again.
    void close() noexcept;

private:
    FileCalls* _calls;
    Descriptor _file;
    std::size_t _size = 0;
    void* _mapping = nullptr;
};

} // namespace mpsmtp::delivery

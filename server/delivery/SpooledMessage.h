// The mail data of one transaction: in memory up to a limit, beyond it in a file without a name. Immutable when complete;
// handlers read it in place. The spool is not a queue: a message is in the handlers' stores when its 250 is sent, so
// nothing here is made durable.
// Leaves to others: replies (TransactionSink), the filters' edits (MessageView).
// Thread safety: [connection].
#pragma once

#include "delivery/BufferPool.h"
#include "delivery/SpoolFile.h"
#include "smtp/MessageSink.h"

#include <mpsmtp/abi.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// Where and how much is spooled.
struct SpoolLimits
{
    std::string directory;
    std::size_t memoryOctets = 0; ///< a message of this size is the largest one without a file
};

/// A descriptor of its own for `segments`: in memory, or in a spool file if they are large.
/// \return a read-only descriptor at offset 0 that the caller closes, or -errno
[[nodiscard]] int
openCopy(FileCalls& calls, const SpoolLimits& limits, const std::vector<mpsmtp_string>& segments);

/// Use: clear(); (writable, written)*; complete(); then segments() and open(); clear().
class SpooledMessage
{
public:
    /// All arguments must outlive the object.
    SpooledMessage(BufferPool& pool, FileCalls& calls, const SpoolLimits& limits) noexcept;

    /// Gives everything back: blocks, file, mapping. What segments() named is gone.
    void clear() noexcept;

    /// Room for the next octets, as MessageSink::writable() describes it.
    [[nodiscard]] smtp::Buffer writable() noexcept;

    /// The first `count` octets of writable() are mail data.
    /// \return false if they are lost; error() says why, and nothing more is stored
    [[nodiscard]] bool written(std::size_t count);

    /// No more octets will come.
    /// \return false if the message is not whole; error() says why
    [[nodiscard]] bool complete();

    /// errno of the first failure, or 0.
    [[nodiscard]] int error() const noexcept { return _error; }

    [[nodiscard]] std::uint64_t size() const noexcept { return _size; }

    /// True if the message is not in memory alone.
    [[nodiscard]] bool isInFile() const noexcept { return _file.isOpen(); }

    /// The octets in order; after complete(), valid until clear(). None for an empty message.
    [[nodiscard]] const std::vector<mpsmtp_string>& segments() const noexcept { return _segments; }

    /// A read-only descriptor of the octets with an offset of its own, at 0. The caller closes it.
    /// \return the descriptor, or -errno
    [[nodiscard]] int open() const;

private:
    [[nodiscard]] bool isBlockFull() const noexcept
    {
        return _blocks.empty() || _used == BufferPool::blockOctets;
    }

    bool fail(int error) noexcept;
    void moveToFile();
    void flush();
    void nameSegments();

    BufferPool& _pool;
    FileCalls& _calls;
    const SpoolLimits& _limits;
    std::vector<BufferPool::Block>
        _blocks;           ///< all full but the last; one only when there is a file
    std::size_t _used = 0; ///< octets in the last block
    std::uint64_t _size = 0;
    int _error = 0;
    SpoolFile _file;
    std::vector<mpsmtp_string> _segments;
    std::array<char, 64>
        _lost{}; ///< lent after a failure, for what is not kept; each connection has one
};

} // namespace mpsmtp::delivery

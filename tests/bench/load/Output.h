// What is still to be sent: octets of one's own, copied in, and octets that others keep, for a message's content is the same
// for all connections and is not copied.
// Thread safety: [one thread].
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sys/uio.h>

namespace mpsmtp::bench
{

class Output
{
public:
    void copy(std::string_view octets);
    /// \param octets  stay where they are until they are sent
    void share(std::string_view octets);

    [[nodiscard]] bool isEmpty() const { return _first == _pieces.size(); }

    /// The first pieces, for writev(); valid until the next change.
    [[nodiscard]] const std::vector<iovec>& pieces();

    /// The first `octets` are sent.
    void consume(std::size_t octets);

private:
    /// More than the kernel takes at once is not described to it.
    static constexpr std::size_t mostPieces = 64;

    struct Piece
    {
        const char* shared = nullptr; ///< nullptr: at `offset` of _own
        std::size_t offset = 0;
        std::size_t size = 0;
    };

    std::string _own;
    std::vector<Piece> _pieces;
    std::size_t _first = 0; ///< pieces before it are sent
    std::vector<iovec> _vectors;
};

} // namespace mpsmtp::bench

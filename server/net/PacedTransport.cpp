// See PacedTransport.h.
#include "net/PacedTransport.h"

#include <algorithm>
#include <cstdint>
#include <thread>

namespace mpsmtp::net
{

namespace
{

/// Ten pieces a second look like a slow line and not like a burst now and then.
constexpr std::uint64_t piecesPerSecond = 10;

std::size_t pieceOf(std::uint64_t octetsPerSecond, std::size_t octets) noexcept
{
    const auto piece = std::max<std::uint64_t>(octetsPerSecond / piecesPerSecond, 1);
    return static_cast<std::size_t>(std::min<std::uint64_t>(piece, octets));
}

/// As long as so many octets take.
void pause(std::uint64_t octetsPerSecond, std::size_t octets)
{
    constexpr std::uint64_t microseconds = 1'000'000;
    std::this_thread::sleep_for(std::chrono::microseconds(octets * microseconds / octetsPerSecond));
}

} // namespace

Received PacedTransport::receive(char* data, std::size_t size)
{
    const std::uint64_t pace = _dialog.octetsPerSecond();
    if (pace == 0)
        return _inner.receive(data, size);
    const Received received = _inner.receive(data, pieceOf(pace, size));
    if (received.status == IoStatus::Done)
        pause(pace, received.octets);
    return received;
}

IoStatus PacedTransport::send(std::string_view octets)
{
    const std::uint64_t pace = _dialog.octetsPerSecond();
    if (pace == 0)
        return _inner.send(octets);
    IoStatus status = IoStatus::Done;
    while (!octets.empty() && status == IoStatus::Done)
    {
        const std::string_view piece = octets.substr(0, pieceOf(pace, octets.size()));
        pause(pace, piece.size());
        status = _inner.send(piece);
        octets.remove_prefix(piece.size());
    }
    return status;
}

} // namespace mpsmtp::net

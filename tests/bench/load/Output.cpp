#include "bench/load/Output.h"

#include <algorithm>

namespace mpsmtp::bench
{

void Output::copy(std::string_view octets)
{
    if (!isEmpty() && _pieces.back().shared == nullptr)
        _pieces.back().size += octets.size();
    else if (!octets.empty())
        _pieces.push_back({nullptr, _own.size(), octets.size()});
    _own.append(octets);
}

void Output::share(std::string_view octets)
{
    if (!octets.empty())
        _pieces.push_back({octets.data(), 0, octets.size()});
}

const std::vector<iovec>& Output::pieces()
{
    _vectors.clear();
    const std::size_t end = std::min(_pieces.size(), _first + mostPieces);
    for (std::size_t i = _first; i < end; ++i)
    {
        const Piece& piece = _pieces[i];
        const char* const begin = piece.shared ? piece.shared : _own.data();
        // writev() does not write there; iovec has no const.
        _vectors.push_back({const_cast<char*>(begin + piece.offset), piece.size});
    }
    return _vectors;
}

void Output::consume(std::size_t octets)
{
    while (octets > 0)
    {
        Piece& piece = _pieces[_first];
        const std::size_t part = std::min(octets, piece.size);
        piece.offset += part;
        piece.size -= part;
        octets -= part;
        if (piece.size == 0)
            ++_first;
    }
    if (!isEmpty())
        return;
    _pieces.clear();
    _own.clear();
    _first = 0;
}

} // namespace mpsmtp::bench

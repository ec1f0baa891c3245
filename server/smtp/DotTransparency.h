// The algorithm of DataDecoder, for DataDecoder.cpp and its tests only.
//
// Mail data without the dots that were put in is the input without some octets, so it is made by
// moving the pieces between those dots to the front, each once: linear, however many dots there
// are. Only LF "." is searched for, and the CR in front of it looked for on a hit.
// Thread safety: [connection].
#pragma once

#include "smtp/DataDecoder.h"
#include "smtp/OctetSearch.h"

#include <cstring>

namespace mpsmtp::smtp
{

/// How DataDecoder searches and moves.
struct FastOctets
{
    static const char* find(const char* begin, const char* end) noexcept
    {
        return findLineFeedDot(begin, end);
    }

    static void move(char* to, const char* from, std::size_t count) noexcept
    {
        std::memmove(to, from, count);
    }
};

/// One call of DataDecoder::decodeWith().
template <typename Octets>
class DotTransparency
{
public:
    DotTransparency(DataDecoder& decoder, char* data, std::size_t size) noexcept
        : _decoder(decoder), _data(data), _size(size)
    {
    }

    DataDecoder::Result run() noexcept
    {
        bool goesOn = !_decoder._atLineStart || passDot();
        while (goesOn && findLineStartDot())
            goesOn = passDot();
        if (goesOn)
            passRest();
        return _result;
    }

private:
    enum class Dot
    {
        Undecided, // "." or "." CR, and no more input
        End,       // "." CRLF
        Stuffed    // "." and anything else: it was put in, or should have been
    };

    [[nodiscard]] Dot judgeDot() const noexcept
    {
        const std::size_t behind = _size - _next - 1;
        if (behind == 0 || (behind == 1 && _data[_next + 1] == '\r'))
            return Dot::Undecided;
        return behind > 1 && _data[_next + 1] == '\r' && _data[_next + 2] == '\n' ? Dot::End
                                                                                  : Dot::Stuffed;
    }

    // At a line start, where a "." may stand. False: decoding stops here.
    [[nodiscard]] bool passDot() noexcept
    {
        if (_next == _size || _data[_next] != '.')
            return true;
        const Dot dot = judgeDot();
        keepPiece(_next);
        if (dot == Dot::Stuffed)
        {
            _piece = ++_next;
            return true;
        }
        _decoder.reset();
        _result.ended = dot == Dot::End;
        _result.consumed = _result.ended ? _next + endOctets : _next;
        return false;
    }

    // Moves on to the next "." behind a CRLF, if there is one.
    [[nodiscard]] bool findLineStartDot() noexcept
    {
        const char* const end = _data + _size;
        const char* found = Octets::find(_data + _next, end);
        while (found != end && !isBehindCr(indexOf(found)))
            found = Octets::find(found + 1, end);
        if (found == end)
            return false;
        _next = indexOf(found) + 1;
        return true;
    }

    // No more dots at line starts: the rest is mail data as it is.
    void passRest() noexcept
    {
        if (_size == 0)
            return;
        const char last = _data[_size - 1];
        _decoder._atLineStart = last == '\n' && isBehindCr(_size - 1);
        _decoder._afterCr = last == '\r';
        keepPiece(_size);
        _result.consumed = _size;
    }

    // [_piece, end) is mail data.
    void keepPiece(std::size_t end) noexcept
    {
        const std::size_t count = end - _piece;
        if (_result.kept != _piece && count > 0)
            Octets::move(_data + _result.kept, _data + _piece, count);
        _result.kept += count;
        _piece = end;
    }

    // Looks at input that moving has not reached yet: what is kept is at least one dot shorter than
    // what was read.
    [[nodiscard]] bool isBehindCr(std::size_t index) const noexcept
    {
        return index == 0 ? _decoder._afterCr : _data[index - 1] == '\r';
    }

    [[nodiscard]] std::size_t indexOf(const char* octet) const noexcept
    {
        return static_cast<std::size_t>(octet - _data);
    }

    static constexpr std::size_t endOctets =
        3; // "." CRLF; the CRLF in front of it is mail data (RFC 5321 4.1.1.4)

    DataDecoder& _decoder;
    char* const _data;
    const std::size_t _size;
    std::size_t _piece = 0; // where the piece begins that is kept next
    std::size_t _next = 0;  // where reading goes on
    DataDecoder::Result _result{0, 0, false};
};

template <typename Octets>
DataDecoder::Result DataDecoder::decodeWith(char* data, std::size_t size) noexcept
{
    return DotTransparency<Octets>(*this, data, size).run();
}

} // namespace mpsmtp::smtp

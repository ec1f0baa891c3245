// What this is and its thread safety: SessionModel.h.
#include "fuzz/SessionModel.h"

#include "fuzz/Fuzzing.h"

#include <cstdint>
#include <optional>

namespace mpsmtp::fuzz
{

namespace
{

bool isBlank(char c)
{
    return c == ' ' || c == '\t';
}

std::string upper(std::string_view text)
{
    std::string result;
    for (const char c : text)
        result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
}

std::vector<std::string> words(std::string_view line)
{
    std::vector<std::string> result(1);
    for (const char c : line)
        if (!isBlank(c))
            result.back() += c;
        else if (result.size() == 1 || !result.back().empty())
            result.emplace_back();
    if (result.size() > 1 && result.back().empty())
        result.pop_back();
    return result;
}

bool hasControl(std::string_view line)
{
    for (const char c : line)
        if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F')
            return true;
    return false;
}

struct Bdat
{
    std::uint64_t octets;
    bool isLast;
};

/// nullopt: not understood, so the session must end here.
std::optional<Bdat> bdatOf(std::string_view line)
{
    const auto parts = words(line);
    const bool isLast = parts.size() == 3 && upper(parts[2]) == "LAST";
    if (hasControl(line) || (parts.size() != 2 && !isLast))
        return std::nullopt;
    std::uint64_t octets = 0;
    for (const char c : parts[1])
    {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (c < '0' || c > '9' || octets > (UINT64_MAX - 1 - digit) / 10)
            return std::nullopt;
        octets = octets * 10 + digit;
    }
    return Bdat{octets, isLast};
}

class Model
{
public:
    Model(std::string_view octets, const std::vector<unsigned>& codes, std::size_t maxLineOctets)
        : _rest(octets), _codes(codes), _maxLineOctets(maxLineOctets)
    {
    }

    SessionModel run()
    {
        if (isTlsHello())
            (void)answer();
        else
            while (!_isOver && nextLine())
            {
            }
        return _model;
    }

private:
    [[nodiscard]] bool isTlsHello() const
    {
        if (_rest.substr(0, 2) == "\x16\x03")
            return true;
        const std::size_t lineFeed = _rest.find('\n');
        return _rest.size() >= 3 && lineFeed > 1 && static_cast<unsigned char>(_rest[0]) >= 0x80 &&
               _rest[2] == '\x01';
    }

    /// The code of the next reply; 0 if none came.
    unsigned answer()
    {
        if (_model.answered == _codes.size())
        {
            _model.mustBeClosed = _isOver = true;
            return 0;
        }
        const unsigned code = _codes[_model.answered++];
        _isOver = code == 421 || code == 221;
        return code;
    }

    bool nextLine()
    {
        const std::size_t end = _rest.substr(0, _maxLineOctets).find('\n');
        if (end == std::string_view::npos)
            return longLine();
        std::string_view line = _rest.substr(0, end);
        _rest.remove_prefix(end + 1);
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        execute(line);
        return true;
    }

    bool longLine()
    {
        if (_rest.size() < _maxLineOctets)
            return false;
        const bool isBdat = upper(words(_rest.substr(0, _maxLineOctets))[0]) == "BDAT";
        (void)answer();
        _isOver = _isOver || isBdat;
        _rest.remove_prefix(_maxLineOctets);
        const std::size_t end = _rest.find('\n');
        _rest.remove_prefix(end == std::string_view::npos ? _rest.size() : end + 1);
        return end != std::string_view::npos;
    }

    void execute(std::string_view line)
    {
        const std::string verb = upper(words(line)[0]);
        if (verb == "BDAT")
            return chunk(line);
        const unsigned code = answer();
        REQUIRE(code != 354 || verb == "DATA", "354 to " + shown(line));
        if (code == 354)
            return mailData();
        const bool isReset = verb == "RSET" || verb == "EHLO" || verb == "HELO" || verb == "QUIT";
        if (isReset && code < 300)
            _chunks.clear();
    }

    void mailData()
    {
        const DecodedData decoded = decodeData(_rest);
        if (!decoded.ended)
        {
            _rest = {};
            return;
        }
        _rest.remove_prefix(decoded.behind);
        if (answer() == 250)
            _model.messages.push_back(decoded.data);
    }

    void chunk(std::string_view line)
    {
        const auto bdat = bdatOf(line);
        if (bdat && bdat->octets > _rest.size())
        {
            _rest = {};
            return;
        }
        const std::string_view octets =
            bdat ? _rest.substr(0, static_cast<std::size_t>(bdat->octets)) : std::string_view();
        _rest.remove_prefix(octets.size());
        const bool isTaken = answer() == 250;
        _isOver = _isOver || !bdat;
        _chunks = isTaken ? _chunks.append(octets) : "";
        if (isTaken && bdat && bdat->isLast)
            _model.messages.push_back(_chunks);
        if (bdat && bdat->isLast)
            _chunks.clear();
    }

    std::string_view _rest;
    const std::vector<unsigned>& _codes;
    const std::size_t _maxLineOctets;
    SessionModel _model;
    std::string _chunks;
    bool _isOver = false;
};

} // namespace

DecodedData decodeData(std::string_view octets)
{
    DecodedData decoded;
    std::string last = "\r\n"; // the two octets in front; those of the DATA command at first
    for (std::size_t at = 0; at < octets.size(); ++at)
    {
        if (last == "\r\n" && octets[at] == '.')
        {
            const std::string_view next = octets.substr(at + 1, 2);
            decoded.ended = next == "\r\n";
            decoded.behind = at + 3;
            if (decoded.ended)
                return decoded;
        }
        else
            decoded.data += octets[at];
        last = {last.back(), octets[at]};
    }
    return decoded;
}

std::string normalized(std::string_view data)
{
    std::string result;
    for (std::size_t at = 0; at < data.size(); ++at)
    {
        const bool isPair = data.substr(at, 2) == "\r\n";
        if (isPair || data[at] == '\r' || data[at] == '\n')
            result += "\r\n";
        else
            result += data[at];
        at += isPair ? 1 : 0;
    }
    return result;
}

bool hasBareNewline(std::string_view data)
{
    return normalized(data) != data;
}

SessionModel
modelSession(std::string_view octets, const std::vector<unsigned>& codes, std::size_t maxLineOctets)
{
    return Model(octets, codes, maxLineOctets).run();
}

} // namespace mpsmtp::fuzz

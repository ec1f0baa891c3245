#include "mbox/Intent.h"

#include "mbox/ReadAt.h"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace mpsmtp::mbox
{

namespace
{

constexpr std::string_view title = "mpsmtp-mbox 1\n";

/// Reads the note from the front; any mistake makes all that follows fail.
class Reader
{
public:
    explicit Reader(std::string_view text) noexcept : _rest(text) {}

    [[nodiscard]] bool ok() const noexcept { return _ok; }

    [[nodiscard]] bool atEnd() const noexcept { return _rest.empty(); }

    [[nodiscard]] bool accept(std::string_view expected)
    {
        if (_rest.substr(0, expected.size()) != expected)
            return false;
        _rest.remove_prefix(expected.size());
        return true;
    }

    void expect(std::string_view expected) { _ok = accept(expected) && _ok; }

    [[nodiscard]] std::uint64_t number()
    {
        std::uint64_t value = 0;
        const auto result = std::from_chars(_rest.data(), _rest.data() + _rest.size(), value);
        _ok = _ok && result.ec == std::errc();
        _rest.remove_prefix(static_cast<std::size_t>(result.ptr - _rest.data()));
        return value;
    }

    /// With its LF.
    [[nodiscard]] std::string line()
    {
        const std::size_t lineFeed = _rest.find('\n');
        _ok = _ok && lineFeed != std::string_view::npos;
        std::string text(_rest.substr(0, _ok ? lineFeed + 1 : 0));
        _rest.remove_prefix(text.size());
        return text;
    }

private:
    std::string_view _rest;
    bool _ok = true;
};

bool beginsAt(int fd, const Intent::Part& part, std::uint64_t size)
{
    const std::size_t present = std::min<std::uint64_t>(part.fromLine.size(), size - part.offset);
    return readAt(fd, part.offset, present) == std::string_view(part.fromLine).substr(0, present);
}

/// Separators that begin and are recognisable within [begin, end).
std::size_t countSeparators(int fd, std::uint64_t begin, std::uint64_t end)
{
    constexpr std::size_t step = std::size_t{64} * 1024;
    constexpr std::string_view separator = "\nFrom ";
    std::size_t count = 0;
    std::string window = begin == 0 ? "\n" : "";
    for (std::uint64_t at = begin == 0 ? 0 : begin - 1; at < end;)
    {
        const std::string octets = readAt(fd, at, std::min<std::uint64_t>(step, end - at));
        if (octets.empty())
            break;
        at += octets.size();
        window += octets;
        for (std::size_t hit = 0; (hit = window.find(separator, hit)) != std::string::npos; ++hit)
            ++count;
        window.erase(0, window.size() - std::min(window.size(), separator.size() - 1));
    }
    return count;
}

} // namespace

std::string Intent::serialize() const
{
    std::string text(title);
    text += "boot " + bootId + '\n';
    text += "file " + std::to_string(device) + ' ' + std::to_string(inode) + '\n';
    text += "region " + std::to_string(start) + ' ' + std::to_string(end) + '\n';
    for (const Part& part : parts)
        text += "message " + std::to_string(part.offset) + ' ' + part.fromLine;
    text += "end\n";
    return text;
}

std::optional<Intent> Intent::parse(std::string_view text)
{
    Intent intent;
    Reader reader(text);
    reader.expect(title);
    reader.expect("boot ");
    intent.bootId = reader.line();
    reader.expect("file ");
    intent.device = reader.number();
    reader.expect(" ");
    intent.inode = reader.number();
    reader.expect("\nregion ");
    intent.start = reader.number();
    reader.expect(" ");
    intent.end = reader.number();
    reader.expect("\n");
    while (reader.ok() && reader.accept("message "))
    {
        const std::uint64_t offset = reader.number();
        reader.expect(" ");
        intent.parts.push_back({offset, reader.line()});
    }
    reader.expect("end\n");
    if (!reader.ok() || !reader.atEnd())
        return std::nullopt;
    intent.bootId.pop_back();
    return intent;
}

std::string currentBootId()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id;
}

bool isBatch(const Intent& intent, int fd, std::uint64_t size)
{
    if (size < intent.start || size > intent.end)
        return false;
    constexpr std::size_t recognisable = 5; // "From "
    std::size_t expected = 0;
    for (const Intent::Part& part : intent.parts)
    {
        if (part.offset >= size)
            break;
        if (!beginsAt(fd, part, size))
            return false;
        expected += part.offset + recognisable <= size ? 1 : 0;
    }
    return countSeparators(fd, intent.start, size) == expected;
}

} // namespace mpsmtp::mbox

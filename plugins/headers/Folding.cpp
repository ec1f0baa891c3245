#include "headers/Folding.h"

#include "common/Ascii.h"

#include <algorithm>

namespace mpsmtp::headers
{

namespace
{

constexpr std::size_t preferredOctets = 78;
constexpr std::size_t mostOctets = 998; // both without CRLF

/// Inside a character of UTF-8.
[[nodiscard]] bool isContinuation(char c) noexcept
{
    return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

/// As many octets of `word` as fit, in whole characters; never none.
[[nodiscard]] std::size_t fitting(std::string_view word, std::size_t room) noexcept
{
    if (word.size() <= room)
        return word.size();
    std::size_t length = room;
    while (length > 1 && room - length < 4 && isContinuation(word[length]))
        --length;
    return length;
}

class Folder
{
public:
    explicit Folder(std::size_t column) noexcept : _column(column) {}

    /// \param blanks in front of the word
    void add(std::string_view blanks, std::string_view word)
    {
        blanks =
            blanks.substr(0, preferredOctets); // a line of blanks alone ends the header to some
        const bool isFirst = _isEmpty;
        _isEmpty = false;
        if (!isFirst && _column + blanks.size() + word.size() > preferredOctets)
            newLine();
        append(isFirst ? std::string_view{} : blanks);
        while (_column + word.size() > mostOctets)
        {
            const std::size_t length = fitting(word, mostOctets - _column);
            append(word.substr(0, length));
            word.remove_prefix(length);
            newLine();
            append(" ");
        }
        append(word);
    }

    [[nodiscard]] std::string take() { return std::move(_out); }

private:
    void newLine()
    {
        _out += "\r\n";
        _column = 0;
    }

    void append(std::string_view text)
    {
        _out += text;
        _column += text.size();
    }

    std::string _out;
    std::size_t _column;
    bool _isEmpty = true;
};

} // namespace

std::string folded(std::string_view name, std::string_view value)
{
    Folder folder(name.size() + 2); // ": "
    while (!value.empty())
    {
        const auto blanks = std::min(value.find_first_not_of(" \t"), value.size());
        const auto end = std::min(value.find_first_of(" \t", blanks), value.size());
        if (blanks < end)
            folder.add(value.substr(0, blanks), value.substr(blanks, end - blanks));
        value.remove_prefix(end);
    }
    return folder.take();
}

} // namespace mpsmtp::headers

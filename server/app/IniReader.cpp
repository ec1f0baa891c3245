// What this is and its thread safety: IniReader.h.
#include "app/IniReader.h"

#include "app/Quoted.h"
#include "delivery/Values.h"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace mpsmtp::app
{

using delivery::Origin;
using delivery::Setting;
using delivery::trimmed;

namespace
{

constexpr std::string_view utf8Bom = "\xEF\xBB\xBF";
constexpr std::string_view utf16Boms[] = {"\xFF\xFE", "\xFE\xFF"};
constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool isBlank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

bool isCommentMark(char c) noexcept
{
    return c == ';' || c == '#';
}

bool isEmptyOrComment(std::string_view text) noexcept
{
    return text.empty() || isCommentMark(text.front());
}

bool isControl(char c) noexcept
{
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7F;
}

/// Up to a comment mark behind a blank.
std::string_view withoutComment(std::string_view text) noexcept
{
    for (std::size_t i = 0; i < text.size(); ++i)
        if (isCommentMark(text[i]) && (i == 0 || isBlank(text[i - 1])))
            return trimmed(text.substr(0, i));
    return trimmed(text);
}

/// One run over one text.
class Reader
{
public:
    Reader(std::string_view text, const std::string& file) : _rest(text), _origin{file, 0} {}

    IniDocument read();

private:
    std::string_view nextLine();
    void readLine(std::string_view line);
    void readSection(std::string_view line);
    void openSection(std::string_view name);
    void readSetting(std::string_view line);
    void addSetting(std::string_view key, std::string value);
    std::optional<std::string> value(std::string_view text);
    std::optional<std::string> quotedValue(std::string_view text);

    void problem(std::string text) { _document.problems.push_back({_origin, std::move(text)}); }

    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    std::string_view _rest;
    Origin _origin; ///< of the line being read
    IniDocument _document;
    std::size_t _current = none;       ///< the open section
    bool _isSectionUnreadable = false; ///< its keys are read past, not reported one by one
};

IniDocument Reader::read()
{
    for (const std::string_view bom : utf16Boms)
        if (_rest.substr(0, bom.size()) == bom)
        {
            _origin.line = 1;
            problem("the file is UTF-16; save it as UTF-8");
            return std::move(_document);
        }
    if (_rest.substr(0, utf8Bom.size()) == utf8Bom)
        _rest.remove_prefix(utf8Bom.size());
    while (!_rest.empty())
        readLine(nextLine());
    return std::move(_document);
}

std::string_view Reader::nextLine()
{
    const auto end = std::min(_rest.find('\n'), _rest.size());
    auto line = _rest.substr(0, end);
    _rest.remove_prefix(std::min(end + 1, _rest.size()));
    ++_origin.line;
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    return trimmed(line);
}

void Reader::readLine(std::string_view line)
{
    if (isEmptyOrComment(line))
        return;
    // A value goes into file names and log lines: an octet that nobody can see has no business in
    // it.
    if (const auto control = std::find_if(line.begin(), line.end(), isControl);
        control != line.end())
    {
        char hex[8];
        std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned char>(*control));
        problem("a control character (octet " + std::string(hex) + ") is not allowed here");
        return;
    }
    if (line.front() == '[')
        readSection(line);
    else
        readSetting(line);
}

void Reader::readSection(std::string_view line)
{
    _current = none;
    _isSectionUnreadable = true;
    const auto close = line.find(']');
    const auto name = trimmed(line.substr(1, std::min(close, line.size()) - 1));
    if (close == std::string_view::npos)
        problem("the section's closing ] is missing: " + std::string(line));
    else if (!isEmptyOrComment(trimmed(line.substr(close + 1))))
        problem("only a comment may follow the section's ]: " + std::string(line));
    else if (name.empty())
        problem("the section has no name: []");
    else
        openSection(name);
}

void Reader::openSection(std::string_view name)
{
    _isSectionUnreadable = false;
    auto& sections = _document.sections;
    const auto same = std::find_if(sections.begin(),
                                   sections.end(),
                                   [name](const IniSection& each) { return each.name == name; });
    if (same != sections.end())
        problem("section [" + std::string(name) + "] is there twice; the first is in line " +
                std::to_string(same->origin.line));
    _current = static_cast<std::size_t>(same - sections.begin());
    if (same == sections.end())
        sections.push_back({std::string(name), _origin, {}});
}

void Reader::readSetting(std::string_view line)
{
    const auto equals = line.find('=');
    const auto key = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos)
        problem("expected \"key = value\" or \"[section]\", not " + quoted(withoutComment(line)));
    else if (!isIniKey(key))
        problem("a key is made of letters, digits, \"_\" and \"-\", not " + quoted(key));
    else if (_current == none && !_isSectionUnreadable)
        problem("key " + quoted(key) + " stands above the first [section]");
    else if (auto read = value(trimmed(line.substr(equals + 1))); read && _current != none)
        addSetting(key, std::move(*read));
}

void Reader::addSetting(std::string_view key, std::string value)
{
    IniSection& section = _document.sections[_current];
    if (const Setting* first = section.find(key))
        problem("[" + section.name + "] has " + quoted(key) + " twice; the first is in line " +
                std::to_string(first->origin.line));
    else
        section.settings.push_back({std::string(key), std::move(value), _origin});
}

std::optional<std::string> Reader::value(std::string_view text)
{
    if (!text.empty() && text.front() == '"')
        return quotedValue(text);
    return std::string(withoutComment(text));
}

std::optional<std::string> Reader::quotedValue(std::string_view text)
{
    std::string result;
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i)
    {
        const bool isEscape =
            text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
        result += isEscape ? text[++i] : text[i];
    }
    if (i == text.size())
    {
        problem("the value's closing \" is missing: " + std::string(text));
        return std::nullopt;
    }
    if (!isEmptyOrComment(trimmed(text.substr(i + 1))))
    {
        problem("only a comment may follow a quoted value: " + std::string(text));
        return std::nullopt;
    }
    return result;
}

} // namespace

const Setting* IniSection::find(std::string_view key) const noexcept
{
    const auto found = std::find_if(
        settings.begin(), settings.end(), [key](const Setting& each) { return each.key == key; });
    return found == settings.end() ? nullptr : &*found;
}

IniDocument readIni(std::string_view text, const std::string& file)
{
    return Reader(text, file).read();
}

bool isIniKey(std::string_view text) noexcept
{
    const auto isKeyCharacter = [](char c)
    {
        return letters.find(c) != std::string_view::npos || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), isKeyCharacter);
}

} // namespace mpsmtp::app

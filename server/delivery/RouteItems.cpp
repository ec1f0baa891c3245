// What this is and its thread safety: RouteItems.h.
//
//   item      = [ "!" ] ( "file:" path / text )
//   list file = [ UTF-8-BOM ] *( line LF )           ; CRLF is understood too
//   line      = *WSP [ [ "!" ] text ] *WSP [ comment ]
//   comment   = "#" *any                             ; begins a line, or stands behind a blank
#include "delivery/RouteItems.h"

#include "delivery/ListFile.h"
#include "smtp/Ascii.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <variant>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::string_view filePrefix = "file:";
constexpr std::string_view byteOrderMark = "\xef\xbb\xbf";

bool startsWith(std::string_view text, std::string_view prefix) noexcept
{
    return text.substr(0, prefix.size()) == prefix;
}

bool takeNegation(std::string_view& text) noexcept
{
    if (!startsWith(text, "!"))
        return false;
    text = smtp::withoutLeadingBlanks(text.substr(1));
    return true;
}

/// A "#" inside of a word belongs to it: it may stand in a local-part.
std::string_view withoutComment(std::string_view line) noexcept
{
    for (auto hash = line.find('#'); hash != line.npos; hash = line.find('#', hash + 1))
        if (hash == 0 || smtp::isBlank(line[hash - 1]))
            return line.substr(0, hash);
    return line;
}

class Reader
{
public:
    Reader(const std::string& baseDirectory, RouteReport& report)
        : _baseDirectory(baseDirectory), _report(report)
    {
    }

    RouteItems read(const std::vector<std::string>& written, const Origin& origin)
    {
        for (const std::string& each : written)
            add(each, origin);
        return std::move(_result);
    }

private:
    void add(std::string_view text, const Origin& origin)
    {
        const bool isNegated = takeNegation(text);
        if (startsWith(text, filePrefix))
            addFile(std::string(smtp::trimmed(text.substr(filePrefix.size()))), origin, isNegated);
        else
            addItem(text, origin, isNegated);
    }

    void addItem(std::string_view text, const Origin& origin, bool isNegated)
    {
        if (text.empty())
            return _report.problem(origin, "has a \"!\" with nothing behind it");
        _result.items.push_back({std::string(text), origin, isNegated});
        _result.isOpen = _result.isOpen && isNegated;
    }

    void addFile(const std::string& path, const Origin& origin, bool isNegated);
    void addLine(std::string_view line, const Origin& origin, bool isFileNegated);

    const std::string& _baseDirectory;
    RouteReport& _report;
    RouteItems _result;
};

void Reader::addFile(const std::string& path, const Origin& origin, bool isNegated)
{
    if (path.empty())
        return _report.problem(origin, "needs a path behind file:");
    const auto full = (std::filesystem::path(_baseDirectory) / path).lexically_normal().string();
    const auto content = readListFile(full);
    if (const auto* error = std::get_if<ListFileError>(&content))
        return _report.problem(origin, "cannot read " + full + ": " + error->reason);
    std::string_view text = std::get<std::string>(content);
    if (startsWith(text, byteOrderMark))
        text.remove_prefix(byteOrderMark.size());
    const auto before = _result.items.size();
    // The path as written: an editor started in the same folder finds it.
    for (Origin line{path, 1}; !text.empty(); ++line.line)
    {
        const auto end = std::min(text.find('\n'), text.size());
        addLine(text.substr(0, end), line, isNegated);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (_result.items.size() != before)
        return;
    _result.isOpen = _result.isOpen && isNegated;
    _report.warning(origin, "file:" + path + " holds no item, so it matches nothing");
}

void Reader::addLine(std::string_view line, const Origin& origin, bool isFileNegated)
{
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    line = smtp::trimmed(withoutComment(line));
    if (line.empty())
        return;
    const std::string_view written = line;
    const bool isNegated = takeNegation(line);
    if (isNegated && isFileNegated)
        _report.item(origin, written, "is negated twice: there is a \"!\" in front of file: too");
    else if (startsWith(line, filePrefix))
        _report.item(origin, written, "stands in a file; only the configuration may name files");
    else
        addItem(line, origin, isNegated || isFileNegated);
}

} // namespace

RouteItems readRouteItems(const std::vector<std::string>& written,
                          const Origin& origin,
                          const std::string& baseDirectory,
                          RouteReport& report)
{
    return Reader(baseDirectory, report).read(written, origin);
}

} // namespace mpsmtp::delivery

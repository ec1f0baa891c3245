/// \file
/// The content of a message under test: its header fields, and edits with the server's rules
/// (mpsmtp_host.edit of abi.h). The server works on views of the spooled octets; this is the same in
/// plain strings. A test of the project feeds both the same edits. Thread safety: [connection].
#pragma once

#include <mpsmtp/abi.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpsmtp::testing::detail
{

/// One header field in three readings.
struct Field
{
    std::string raw;   ///< with its line end, if it has one
    std::string name;  ///< without blanks in front of the colon
    std::string value; ///< from behind the colon to before the last line end
};

[[nodiscard]] inline bool isBlank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

/// ftext = %d33-57 / %d59-126 (RFC 5322 3.6.8)
[[nodiscard]] inline bool isFieldText(char c) noexcept
{
    return c > ' ' && c < '\x7f' && c != ':';
}

/// Behind the field that begins `text`, with the lines that continue it.
[[nodiscard]] inline std::size_t fieldEnd(std::string_view text) noexcept
{
    for (std::size_t at = 0;;)
    {
        const auto newline = text.find('\n', at);
        if (newline == std::string_view::npos || newline + 1 == text.size())
            return text.size();
        at = newline + 1;
        if (!isBlank(text[at]))
            return at;
    }
}

/// The field that begins `text`, or nothing.
[[nodiscard]] inline std::optional<Field> firstField(std::string_view text)
{
    std::size_t name = 0;
    while (name < text.size() && isFieldText(text[name]))
        ++name;
    const auto colon = std::min(text.find_first_not_of(" \t", name), text.size());
    if (name == 0 || colon == text.size() || text[colon] != ':')
        return std::nullopt;
    const std::string_view raw = text.substr(0, fieldEnd(text));
    std::string_view value = raw;
    if (value.back() == '\n')
        value.remove_suffix(value.size() > 1 && value[value.size() - 2] == '\r' ? 2 : 1);
    value.remove_prefix(std::min(colon + 1, value.size()));
    return Field{std::string(raw), std::string(raw.substr(0, name)), std::string(value)};
}

/// `value` as the body of one field: each run of line ends and the blanks behind it becomes one
/// fold, and none is left at the end. So a value can neither begin another field nor end the header.
[[nodiscard]] inline std::string folded(std::string_view value)
{
    std::string result;
    while (!value.empty())
    {
        const auto text = std::min(value.find_first_of("\r\n"), value.size());
        result.append(value.substr(0, text));
        value.remove_prefix(text);
        const auto next = std::min(value.find_first_not_of("\r\n \t"), value.size());
        const std::string_view fold = value.substr(0, next);
        value.remove_prefix(next);
        if (value.empty())
            break;
        const std::string_view blanks = fold.substr(fold.find_last_of("\r\n") + 1);
        result.append(result.empty() ? "" : "\r\n").append(blanks.empty() ? " " : blanks);
    }
    return result;
}

/// The message: header fields, and the rest with the empty line in front.
class Content
{
public:
    explicit Content(std::string_view text)
    {
        constexpr std::size_t mostFields = 10'000; // as in the server
        while (!text.empty() && text[0] != '\n' && text.substr(0, 2) != "\r\n")
        {
            auto field = _fields.size() < mostFields ? firstField(text) : std::nullopt;
            _needsEmptyLine = !field && _fields.size() < mostFields;
            if (!field)
                break;
            text.remove_prefix(field->raw.size());
            _fields.push_back(std::move(*field));
        }
        _body = text;
    }

    [[nodiscard]] const std::vector<Field>& fields() const noexcept { return _fields; }

    /// All octets, as the next hook sees them.
    [[nodiscard]] std::string text() const
    {
        std::string all;
        for (const Field& field : _fields)
        {
            const bool isLast = &field == &_fields.back() && _body.empty();
            all.append(field.raw).append(field.raw.back() != '\n' && !isLast ? "\r\n" : "");
        }
        return all + _body;
    }

    /// mpsmtp_host.edit(): 0 or EINVAL. Shows in text() after apply().
    [[nodiscard]] int
    record(std::int32_t kind, std::size_t index, std::string_view name, std::string_view value)
    {
        if (kind == MPSMTP_EDIT_BODY)
        {
            _newBody.emplace(value);
            return 0;
        }
        const bool isNew = kind == MPSMTP_EDIT_PREPEND || kind == MPSMTP_EDIT_INSERT;
        const bool isOld = kind == MPSMTP_EDIT_CHANGE || kind == MPSMTP_EDIT_DELETE;
        const std::size_t end = _fields.size() + (isOld ? 0 : 1);
        if ((!isNew && !isOld) || (kind != MPSMTP_EDIT_PREPEND && index >= end) ||
            (isNew && !isFieldName(name)) || value.find('\0') != std::string_view::npos)
            return EINVAL;
        _edits.push_back({kind, index, made(isNew ? name : _fields[index].name, value)});
        return 0;
    }

    /// Forgets what was recorded: the hook that wished it has failed.
    void drop() noexcept
    {
        _edits.clear();
        _newBody.reset();
    }

    /// Makes what was recorded.
    void apply()
    {
        if (_edits.empty() && !_newBody)
            return;
        _fields = edited();
        _edits.clear();
        if (_newBody)
            _body = "\r\n" + *std::exchange(_newBody, std::nullopt);
        else if (_needsEmptyLine) // or a reader would take the body's first line for a field
            _body.insert(0, "\r\n");
        _needsEmptyLine = false;
    }

private:
    struct Edit
    {
        std::int32_t kind;
        std::size_t index;
        Field field;
    };

    [[nodiscard]] static bool isFieldName(std::string_view text) noexcept
    {
        return !text.empty() && std::all_of(text.begin(), text.end(), isFieldText);
    }

    [[nodiscard]] static Field made(std::string_view name, std::string_view value)
    {
        const std::string body = folded(value);
        const bool hasBlank = !body.empty() && isBlank(body[0]);
        return *firstField(std::string(name) + (hasBlank ? ":" : ": ") + body + "\r\n");
    }

    /// Indices are those of the fields before any edit; of two changes of a field the last counts;
    /// of two new fields at the top the last stands on top.
    [[nodiscard]] std::vector<Field> edited() const
    {
        std::vector<Field> result;
        for (auto edit = _edits.rbegin(); edit != _edits.rend(); ++edit)
            if (edit->kind == MPSMTP_EDIT_PREPEND)
                result.push_back(edit->field);
        for (std::size_t i = 0; i <= _fields.size(); ++i)
        {
            for (const Edit& edit : _edits)
                if (edit.kind == MPSMTP_EDIT_INSERT && edit.index == i)
                    result.push_back(edit.field);
            if (i < _fields.size() && !find(MPSMTP_EDIT_DELETE, i))
                result.push_back(find(MPSMTP_EDIT_CHANGE, i) ? find(MPSMTP_EDIT_CHANGE, i)->field
                                                             : _fields[i]);
        }
        return result;
    }

    [[nodiscard]] const Edit* find(std::int32_t kind, std::size_t index) const noexcept
    {
        const Edit* last = nullptr;
        for (const Edit& edit : _edits)
            if (edit.kind == kind && edit.index == index)
                last = &edit;
        return last;
    }

    std::vector<Field> _fields;
    std::string _body;
    bool _needsEmptyLine = false; ///< the body began with a line that is no field
    std::vector<Edit> _edits;
    std::optional<std::string> _newBody;
};

} // namespace mpsmtp::testing::detail

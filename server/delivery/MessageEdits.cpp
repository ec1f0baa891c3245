// What this is and its thread safety: MessageEdits.h.
#include "delivery/MessageEdits.h"

#include <mpsmtp/abi.h>

#include <cerrno>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::string_view emptyLine = "\r\n";

std::string fieldText(std::string_view name, std::string_view value)
{
    std::string text(name);
    const std::string folded = foldedValue(value);
    const bool hasBlank = !folded.empty() && (folded[0] == ' ' || folded[0] == '\t');
    text.append(hasBlank ? ":" : ": ").append(folded).append("\r\n");
    return text;
}

HeaderField keep(std::string text, std::list<std::string>& texts)
{
    texts.push_back(std::move(text));
    return firstField(texts.back());
}

} // namespace

std::string foldedValue(std::string_view value)
{
    std::string folded;
    folded.reserve(value.size());
    for (std::size_t i = 0; i < value.size();)
    {
        if (value[i] != '\r' && value[i] != '\n')
        {
            folded.push_back(value[i++]);
            continue;
        }
        // A fold of blanks alone would look like the end of the header to some readers, so the whole run of line ends and
        // blanks is one fold.
        const auto end = std::min(value.find_first_not_of("\r\n \t", i), value.size());
        const auto lastBreak = value.find_last_of("\r\n", end - 1);
        const auto blanks = value.substr(lastBreak + 1, end - lastBreak - 1);
        if (end < value.size())
            folded.append(folded.empty() ? "" : "\r\n").append(blanks.empty() ? " " : blanks);
        i = end;
    }
    return folded;
}

int MessageEdits::record(std::int32_t kind,
                         std::size_t index,
                         std::string_view name,
                         std::string_view value,
                         const std::vector<HeaderField>& fields)
{
    const bool hasName = kind == MPSMTP_EDIT_PREPEND || kind == MPSMTP_EDIT_INSERT;
    const bool isOfField = kind == MPSMTP_EDIT_CHANGE || kind == MPSMTP_EDIT_DELETE;
    if (kind == MPSMTP_EDIT_BODY)
    {
        _body.emplace(value);
        return 0;
    }
    if ((!hasName && !isOfField) || (hasName && !isFieldName(name)) ||
        value.find('\0') != std::string_view::npos)
        return EINVAL;
    if ((isOfField && index >= fields.size()) ||
        (kind == MPSMTP_EDIT_INSERT && index > fields.size()))
        return EINVAL;
    recordField(kind, index, isOfField ? fields[index].name : name, value);
    return 0;
}

void MessageEdits::recordField(std::int32_t kind,
                               std::size_t index,
                               std::string_view name,
                               std::string_view value)
{
    _edits.push_back(
        {kind, index, kind == MPSMTP_EDIT_DELETE ? std::string() : fieldText(name, value)});
}

void MessageEdits::clear() noexcept
{
    _edits.clear();
    _body.reset();
}

void MessageEdits::apply(MessageParts& parts, std::list<std::string>& texts) const
{
    parts.fields = editedFields(parts.fields, texts);
    if (_body)
    {
        texts.push_back(*_body);
        parts.body = {emptyLine, texts.back()};
        parts.end = HeaderEnd::EmptyLine;
    }
    else if (parts.end == HeaderEnd::NotAField)
    {
        // The body began without an empty line. It needs one now, or a reader would take its first line for a part of the
        // new header.
        parts.body.insert(parts.body.begin(), emptyLine);
        parts.end = HeaderEnd::EmptyLine;
    }
}

std::vector<HeaderField> MessageEdits::editedFields(const std::vector<HeaderField>& fields,
                                                    std::list<std::string>& texts) const
{
    struct Slot
    {
        std::vector<const Edit*> inserted;
        const Edit* changed = nullptr;
        bool isDeleted = false;
    };

    std::vector<HeaderField> edited;
    std::vector<Slot> slots(fields.size() + 1);
    for (const Edit& edit : _edits)
    {
        Slot& slot = slots[edit.kind == MPSMTP_EDIT_PREPEND ? 0 : edit.index];
        if (edit.kind == MPSMTP_EDIT_INSERT)
            slot.inserted.push_back(&edit);
        else if (edit.kind == MPSMTP_EDIT_CHANGE)
            slot.changed = &edit;
        else if (edit.kind == MPSMTP_EDIT_DELETE)
            slot.isDeleted = true;
    }
    for (auto edit = _edits.rbegin(); edit != _edits.rend(); ++edit) // the last one stands on top
        if (edit->kind == MPSMTP_EDIT_PREPEND)
            edited.push_back(keep(edit->field, texts));
    for (std::size_t i = 0; i < slots.size(); ++i)
    {
        for (const Edit* insert : slots[i].inserted)
            edited.push_back(keep(insert->field, texts));
        if (i == fields.size() || slots[i].isDeleted)
            continue;
        edited.push_back(slots[i].changed ? keep(slots[i].changed->field, texts) : fields[i]);
    }
    return edited;
}

} // namespace mpsmtp::delivery

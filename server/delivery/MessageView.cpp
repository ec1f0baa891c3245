// What this is and its thread safety: MessageView.h.
#include "delivery/MessageView.h"

#include <mpsmtp/Reply.h>

#include <cerrno>

namespace mpsmtp::delivery
{

using mpsmtp::detail::toAbi;

MessageView::MessageView(const SpooledMessage& message, FileCalls& calls, const SpoolLimits& limits)
    : _message(message), _calls(calls), _limits(limits)
{
}

void MessageView::reset(std::string_view trace)
{
    clear();
    _abi.size = sizeof _abi;
    _abi.trace = toAbi(trace);
    _abi.data = this;
    show();
}

void MessageView::clear() noexcept
{
    _abi = {};
    _isParted = false;
    _isEdited = false;
    _headers.clear();
    _parts.fields.clear();
    _parts.body.clear();
    _headerTable.clear();
    _headerPointers.clear();
    _mayEdit = false;
    _edits.clear();
    _texts.clear();
    _editedSegments.clear();
}

std::size_t MessageView::headers(const mpsmtp_header* const** out)
{
    if (_headerTable.empty())
    {
        for (const HeaderField& field : fields())
            _headerTable.push_back(
                {sizeof(mpsmtp_header), 0, toAbi(field.name), toAbi(field.value)});
        for (const mpsmtp_header& header : _headerTable)
            _headerPointers.push_back(&header);
    }
    *out = _headerPointers.data();
    return _headerPointers.size();
}

int MessageView::open() const
{
    return _isEdited ? openCopy(_calls, _limits, _editedSegments) : _message.open();
}

int MessageView::edit(std::int32_t kind,
                      std::size_t index,
                      std::string_view name,
                      std::string_view value)
{
    if (!_mayEdit)
        return EPERM;
    return _edits.record(kind, index, name, value, fields());
}

void MessageView::dropEdits() noexcept
{
    _mayEdit = false;
    _edits.clear();
}

void MessageView::applyEdits()
{
    _mayEdit = false;
    if (_edits.isEmpty())
        return;
    part();
    _edits.apply(_parts, _texts);
    _edits.clear();
    _isEdited = true;
    _headerTable.clear();
    _headerPointers.clear();
    buildSegments();
    show();
}

const std::vector<HeaderField>& MessageView::fields()
{
    part();
    return _parts.fields;
}

const std::vector<mpsmtp_string>& MessageView::segments() const noexcept
{
    return _isEdited ? _editedSegments : _message.segments();
}

/// Finds the header section, once a message: after an edit the parts are known without looking again.
void MessageView::part()
{
    if (_isParted)
        return;
    _headers.parse(_message.segments());
    _parts.fields = _headers.fields();
    _parts.end = _headers.end();
    _parts.body.clear();
    std::size_t skipped = _headers.octets();
    for (const mpsmtp_string& segment : _message.segments())
    {
        const std::size_t inHeader = std::min(skipped, segment.size);
        skipped -= inHeader;
        if (inHeader < segment.size)
            _parts.body.emplace_back(segment.data + inHeader, segment.size - inHeader);
    }
    _isParted = true;
}

void MessageView::buildSegments()
{
    _editedSegments.clear();
    for (const HeaderField& field : _parts.fields)
    {
        addSegment(field.raw);
        const bool isLast = &field == &_parts.fields.back() && _parts.body.empty();
        if (field.raw.back() != '\n' && !isLast)
            addSegment("\r\n"); // the client's last octet was in this field
    }
    for (const std::string_view text : _parts.body)
        addSegment(text);
}

/// Fields that stayed as they were lie side by side: one segment for all of them.
void MessageView::addSegment(std::string_view text)
{
    if (!_editedSegments.empty() &&
        _editedSegments.back().data + _editedSegments.back().size == text.data())
        _editedSegments.back().size += text.size();
    else if (!text.empty())
        _editedSegments.push_back(toAbi(text));
}

void MessageView::show() noexcept
{
    const auto& content = segments();
    _abi.segments = content.data();
    _abi.segment_count = static_cast<std::uint32_t>(content.size());
    _abi.content_size = 0;
    for (const mpsmtp_string& segment : content)
        _abi.content_size += segment.size;
}

} // namespace mpsmtp::delivery

// The edits that one filter asked for, and the content that they make. The client's octets are never touched: the edited
// content is a list of views, into them and into the few texts that are new.
// Leaves to others: when edits are allowed, and who sees them (MessageView).
// Thread safety: [connection].
#pragma once

#include "delivery/MessageHeaders.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::delivery
{

/// A message in two parts, all of it views.
struct MessageParts
{
    std::vector<HeaderField> fields;
    HeaderEnd end = HeaderEnd::EndOfData;
    std::vector<std::string_view> body; ///< with the empty line in front of it, if there is one
};

/// `value` as the body of one header field: each line end in it, CRLF or bare, becomes a fold, and none is left at the end.
/// So text from a client can neither begin another field nor end the header section.
[[nodiscard]] std::string foldedValue(std::string_view value);

class MessageEdits
{
public:
    /// \param kind   MPSMTP_EDIT_…
    /// \param fields the message as the filter sees it; `index` is into it
    /// \return 0, or EINVAL for a name that is no field name (RFC 5322 3.6.8), an index that is not there, a NUL in a value,
    ///         or an unknown kind
    [[nodiscard]] int record(std::int32_t kind,
                             std::size_t index,
                             std::string_view name,
                             std::string_view value,
                             const std::vector<HeaderField>& fields);

    [[nodiscard]] bool isEmpty() const noexcept { return _edits.empty() && !_body; }

    /// Makes the edits in `parts`.
    /// \param texts owns what is new; it must outlive the views in `parts`
    void apply(MessageParts& parts, std::list<std::string>& texts) const;

    void clear() noexcept;

private:
    struct Edit
    {
        std::int32_t kind;
        std::size_t index;
        std::string field; ///< the whole new field with its CRLF
    };

    void recordField(std::int32_t kind,
                     std::size_t index,
                     std::string_view name,
                     std::string_view value);
    [[nodiscard]] std::vector<HeaderField> editedFields(const std::vector<HeaderField>& fields,
                                                        std::list<std::string>& texts) const;

    std::vector<Edit> _edits;
    std::optional<std::string> _body;
};

} // namespace mpsmtp::delivery

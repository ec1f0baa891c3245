// The message as handlers see it: mpsmtp_message over the spooled mail data, with the edits of the filters that ran.
// Nothing is copied per handler; what filters add is kept beside the client's octets.
// Thread safety: [connection].
#pragma once

#include "delivery/MessageEdits.h"
#include "delivery/MessageHeaders.h"
#include "delivery/SpooledMessage.h"

#include <mpsmtp/abi.h>

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

/// The opaque type of abi.h.
struct mpsmtp_message_data
{
};

namespace mpsmtp::delivery
{

/// Use: reset(); for each filter allowEdits(), its hook, applyEdits(); then the deliveries; clear().
class MessageView : public mpsmtp_message_data
{
public:
    /// All must outlive the object.
    MessageView(const SpooledMessage& message, FileCalls& calls, const SpoolLimits& limits);

    MessageView(const MessageView&) = delete;
    MessageView& operator=(const MessageView&) = delete;

    /// The object behind the pointer that a plugin hands back.
    [[nodiscard]] static MessageView& of(mpsmtp_message_data* data) noexcept
    {
        return static_cast<MessageView&>(*data);
    }

    /// Shows the complete message. \param trace the Received field; must stay until clear()
    void reset(std::string_view trace);

    /// Forgets the message and all that was made for it.
    void clear() noexcept;

    /// For the hooks. Its address is the same for every call; its content changes in reset() and applyEdits().
    [[nodiscard]] const mpsmtp_message& abi() const noexcept { return _abi; }

    /// mpsmtp_host.headers(): parses at the first call. \throws std::bad_alloc
    [[nodiscard]] std::size_t headers(const mpsmtp_header* const** fields);

    /// A read-only descriptor of the content; the caller closes it. \return the descriptor, or -errno
    [[nodiscard]] int open() const;

    /// mpsmtp_host.edit(). \return 0, EINVAL, or EPERM outside of onMessage. \throws std::bad_alloc
    [[nodiscard]] int
    edit(std::int32_t kind, std::size_t index, std::string_view name, std::string_view value);

    /// From now on edit() records.
    void allowEdits() noexcept { _mayEdit = true; }

    /// Makes the recorded edits, which the hooks that follow see; edit() refuses again.
    void applyEdits();

    /// The hook has failed: what it recorded until then is half a wish.
    void dropEdits() noexcept;

private:
    [[nodiscard]] const std::vector<HeaderField>& fields();
    [[nodiscard]] const std::vector<mpsmtp_string>& segments() const noexcept;
    void part();
    void addSegment(std::string_view text);
    void buildSegments();
    void show() noexcept;

    const SpooledMessage& _message;
    FileCalls& _calls;
    const SpoolLimits& _limits;
    mpsmtp_message _abi{};

    bool _isParted = false; ///< _parts and _headers are up to date with the message
    bool _isEdited = false;
    MessageHeaders _headers; ///< owns what a field across a border of segments points to
    MessageParts _parts;
    std::vector<mpsmtp_header> _headerTable;
    std::vector<const mpsmtp_header*> _headerPointers;

    bool _mayEdit = false;
    MessageEdits _edits;
    std::list<std::string> _texts; ///< what filters added; never moves
    std::vector<mpsmtp_string> _editedSegments;
};

} // namespace mpsmtp::delivery

// Where a hook of a handler puts its answer: behind mpsmtp_host.reply() and fault(). Only collects; what the answer means
// is HookAnswer's to judge. Thread safety: [connection].
#pragma once

#include "smtp/Envelope.h"
#include "smtp/Reply.h"

#include <mpsmtp/abi.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The opaque type of abi.h.
struct mpsmtp_reply_target
{
};

namespace mpsmtp::delivery
{

class ReplyTarget : public mpsmtp_reply_target
{
public:
    struct Answer
    {
        std::uint32_t index; ///< a recipient's, or MPSMTP_ALL_RECIPIENTS
        smtp::Reply reply;   ///< not checked; code 0 means "the default of the situation"
    };

    /// What a hook may do besides answering.
    enum class Power
    {
        Answer,
        Redirect ///< onRcpt
    };

    explicit ReplyTarget(Power power = Power::Answer) noexcept : _power(power) {}

    /// The object behind the pointer that a plugin hands back.
    [[nodiscard]] static ReplyTarget& of(mpsmtp_reply_target* target) noexcept
    {
        return static_cast<ReplyTarget&>(*target);
    }

    /// Copies a reply of the plugin. \throws std::bad_alloc
    void reply(std::uint32_t index, const mpsmtp_reply& reply);

    /// The hook threw: its answers so far do not count, those that follow do. \throws std::bad_alloc
    void fault(std::string_view text);

    /// An answer could not be kept, so none may be taken for granted.
    void outOfMemory() noexcept;

    /// Delivers to `address` in place of the recipient that is being judged.
    /// \return 0, or EINVAL: not the moment, or not an address \throws std::bad_alloc
    [[nodiscard]] int redirect(std::string_view address);

    [[nodiscard]] std::vector<smtp::Path>& redirects() noexcept { return _redirects; }

    [[nodiscard]] bool isFaulted() const noexcept { return _isFaulted; }

    [[nodiscard]] const std::string& faultText() const noexcept { return _faultText; }

    [[nodiscard]] const std::vector<Answer>& answers() const noexcept { return _answers; }

private:
    Power _power;
    bool _isFaulted = false;
    std::string _faultText;
    std::vector<Answer> _answers;
    std::vector<smtp::Path> _redirects;
};

} // namespace mpsmtp::delivery

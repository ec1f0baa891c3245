// What this is and its thread safety: LoadedHandler.h.
#include "delivery/LoadedHandler.h"

#include "delivery/HostTable.h"
#include "delivery/ReplyTarget.h"
#include "smtp/Printable.h"

#include <mpsmtp/Reply.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace mpsmtp::delivery
{

namespace
{

/// What a plugin of interface 1.0 fills in; tables only grow at their end.
constexpr std::size_t handlerSizeOf10 =
    offsetof(mpsmtp_handler, on_disconnect) + sizeof(mpsmtp_handler::on_disconnect);

/// A bit without its function would be a jump to address 0 at the first mail.
bool hasItsFunctions(const mpsmtp_handler& handler) noexcept
{
    const auto fits = [&](std::uint32_t hook, bool isThere)
    { return (handler.hooks & hook) == 0 || isThere; };
    return handler.destroy && fits(MPSMTP_HOOK_MESSAGE, handler.on_message) &&
           fits(MPSMTP_HOOK_STAGE,
                handler.stage && handler.persist && handler.commit && handler.abort &&
                    handler.release) &&
           fits(MPSMTP_HOOK_DELIVER, handler.deliver) &&
           fits(MPSMTP_HOOK_ACCEPTED, handler.on_accepted) &&
           fits(MPSMTP_HOOK_CONNECT, handler.on_connect) &&
           fits(MPSMTP_HOOK_HELO, handler.on_helo) && fits(MPSMTP_HOOK_AUTH, handler.on_auth) &&
           fits(MPSMTP_HOOK_MAIL, handler.on_mail) && fits(MPSMTP_HOOK_RCPT, handler.on_rcpt) &&
           fits(MPSMTP_HOOK_DATA, handler.on_data) && fits(MPSMTP_HOOK_RESET, handler.on_reset) &&
           fits(MPSMTP_HOOK_DISCONNECT, handler.on_disconnect);
}

/// Why a hook that does not deliver failed.
std::string reasonOf(const ReplyTarget& target)
{
    if (target.isFaulted() && !target.faultText().empty())
        return smtp::printable(target.faultText());
    if (!target.answers().empty())
        return smtp::printable(target.answers().front().reply.text);
    return "it gave no reason";
}

bool hasFailed(const ReplyTarget& target) noexcept
{
    return target.isFaulted() || !target.answers().empty();
}

} // namespace

LoadedHandler::LoadedHandler(const HandlerConfig& section,
                             OptionValues options,
                             StorageSync& sync,
                             Clock& clock,
                             metrics::Handler& counts)
    : _name(section.name),
      _origin(section.origin),
      _isRequired(section.required),
      _onError(section.onError),
      _slotTimeout(section.slotTimeout),
      _slots(section.concurrency),
      _options(std::move(options)),
      _sync(sync),
      _clock(clock),
      _counts(counts),
      _logger(Poco::Logger::get("handler." + section.name))
{
}

LoadedHandler::~LoadedHandler()
{
    if (_functions.destroy)
        _functions.destroy(self());
}

std::string LoadedHandler::make(const mpsmtp_plugin& plugin)
{
    ReplyTarget target;
    const mpsmtp_handler* made =
        plugin.create(&hostTable(), this, mpsmtp::detail::toAbi(_name), &target);
    if (!made)
        return "cannot be made: " + reasonOf(target);
    // A plugin of an older minor version has a shorter table: what it does not know is NULL.
    if (made->size >= handlerSizeOf10)
        std::memcpy(&_functions, made, std::min<std::size_t>(made->size, sizeof _functions));
    if (made->size < handlerSizeOf10 || !hasItsFunctions(_functions))
        return "the plugin made a malformed handler; build it again with the SDK";
    return {};
}

std::string LoadedHandler::start()
{
    describeCounts();
    ReplyTarget target;
    if (_functions.start)
        _functions.start(self(), &target);
    return hasFailed(target) ? "cannot start: " + reasonOf(target) : std::string();
}

/// For the handler that serves from now on. A filter's hooks are those of abi.h; each kind of delivery is one.
void LoadedHandler::describeCounts() const noexcept
{
    static constexpr std::array<std::uint32_t, metrics::hookNames.size()> hooks{
        MPSMTP_HOOK_CONNECT,
        MPSMTP_HOOK_HELO,
        MPSMTP_HOOK_AUTH,
        MPSMTP_HOOK_MAIL,
        MPSMTP_HOOK_RCPT,
        MPSMTP_HOOK_DATA,
        MPSMTP_HOOK_MESSAGE,
        MPSMTP_HOOK_STAGE | MPSMTP_HOOK_DELIVER};
    for (std::size_t i = 0; i < hooks.size(); ++i)
        if (has(hooks[i]))
            _counts.hooks.fetch_or(1u << i, std::memory_order_relaxed);
    _counts.concurrency.store(_slots.most(), std::memory_order_relaxed);
}

void LoadedHandler::stop()
{
    ReplyTarget target;
    if (_functions.stop)
        _functions.stop(self(), &target);
    if (hasFailed(target))
        _logger.error("stop failed: " + reasonOf(target));
}

} // namespace mpsmtp::delivery

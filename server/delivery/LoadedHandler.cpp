// What this is and its thread safety: LoadedHandler.h.
#include "delivery/LoadedHandler.h"

#include "delivery/HostTable.h"
#include "delivery/ReplyTarget.h"
#include "smtp/Printable.h"

#include <mpsmtp/Reply.h>

#include <utility>

namespace mpsmtp::delivery
{

namespace
{

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
           fits(MPSMTP_HOOK_ACCEPTED, handler.on_accepted);
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
                             Clock& clock)
    : _name(section.name),
      _origin(section.origin),
      _isRequired(section.required),
      _options(std::move(options)),
      _sync(sync),
      _clock(clock),
      _logger(Poco::Logger::get("handler." + section.name))
{
}

LoadedHandler::~LoadedHandler()
{
    if (_handler && _handler->destroy)
        _handler->destroy(self());
}

std::string LoadedHandler::make(const mpsmtp_plugin& plugin)
{
    ReplyTarget target;
    _handler = plugin.create(&hostTable(), this, mpsmtp::detail::toAbi(_name), &target);
    if (!_handler)
        return "cannot be made: " + reasonOf(target);
    if (_handler->size < sizeof(mpsmtp_handler) || !hasItsFunctions(*_handler))
        return "the plugin made a malformed handler; build it again with the SDK";
    return {};
}

std::string LoadedHandler::start()
{
    ReplyTarget target;
    if (_handler->start)
        _handler->start(self(), &target);
    return hasFailed(target) ? "cannot start: " + reasonOf(target) : std::string();
}

void LoadedHandler::stop()
{
    ReplyTarget target;
    if (_handler->stop)
        _handler->stop(self(), &target);
    if (hasFailed(target))
        _logger.error("stop failed: " + reasonOf(target));
}

} // namespace mpsmtp::delivery

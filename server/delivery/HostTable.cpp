// What this is and its thread safety: HostTable.h.
#include "delivery/HostTable.h"

#include "delivery/LoadedHandler.h"
#include "delivery/LocalScope.h"
#include "delivery/MessageView.h"
#include "delivery/ReplyTarget.h"
#include "smtp/Printable.h"

#include <mpsmtp/Reply.h>

#include <Poco/Message.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>

namespace mpsmtp::delivery
{

namespace
{

using mpsmtp::detail::fromAbi;

std::int32_t option(mpsmtp_host_data* data, mpsmtp_string key, mpsmtp_string* value) noexcept
{
    const std::string* found = LoadedHandler::of(data).options().find(fromAbi(key));
    if (found)
        *value = mpsmtp::detail::toAbi(*found);
    return found ? 1 : 0;
}

/// The levels of abi.h are Poco's.
Poco::Message::Priority priority(std::int32_t level) noexcept
{
    static_assert(int(MPSMTP_LOG_ERROR) == int(Poco::Message::PRIO_ERROR));
    static_assert(int(MPSMTP_LOG_DEBUG) == int(Poco::Message::PRIO_DEBUG));
    return static_cast<Poco::Message::Priority>(
        std::clamp<std::int32_t>(level, MPSMTP_LOG_ERROR, MPSMTP_LOG_DEBUG));
}

void log(mpsmtp_host_data* data, std::int32_t level, mpsmtp_string text) noexcept
{
    try
    {
        Poco::Logger& logger = LoadedHandler::of(data).logger();
        if (logger.is(priority(level)))
            logger.log(
                Poco::Message(logger.name(), smtp::printable(fromAbi(text)), priority(level)));
    }
    catch (...) // a log that cannot be written is no reason to fail a mail
    {
    }
}

std::int32_t sync(mpsmtp_host_data* data, std::int32_t fd, std::int32_t what) noexcept
{
    try
    {
        return LoadedHandler::of(data).sync().sync(fd, what);
    }
    catch (...) // no memory for a place in the queue
    {
        return ENOMEM;
    }
}

void reply(mpsmtp_reply_target* target, std::uint32_t index, const mpsmtp_reply* answer) noexcept
{
    try
    {
        ReplyTarget::of(target).reply(index, *answer);
    }
    catch (...)
    {
        ReplyTarget::of(target).outOfMemory();
    }
}

void fault(mpsmtp_reply_target* target, mpsmtp_string text) noexcept
{
    try
    {
        ReplyTarget::of(target).fault(fromAbi(text));
    }
    catch (...)
    {
        ReplyTarget::of(target).outOfMemory();
    }
}

std::size_t headers(mpsmtp_message_data* data, const mpsmtp_header* const** fields) noexcept
{
    try
    {
        return MessageView::of(data).headers(fields);
    }
    catch (...) // the interface has no way to say more
    {
        return 0;
    }
}

std::int32_t open(mpsmtp_message_data* data) noexcept
{
    try
    {
        const int fd = MessageView::of(data).open();
        return fd < 0 ? fd - 1 : fd; // -errno becomes -1 - errno
    }
    catch (...)
    {
        return -1 - ENOMEM;
    }
}

std::int32_t edit(mpsmtp_message_data* data,
                  std::int32_t kind,
                  std::size_t index,
                  mpsmtp_string name,
                  mpsmtp_string value) noexcept
{
    try
    {
        return MessageView::of(data).edit(kind, index, fromAbi(name), fromAbi(value));
    }
    catch (...)
    {
        return ENOMEM;
    }
}

void* local(mpsmtp_scope* scope, const void* owner, const void* kind) noexcept
{
    return LocalScope::of(scope).find(owner, kind);
}

std::int32_t setLocal(mpsmtp_scope* scope,
                      const void* owner,
                      const void* kind,
                      void* value,
                      void (*destroy)(void*)) noexcept
{
    try
    {
        LocalScope::of(scope).set(owner, kind, value, destroy);
        return 0;
    }
    catch (...)
    {
        return ENOMEM;
    }
}

std::int32_t redirect(mpsmtp_reply_target* target, mpsmtp_string address) noexcept
{
    try
    {
        return ReplyTarget::of(target).redirect(fromAbi(address));
    }
    catch (...)
    {
        return ENOMEM;
    }
}

void throttle(mpsmtp_scope* session, std::uint64_t octetsPerSecond) noexcept
{
    LocalScope::of(session).octetsPerSecond = octetsPerSecond;
}

std::int64_t clock(mpsmtp_host_data* data, std::int32_t which) noexcept
{
    const auto nanoseconds = [](auto time)
    {
        return std::int64_t{
            std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()};
    };
    Clock& source = LoadedHandler::of(data).clock();
    return which == MPSMTP_CLOCK_MONOTONIC ? nanoseconds(source.steady())
                                           : nanoseconds(source.now());
}

std::int32_t durability(mpsmtp_host_data* data) noexcept
{
    return LoadedHandler::of(data).sync().durability();
}

} // namespace

const mpsmtp_host& hostTable() noexcept
{
    static const mpsmtp_host table{sizeof(mpsmtp_host),
                                   MPSMTP_ABI_MINOR,
                                   &option,
                                   &log,
                                   &sync,
                                   &reply,
                                   &fault,
                                   &headers,
                                   &open,
                                   &edit,
                                   &local,
                                   &setLocal,
                                   &redirect,
                                   &throttle,
                                   &clock,
                                   &durability};
    return table;
}

} // namespace mpsmtp::delivery

#include "discard/DiscardHandler.h"

#include <memory>
#include <string>

namespace mpsmtp::discard
{

class DiscardHandler::Nothing : public Staged
{
public:
    Nothing(DiscardHandler& handler, std::uint64_t octets) noexcept
        : _handler(handler), _octets(octets)
    {
    }

    void commit() override
    {
        ++_handler._messages;
        _handler._octets += _octets;
    }

    void abort() noexcept override {}

private:
    DiscardHandler& _handler;
    const std::uint64_t _octets;
};

void DiscardHandler::stop()
{
    _log.information("discarded " + std::to_string(_messages) + " messages, " +
                     std::to_string(_octets) + " octets");
}

Stage DiscardHandler::stage(Envelope& /*envelope*/,
                            const Recipients& /*recipients*/,
                            Message& message)
{
    return std::make_unique<Nothing>(*this, message.size());
}

} // namespace mpsmtp::discard

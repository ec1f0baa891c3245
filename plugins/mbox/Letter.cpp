#include "mbox/Letter.h"

#include "mbox/Mboxrd.h"

namespace mpsmtp::mbox
{

namespace
{

class CountingSink final : public store::OctetSink
{
public:
    void write(std::string_view octets) override { _octets += octets.size(); }

    [[nodiscard]] std::uint64_t octets() const noexcept { return _octets; }

private:
    std::uint64_t _octets = 0;
};

} // namespace

Letter::Letter(const store::StoreOptions& options,
               const Envelope& envelope,
               const Recipient& recipient,
               const Message& message)
    : _options(&options),
      _envelope(&envelope),
      _recipient(recipient),
      _message(&message),
      _fromLine(mbox::fromLine(envelope.reversePath(), envelope.receivedAt()))
{
    CountingSink count;
    writeTo(count);
    _octets = count.octets();
}

void Letter::writeTo(store::OctetSink& sink) const
{
    sink.write(_fromLine);
    MboxrdQuoter quoter(_options->lineEnding, sink);
    store::MessageWriter(*_options).write(*_envelope, &_recipient, *_message, quoter);
    quoter.finish();
}

} // namespace mpsmtp::mbox

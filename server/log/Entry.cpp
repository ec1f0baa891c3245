// What this is and its thread safety: Entry.h.
#include "log/Entry.h"

namespace mpsmtp::log
{

void write(Poco::Logger& logger,
           Poco::Message::Priority priority,
           const std::string& text,
           const FieldSource& fields)
{
    if (!logger.is(priority))
        return;
    const Poco::Message message(logger.name(), text, priority);
    Poco::Channel::Ptr channel = logger.getChannel();
    if (auto* entries = dynamic_cast<EntryChannel*>(channel.get()))
        entries->write(message, &fields);
    else if (!channel.isNull()) // a test's own
        channel->log(message);
}

void tellAll(const Poco::Message& message, const FieldSource* fields, FieldSink& sink)
{
    constexpr std::string_view handlers = "handler.";
    const std::string_view source = message.getSource();
    sink.text(Field::Source, source);
    if (source.substr(0, handlers.size()) == handlers)
        sink.text(Field::Handler, source.substr(handlers.size()));
    if (fields != nullptr)
        fields->tell(sink);
}

} // namespace mpsmtp::log

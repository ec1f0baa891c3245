// A log line with fields beside its sentence. POCO's Message has room for neither numbers nor lists, and its loggers hand on
// nothing else; so fields go past it, to the channel itself, which asks for them only if its format shows them: a text log
// pays nothing.
// Leaves to others: what a field is called (Field); where entries go (app/Logging).
// Thread safety: FieldSink, FieldSource and Fields: one thread; EntryChannel and write() [any].
#pragma once

#include "log/Field.h"

#include <Poco/Channel.h>
#include <Poco/Logger.h>
#include <Poco/Message.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::log
{

/// Takes fields, in any order, but the items of a list one after another. Values are as they came: whoever writes them
/// escapes them.
class FieldSink
{
public:
    FieldSink() = default;
    FieldSink(const FieldSink&) = delete;
    FieldSink& operator=(const FieldSink&) = delete;
    virtual ~FieldSink() = default;

    virtual void text(Field field, std::string_view value) = 0;
    virtual void number(Field field, std::uint64_t value) = 0;
};

/// Tells the fields of one entry when it is asked; as often as it is asked.
class FieldSource
{
public:
    FieldSource() = default;
    FieldSource(const FieldSource&) = delete;
    FieldSource& operator=(const FieldSource&) = delete;
    virtual ~FieldSource() = default;

    virtual void tell(FieldSink& sink) const = 0;
};

/// A field with its value, borrowed.
class FieldValue
{
public:
    FieldValue(Field field, std::string_view text) noexcept : _field(field), _text(text) {}

    FieldValue(Field field, std::uint64_t number) noexcept
        : _field(field), _number(number), _isNumber(true)
    {
    }

    void tell(FieldSink& sink) const
    {
        if (_isNumber)
            sink.number(_field, _number);
        else if (!_text.empty())
            sink.text(_field, _text);
    }

private:
    Field _field;
    std::string_view _text;
    std::uint64_t _number = 0;
    bool _isNumber = false;
};

/// Fields on the spot; the values are borrowed. Empty texts are left out.
class Fields final : public FieldSource
{
public:
    Fields(std::initializer_list<FieldValue> values) : _values(values) {}

    void tell(FieldSink& sink) const override
    {
        for (const FieldValue& value : _values)
            value.tell(sink);
    }

private:
    const std::vector<FieldValue> _values;
};

/// A channel that understands fields.
class EntryChannel : public Poco::Channel
{
public:
    void log(const Poco::Message& message) override { write(message, nullptr); }

    /// \param fields nullptr: none; borrowed for the call
    virtual void write(const Poco::Message& message, const FieldSource* fields) = 0;

protected:
    ~EntryChannel() override = default;
};

/// Logs `text` with `fields` if the logger takes `priority`. Look at logger.is(priority) before making a text that costs
/// something.
/// \throws what the channel throws
void write(Poco::Logger& logger,
           Poco::Message::Priority priority,
           const std::string& text,
           const FieldSource& fields);

/// All that is known of an entry: its source, the handler if the source is one, and then its own fields.
void tellAll(const Poco::Message& message, const FieldSource* fields, FieldSink& sink);

} // namespace mpsmtp::log

// What this is and its thread safety: Field.h.
#include "log/Field.h"

namespace mpsmtp::log
{

// clang-format off
const std::array<FieldSpec, fieldCount>& fieldTable() noexcept
{
    using F = Field;
    using K = FieldKind;
    static constexpr std::array<FieldSpec, fieldCount> table{{
        {F::Source, "source", K::Text,
         "Who logs: a channel, or handler.NAME."},
        {F::Session, "session", K::Number,
         "The connection, counted from the start of the server."},
        {F::Client, "client", K::Text,
         "The client's address, or unix."},
        {F::Listener, "listener", K::Text,
         "NAME of the [listener:NAME] that took the connection."},
        {F::Transaction, "transaction", K::Text,
         "The id that the client's 250 and the Received field hold."},
        {F::Sender, "sender", K::Text,
         "The reverse-path without its brackets; empty for a bounce."},
        {F::Recipient, "recipient", K::List,
         "Recipients as the client named them, the first 900."},
        {F::Recipients, "recipients", K::Number,
         "How many recipients there were."},
        {F::Size, "size", K::Number,
         "Octets of mail data."},
        {F::Reply, "reply", K::Text,
         "What the client was told, with its codes."},
        {F::Code, "code", K::Number,
         "The reply's first number: 250, 451, 550."},
        {F::Milliseconds, "milliseconds", K::Number,
         "From MAIL to the reply."},
        {F::Handler, "handler", K::Text,
         "NAME of the [handler:NAME] that the entry is about."},
        {F::Outcome, "outcome", K::List,
         "HANDLER:WORD for each handler that was asked to deliver."},
        {F::Hook, "hook", K::Text,
         "Which of the handler's functions was called."},
        {F::Route, "route", K::Text,
         "NAME of the [route:NAME] that decided."},
        {F::Direction, "direction", K::Text,
         "In a transcript: C for what the client sent, S for what the server did."},
        {F::Repeated, "repeated", K::Number,
         "How many entries like this one were counted instead of written."},
        {F::Lost, "lost", K::Number,
         "How many entries could not be written."},
    }};
    return table;
}

// clang-format on

} // namespace mpsmtp::log

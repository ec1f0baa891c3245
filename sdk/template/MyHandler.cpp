// What this is and its thread safety: MyHandler.h. At the end is what makes it a plugin.
#include "MyHandler.h"

#include <mpsmtp/Plugin.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>

namespace
{

/// Names of header fields ignore case (RFC 5322 1.2.2).
bool isSubject(std::string_view name)
{
    constexpr std::string_view subject = "subject";
    return std::equal(name.begin(),
                      name.end(),
                      subject.begin(),
                      subject.end(),
                      [](unsigned char a, char b) { return std::tolower(a) == b; });
}

} // namespace

MyHandler::MyHandler(const mpsmtp::Context& context)
    : _log(context.log), _mark(context.config.string("mark"))
{
}

mpsmtp::Verdict
MyHandler::onMessage(mpsmtp::Session&, mpsmtp::Envelope& envelope, mpsmtp::Message& message)
{
    for (std::size_t i = 0; i < message.headerCount(); ++i)
    {
        const auto [name, value] = message.header(i);
        if (!isSubject(name))
            continue;
        if (value.find(_mark) == std::string_view::npos) // else it is the answer to a marked mail
            message.edits().change(i, " " + _mark + std::string(value));
        return mpsmtp::Continue;
    }
    _log.debug("no subject in " + std::string(envelope.id()));
    message.edits().prepend("Subject", _mark);
    return mpsmtp::Continue;
}

MPSMTP_PLUGIN(MyHandler,
              "my-handler",
              "1.0",
              {{"mark",
                mpsmtp::Option::String,
                mpsmtp::Optional,
                "[seen]",
                "what is put in front of each subject"}})

// The example of the plugin documents: adds a header field with the client's address. It must compile as it stands.
#include <mpsmtp/Plugin.h>

class Tag : public mpsmtp::Handler
{
public:
    explicit Tag(const mpsmtp::Context& context) : _header(context.config.string("header")) {}

    mpsmtp::Verdict
    onMessage(mpsmtp::Session& session, mpsmtp::Envelope&, mpsmtp::Message& message) override
    {
        message.edits().prepend(_header, session.clientAddress());
        return mpsmtp::Continue;
    }

private:
    const std::string _header; // set once; read by every connection's thread
};

MPSMTP_PLUGIN(
    Tag,
    "tag",
    "1.0",
    {{"header", mpsmtp::Option::String, mpsmtp::Required, nullptr, "header field to add"}})

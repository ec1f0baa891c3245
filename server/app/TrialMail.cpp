// What this is and its thread safety: TrialMail.h.
#include "app/TrialMail.h"

#include "delivery/Suggestion.h"
#include "smtp/Path.h"

#include <Poco/Net/IPAddress.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace mpsmtp::app
{

namespace
{

constexpr const char* defaultClient = "127.0.0.1";
constexpr unsigned clientPort = 49152; // the first of those that clients get (RFC 6335)

/// A path with or without its brackets; nullopt if it is none.
template <class Parse>
std::optional<smtp::Path> pathOf(const std::string& text, const std::string& domain, Parse&& parse)
{
    const std::string bracketed = text.front() == '<' ? text : "<" + text + ">";
    std::string_view rest = bracketed;
    smtp::Path path;
    if (parse(rest, smtp::PathRules{false, domain}, path) || !rest.empty())
        return std::nullopt;
    return path;
}

/// A sentence if there is no such section, or "".
std::string unknownHandler(const std::string& name, const Configuration& configuration)
{
    std::vector<std::string_view> names;
    for (const delivery::HandlerConfig& each : configuration.delivery.handlers)
        names.push_back(each.name);
    if (std::find(names.begin(), names.end(), name) != names.end())
        return {};
    return "there is no section [handler:" + name + "] in " + configuration.source +
           delivery::didYouMean(name, names);
}

smtp::SessionInfo sessionOf(const std::string& client, const Configuration& configuration)
{
    smtp::SessionInfo session;
    session.id = 1;
    session.clientAddress = client;
    session.clientPort = clientPort;
    session.hostname = configuration.server.hostname;
    session.listener = configuration.server.listeners.front().name;
    session.helo =
        "[" + std::string(client.find(':') == std::string::npos ? "" : "IPv6:") + client + "]";
    session.esmtp = true;
    return session;
}

} // namespace

std::variant<TrialMail, UsageError> makeTrialMail(const TrialRequest& request,
                                                  const Configuration& configuration)
{
    if (auto mistake = unknownHandler(request.handler, configuration); !mistake.empty())
        return UsageError{std::move(mistake)};
    const std::string client = request.client.empty() ? defaultClient : request.client;
    Poco::Net::IPAddress address;
    if (!Poco::Net::IPAddress::tryParse(client, address))
        return UsageError{"--client: \"" + client + "\" is no IP address"};
    TrialMail mail;
    mail.session = sessionOf(address.toString(), configuration);
    const std::string& domain = mail.session.hostname;
    auto sender = pathOf(request.sender, domain, smtp::parseReversePath);
    if (!sender)
        return UsageError{"--from: \"" + request.sender + "\" is no address; <> stands for none"};
    mail.reversePath = std::move(*sender);
    for (const std::string& each : request.recipients)
    {
        auto path = pathOf(each, domain, smtp::parseForwardPath);
        if (!path)
            return UsageError{"--rcpt: \"" + each + "\" is no address"};
        mail.recipients.push_back({std::move(*path), {}});
    }
    return mail;
}

MailData mailDataOf(std::string_view text)
{
    MailData data;
    data.octets.reserve(text.size() + text.size() / 32);
    char last = '\n';
    for (const char octet : text)
    {
        if (octet == '\n' && last != '\r')
        {
            data.octets += '\r';
            ++data.converted;
        }
        data.octets += octet;
        last = octet;
    }
    if (last != '\n')
    {
        data.octets += "\r\n";
        ++data.converted;
    }
    return data;
}

std::string readMessage(const std::string& file)
{
    const auto fail = [&]
    { throw std::system_error(errno, std::generic_category(), "cannot read " + file); };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
        file == "-" ? nullptr : std::fopen(file.c_str(), "rbe"),
        [](std::FILE* each) { return std::fclose(each); });
    if (file != "-" && !opened)
        fail();
    std::FILE* const input = opened ? opened.get() : stdin;
    std::string text;
    std::array<char, 65536> block{};
    while (const auto count = std::fread(block.data(), 1, block.size(), input))
        text.append(block.data(), count);
    if (std::ferror(input) != 0)
        fail();
    return text;
}

} // namespace mpsmtp::app

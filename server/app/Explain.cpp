// What this is and its thread safety: Explain.h.
#include "app/Explain.h"

#include "delivery/NetworkSet.h"
#include "delivery/Routes.h"
#include "delivery/Suggestion.h"
#include "smtp/Path.h"
#include "smtp/Printable.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace mpsmtp::app
{

using delivery::HandlerConfig;

namespace
{

/// As a session reads it, lenient. \return what is wrong with it, or ""
template <class Parse>
std::string
readPath(Parse parse, std::string_view text, const std::string& domain, smtp::Path& path)
{
    const std::string what = "\"" + smtp::printable(text) + "\" is no address: ";
    if (const auto refusal = parse(text, smtp::PathRules{false, domain}, path))
        return what + std::string(refusal->text);
    return text.empty() ? std::string() : what + "something stands behind it";
}

class Explainer
{
public:
    Explainer(const Configuration& configuration,
              const ExplainRequest& request,
              const std::vector<std::string>& delivering)
        : _configuration(configuration), _request(request), _delivering(delivering)
    {
    }

    std::variant<Explanation, UsageError> explain();

private:
    std::string readSource();
    std::string readListener();
    std::string readPaths();
    std::string question() const;
    Explanation everyHandler() const;
    Explanation answer(const delivery::Route* route) const;
    std::string handlerLine(const std::string& name, bool isOptional) const;

    const Configuration& _configuration;
    const ExplainRequest& _request;
    const std::vector<std::string>& _delivering;
    smtp::SessionInfo _session;
    smtp::Path _reversePath;
    smtp::Path _forwardPath;
};

std::variant<Explanation, UsageError> Explainer::explain()
{
    for (const auto read :
         {&Explainer::readPaths, &Explainer::readSource, &Explainer::readListener})
        if (auto mistake = (this->*read)(); !mistake.empty())
            return UsageError{std::move(mistake)};
    std::vector<delivery::Problem> known; // and told: there were none
    const auto& config = _configuration.delivery;
    const delivery::Routes routes(config.routes, config.baseDirectory, known);
    Explanation result = routes.empty()
                             ? everyHandler()
                             : answer(routes.find({_session, _reversePath, _forwardPath}));
    result.text = question() + result.text;
    return result;
}

std::string Explainer::readPaths()
{
    const auto& domain = _configuration.server.hostname;
    auto mistake = readPath(smtp::parseForwardPath, _request.recipient, domain, _forwardPath);
    if (mistake.empty() && !_request.sender.empty())
        mistake = readPath(smtp::parseReversePath, _request.sender, domain, _reversePath);
    return mistake;
}

std::string Explainer::readSource()
{
    _session.hostname = _configuration.server.hostname;
    _session.clientAddress = _request.client.empty() ? "127.0.0.1" : _request.client;
    if (_session.clientAddress == "unix")
        return {};
    const auto address = delivery::IpAddress::parse(_session.clientAddress);
    if (!address)
        return "\"" + _request.client + "\" is no client: give an IP address, or unix";
    _session.clientAddress = address->text();
    return {};
}

std::string Explainer::readListener()
{
    const auto& names = _configuration.delivery.listeners;
    _session.listener = _request.listener.empty() ? names.front() : _request.listener;
    if (std::find(names.begin(), names.end(), _session.listener) != names.end())
        return {};
    return "there is no section [listener:" + _session.listener + "]" +
           delivery::didYouMean(_session.listener, names);
}

std::string Explainer::question() const
{
    return "to " + smtp::printable(_forwardPath.address) + " from <" +
           smtp::printable(_reversePath.address) + ">, client " + _session.clientAddress +
           ", listener " + _session.listener + "\n";
}

/// "  screen (console), optional"
std::string Explainer::handlerLine(const std::string& name, bool isOptional) const
{
    const auto& handlers = _configuration.delivery.handlers;
    const auto handler = std::find_if(handlers.begin(),
                                      handlers.end(),
                                      [&](const HandlerConfig& each) { return each.name == name; });
    if (handler == handlers.end())
        return "  " + name + "\n";
    return "  " + name + " (" + (handler->type.empty() ? handler->plugin : handler->type) + ")" +
           (isOptional || !handler->required ? ", optional\n" : "\n");
}

Explanation Explainer::everyHandler() const
{
    Explanation result{"there are no routes: every handler that delivers gets every mail\n", false};
    for (const std::string& name : _delivering)
        result.text += handlerLine(name, false);
    return result;
}

Explanation Explainer::answer(const delivery::Route* route) const
{
    const auto shownReply = [](const smtp::Reply& reply)
    { return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text + "\n"; };
    if (route == nullptr)
        return {"no route takes it: " + shownReply(delivery::noRoute), true};
    const auto head = shown({route->origin(), "[route:" + route->name() + "] "});
    if (route->rejection())
        return {head + "refuses it: " + shownReply(*route->rejection()), true};
    Explanation result{head + "takes it, for\n", false};
    for (const delivery::RouteTarget& each : route->targets())
        result.text += handlerLine(each.handler, each.isOptional);
    return result;
}

} // namespace

std::variant<Explanation, UsageError> explain(const Configuration& configuration,
                                              const ExplainRequest& request,
                                              const std::vector<std::string>& delivering)
{
    return Explainer(configuration, request, delivering).explain();
}

} // namespace mpsmtp::app

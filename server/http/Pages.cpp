// What this is and its thread safety: Pages.h.
#include "http/Pages.h"

#include "http/Accept.h"

namespace mpsmtp::http
{

namespace
{

constexpr unsigned notFound = 404;
constexpr unsigned methodNotAllowed = 405;
constexpr unsigned unavailable = 503;

Response text(unsigned status, std::string body)
{
    return {status, "text/plain; charset=utf-8", std::move(body), {}};
}

/// For people: one reason a line.
Response probe(const Reasons& reasons)
{
    if (reasons.empty())
        return text(200, "ok\n");
    std::string body;
    for (const std::string& reason : reasons)
        body.append(reason).append("\n");
    return text(unavailable, std::move(body));
}

Response figures(std::string_view accept, const Sources& sources)
{
    const metrics::Format format = formatFor(accept);
    return {200, std::string(metrics::contentType(format)), sources.metrics(format), {}};
}

} // namespace

Response answer(const Request& request, const Sources& sources)
{
    const std::string_view path = request.target.substr(0, request.target.find('?'));
    if (path != "/metrics" && path != "/livez" && path != "/readyz")
        return text(notFound, "There are /metrics, /livez and /readyz.\n");
    if (request.method != "GET" && request.method != "HEAD")
    {
        Response refusal = text(methodNotAllowed, "Only GET and HEAD.\n");
        refusal.allow = "GET, HEAD";
        return refusal;
    }
    if (path == "/metrics")
        return figures(request.accept, sources);
    return probe(path == "/livez" ? sources.live() : sources.ready());
}

} // namespace mpsmtp::http

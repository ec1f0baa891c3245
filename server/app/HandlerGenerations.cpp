// What this is and its thread safety: HandlerGenerations.h.
#include "app/HandlerGenerations.h"

#include <algorithm>
#include <utility>

namespace mpsmtp::app
{

net::SinkFactory HandlerGenerations::add(unsigned number,
                                         std::unique_ptr<delivery::DeliveryService> service)
{
    auto isUnused = std::make_shared<std::atomic<bool>>(false);
    // Owns nothing; its end is the news.
    const std::shared_ptr<delivery::DeliveryService> user(
        service.get(), [isUnused](delivery::DeliveryService*) { isUnused->store(true); });
    _generations.push_back({number, std::move(service), std::move(isUnused)});
    return [user] { return user->newSink(); };
}

bool HandlerGenerations::hasUnused() const noexcept
{
    return std::any_of(_generations.begin(),
                       _generations.end(),
                       [](const Generation& each) { return each.isUnused->load(); });
}

std::vector<unsigned> HandlerGenerations::dropUnused()
{
    std::vector<unsigned> dropped;
    for (auto each = _generations.begin(); each != _generations.end();)
    {
        if (!each->isUnused->load())
        {
            ++each;
            continue;
        }
        each->service->stop();
        dropped.push_back(each->number);
        each = _generations.erase(each);
    }
    return dropped;
}

void HandlerGenerations::stop()
{
    for (Generation& each : _generations)
    {
        each.service->stop();
        each.service.reset();
    }
    _generations.clear();
}

} // namespace mpsmtp::app

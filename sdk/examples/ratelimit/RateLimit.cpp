// An example: a filter that lets each sender and each client send only so many messages in a period.
//
// Each of them has a bucket of tokens. A message takes one; as time passes, tokens come back, up to the limit. Whoever
// finds an empty bucket is told to come again later (450 4.7.1).
#include <mpsmtp/Plugin.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

namespace
{

using TimePoint = std::chrono::steady_clock::time_point;
using Seconds = std::chrono::duration<double>;

/// The buckets of all senders, or of all clients. Strangers may make up any number of senders, so the memory for them is
/// bounded: who has not been seen for longest is forgotten, and begins with a full bucket again.
/// Not safe for several threads: RateLimit guards it.
class Buckets
{
public:
    Buckets(double limit, Seconds period, std::size_t capacity)
        : _limit(limit), _period(period), _capacity(capacity)
    {
    }

    [[nodiscard]] bool hasToken(const std::string& name, TimePoint now)
    {
        return _limit == 0 || bucketOf(name, now).tokens >= 1;
    }

    void take(const std::string& name, TimePoint now)
    {
        if (_limit != 0)
            bucketOf(name, now).tokens -= 1;
    }

private:
    struct Bucket
    {
        std::string name;
        double tokens;
        TimePoint filledAt;
    };

    /// With the tokens that it has by now.
    Bucket& bucketOf(const std::string& name, TimePoint now)
    {
        const auto found = _byName.find(name);
        if (found == _byName.end())
            return add(name, now);
        _buckets.splice(_buckets.begin(), _buckets, found->second); // it was used last
        Bucket& bucket = _buckets.front();
        const Seconds passed = now - bucket.filledAt;
        bucket.tokens = std::min(_limit, bucket.tokens + _limit * (passed / _period));
        bucket.filledAt = now;
        return bucket;
    }

    Bucket& add(const std::string& name, TimePoint now)
    {
        _buckets.push_front({name, _limit, now});
        _byName[name] = _buckets.begin();
        if (_buckets.size() > _capacity)
        {
            _byName.erase(_buckets.back().name);
            _buckets.pop_back();
        }
        return _buckets.front();
    }

    const double _limit; ///< messages; 0: no limit
    const Seconds _period;
    const std::size_t _capacity; ///< at least 1
    std::list<Bucket> _buckets;  ///< most recently used first
    std::unordered_map<std::string, std::list<Bucket>::iterator> _byName;
};

/// "Ann@Example.com" and "ann@example.com" are one sender.
std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

/// The option table cannot say "at least 1", so the constructor does: what it throws stops the server's start.
std::int64_t atLeast(std::int64_t least, const mpsmtp::Config& config, const char* key)
{
    const std::int64_t value = config.integer(key);
    if (value < least)
        throw std::invalid_argument(std::string(key) + " must be at least " +
                                    std::to_string(least));
    return value;
}

Buckets bucketsOf(const mpsmtp::Config& config, const char* limitKey)
{
    // A duration's value is its milliseconds.
    const std::chrono::milliseconds period(atLeast(1, config, "period"));
    return {static_cast<double>(atLeast(0, config, limitKey)),
            period,
            static_cast<std::size_t>(atLeast(1, config, "remember"))};
}

class RateLimit : public mpsmtp::Handler
{
public:
    explicit RateLimit(const mpsmtp::Context& context)
        : _log(context.log),
          _clock(context.clock),
          _senders(bucketsOf(context.config, "per_sender")),
          _clients(bucketsOf(context.config, "per_client"))
    {
    }

    mpsmtp::Verdict onMail(mpsmtp::Session& session, mpsmtp::Envelope& envelope) override
    {
        const std::string sender = lowerCase(envelope.reversePath());
        const std::string client(session.clientAddress());
        if (admit(sender, client))
            return mpsmtp::Continue;
        _log.notice("too many messages from <" + sender + "> at " + client);
        return mpsmtp::Defer({450, "4.7.1", "Too many messages, try again later"});
    }

private:
    [[nodiscard]] bool admit(const std::string& sender, const std::string& client)
    {
        const std::lock_guard<std::mutex> lock(_mutex);
        const TimePoint now = _clock.steady(); // under the lock: the buckets never see it go back
        const bool isBounce = sender.empty();  // nobody's own address: only the client counts
        if (!_clients.hasToken(client, now) || (!isBounce && !_senders.hasToken(sender, now)))
            return false;
        _clients.take(client, now);
        if (!isBounce)
            _senders.take(sender, now);
        return true;
    }

    const mpsmtp::Log _log;
    const mpsmtp::Clock _clock;
    std::mutex _mutex; ///< guards the buckets
    Buckets _senders;
    Buckets _clients;
};

} // namespace

MPSMTP_PLUGIN(RateLimit,
              "ratelimit",
              "1.0",
              {{"per_sender",
                mpsmtp::Option::Int,
                mpsmtp::Optional,
                "60",
                "most messages of one sender in a period; 0: no limit"},
               {"per_client",
                mpsmtp::Option::Int,
                mpsmtp::Optional,
                "300",
                "most messages of one client address in a period; 0: no limit"},
               {"period",
                mpsmtp::Option::Duration,
                mpsmtp::Optional,
                "1m",
                "in which an empty bucket fills up"},
               {"remember",
                mpsmtp::Option::Int,
                mpsmtp::Optional,
                "10000",
                "most senders, and most clients, to keep in memory"}})

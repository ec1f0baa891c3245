// What this is and its thread safety: TransactionIds.h.
#include "delivery/TransactionIds.h"

#include <random>
#include <string_view>

namespace mpsmtp::delivery
{

namespace
{

constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr unsigned bitsOfDigit = 5;

void append(std::string& id, std::uint64_t number, unsigned count)
{
    for (unsigned i = count; i-- > 0;)
        id.push_back(digits[(number >> (i * bitsOfDigit)) & (digits.size() - 1)]);
}

} // namespace

TransactionIds::TransactionIds() : TransactionIds(std::random_device()()) {}

void TransactionIds::next(std::chrono::system_clock::time_point now, std::string& id)
{
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    id.clear();
    append(id, static_cast<std::uint64_t>(seconds), 7);
    append(id, _random, 5);
    append(id, _count.fetch_add(1, std::memory_order_relaxed), 4);
}

} // namespace mpsmtp::delivery

// Room for octets, owned by whoever lent it. Plain value.
#pragma once

#include <cstddef>

namespace mpsmtp::smtp
{

struct Buffer
{
    char* data;
    std::size_t size;
};

} // namespace mpsmtp::smtp

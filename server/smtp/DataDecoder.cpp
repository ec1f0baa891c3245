// See DataDecoder.h; the algorithm is in DotTransparency.h.
#include "smtp/DataDecoder.h"

#include "smtp/DotTransparency.h"

namespace mpsmtp::smtp
{

DataDecoder::Result DataDecoder::decode(char* data, std::size_t size) noexcept
{
    return decodeWith<FastOctets>(data, size);
}

void DataDecoder::reset() noexcept
{
    _atLineStart = true;
    _afterCr = false;
}

} // namespace mpsmtp::smtp

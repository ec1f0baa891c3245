// Mail data, decoded in place: by size and by the length of its lines. The copy into the buffer, which is the kernel's work in
// a server, is measured alone as its ceiling (copyOnly).
#include "bench/micro/MailText.h"
#include "smtp/DataDecoder.h"

#include <benchmark/benchmark.h>

#include <cstring>

namespace
{

using mpsmtp::bench::stuffedMail;
using mpsmtp::smtp::DataDecoder;

/// What one recv() brings.
constexpr std::size_t portion = 65536;

void decode(benchmark::State& state)
{
    const std::string mail = stuffedMail(static_cast<std::size_t>(state.range(0)),
                                         static_cast<std::size_t>(state.range(1)));
    std::string buffer(portion + 2, '\0');
    DataDecoder decoder;
    for (auto _ : state)
    {
        decoder.reset();
        std::size_t held = 0; // octets at the front that mean nothing yet
        for (std::size_t at = 0; at < mail.size();)
        {
            const std::size_t size = std::min(portion, mail.size() - at);
            std::memcpy(buffer.data() + held, mail.data() + at, size);
            at += size;
            const std::size_t all = held + size;
            const DataDecoder::Result result = decoder.decode(buffer.data(), all);
            benchmark::DoNotOptimize(result.kept);
            held = all - result.consumed;
            std::memmove(buffer.data(), buffer.data() + result.consumed, held);
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(mail.size()));
}

void copyOnly(benchmark::State& state)
{
    const std::string mail = stuffedMail(static_cast<std::size_t>(state.range(0)), 76);
    std::string buffer(portion, '\0');
    for (auto _ : state)
        for (std::size_t at = 0; at < mail.size(); at += portion)
        {
            std::memcpy(buffer.data(), mail.data() + at, std::min(portion, mail.size() - at));
            benchmark::ClobberMemory();
        }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(mail.size()));
}

} // namespace

BENCHMARK(decode)
    ->ArgNames({"octets", "line"})
    ->ArgsProduct({{1024, 65536, 1 << 20}, {1, 76, 998}});
BENCHMARK(copyOnly)->ArgName("octets")->Arg(1024)->Arg(65536)->Arg(1 << 20);

// A message into the spool and out of it, in memory and beyond the threshold, where it goes to a file without a name.
#include "delivery/SpooledMessage.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <filesystem>

namespace
{

using namespace mpsmtp::delivery;

void spool(benchmark::State& state)
{
    const auto octets = static_cast<std::size_t>(state.range(0));
    const SpoolLimits limits{std::filesystem::temp_directory_path().string(), std::size_t{1} << 20};
    BufferPool pool;
    SpooledMessage message(pool, FileCalls::system(), limits);
    for (auto _ : state)
    {
        message.clear();
        for (std::size_t left = octets; left > 0;)
        {
            const mpsmtp::smtp::Buffer room = message.writable();
            const std::size_t size = std::min(left, room.size);
            std::memset(room.data, 'x', size);
            if (!message.written(size))
                return state.SkipWithError("the spool refused octets");
            left -= size;
        }
        if (!message.complete())
            return state.SkipWithError("the message is not whole");
        benchmark::DoNotOptimize(message.segments().data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

} // namespace

BENCHMARK(spool)
    ->ArgName("octets")
    ->Arg(1024)
    ->Arg(65536)
    ->Arg(1 << 20)
    ->Arg((1 << 20) + 1)
    ->Arg(10 << 20);

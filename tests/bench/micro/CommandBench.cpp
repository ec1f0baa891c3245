// Command lines: out of octets, into verbs, and the paths in them. Rates are lines per second.
#include "smtp/Command.h"
#include "smtp/LineSplitter.h"
#include "smtp/Path.h"

#include <benchmark/benchmark.h>

#include <string>

namespace
{

using namespace mpsmtp::smtp;

/// A pipelined transaction in one portion, over and over.
void splitLines(benchmark::State& state)
{
    std::string input = "MAIL FROM:<load@example.com> SIZE=4096\r\n";
    for (std::int64_t i = 0; i < state.range(0); ++i)
        input += "RCPT TO:<box" + std::to_string(i) + "@example.com>\r\n";
    input += "DATA\r\n";
    std::int64_t lines = 0;
    LineSplitter splitter(4096);
    for (auto _ : state)
    {
        std::string_view rest = input;
        while (!rest.empty())
        {
            const LineSplitter::Result result = splitter.next(rest);
            benchmark::DoNotOptimize(result.line.data());
            rest.remove_prefix(result.consumed);
            ++lines;
        }
    }
    state.SetItemsProcessed(lines);
}

void parseVerb(benchmark::State& state, std::string_view line)
{
    for (auto _ : state)
    {
        benchmark::DoNotOptimize(line);
        benchmark::DoNotOptimize(parseCommand(line));
    }
    state.SetItemsProcessed(state.iterations());
}

void parsePath(benchmark::State& state, std::string_view text)
{
    const PathRules rules{false, "example.com"};
    Path path;
    for (auto _ : state)
    {
        std::string_view rest = text;
        benchmark::DoNotOptimize(parseForwardPath(rest, rules, path));
        benchmark::DoNotOptimize(path.address.data());
    }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

BENCHMARK(splitLines)->ArgName("recipients")->Arg(1)->Arg(100);
BENCHMARK_CAPTURE(parseVerb, mail, "MAIL FROM:<load@example.com> SIZE=4096 BODY=8BITMIME");
BENCHMARK_CAPTURE(parseVerb, rcpt, "rcpt to:<ben@example.com>");
BENCHMARK_CAPTURE(parseVerb, quit, "QUIT");
BENCHMARK_CAPTURE(parseVerb, none, "XYZZY and some words behind it");
BENCHMARK_CAPTURE(parsePath, plain, "<ben@example.com>");
BENCHMARK_CAPTURE(parsePath, tagged, "<first.last+lists.poco@Mail.Some-Where.example.com>");
BENCHMARK_CAPTURE(parsePath, quoted, "<\"a b \\\"c\\\"\"@example.com>");
BENCHMARK_CAPTURE(parsePath, literal, "<ben@[IPv6:2001:db8::1]>");
BENCHMARK_CAPTURE(parsePath, route, "<@relay.example.net,@b.example.org:ben@example.com>");

// One thread's connections, in one epoll loop.
// Thread safety: [one thread].
#pragma once

#include "bench/load/Connection.h"

#include <memory>
#include <vector>

namespace mpsmtp::bench
{

class Worker
{
public:
    /// All of them outlive the worker.
    Worker(const LoadPlan& plan,
           const Target& target,
           const MailMaker& maker,
           MessageNumbers& numbers);

    /// Keeps `connections` open, each followed by a new one while there are messages; returns when none is left.
    /// \throws std::system_error
    void run(std::uint64_t connections);

    [[nodiscard]] const Tally& tally() const { return _tally; }

private:
    void open(std::size_t place);
    void serve(std::size_t place);
    void close(std::size_t place);
    void endSilentOnes();

    const LoadPlan& _plan;
    const Target& _target;
    const MailMaker& _maker;
    MessageNumbers& _numbers;
    store::FileDescriptor _epoll;
    std::vector<std::unique_ptr<Connection>> _connections;
    std::size_t _open = 0;
    Tally _tally;
};

} // namespace mpsmtp::bench

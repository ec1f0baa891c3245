// The file that shows how often each rule has acted, for programs that test clients.
//
// It is written at each hit and before the rule acts, so that a client that has its reply finds the hit counted: nobody
// has to poll. It is replaced by a rename, so that a reader sees the old or the new one, never half of one. It is not
// synced: it tells of this run only.
// Thread safety: [any]. Hits take a lock here, since an older count must not replace a newer one; whoever finds its hit
// already written by another thread writes nothing. Without the file there is no lock.
#pragma once

#include "faults/RuleList.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace mpsmtp::faults
{

/// {"rules": [{"rule": "rule1", "text": "on …", "matches": 3, "hits": 1}, …]}, one rule a line.
[[nodiscard]] std::string countersAsJson(const RuleList& rules);

class CounterFile
{
public:
    CounterFile(std::string path, const RuleList& rules) : _path(std::move(path)), _rules(rules) {}

    /// What was counted before the call is in the file when it returns.
    /// \throws std::system_error
    void update();

private:
    void write(const std::string& text) const;

    const std::string _path;
    const RuleList& _rules;
    std::atomic<std::uint64_t> _asked{0};
    std::mutex _mutex;
    std::uint64_t _written = 0; ///< the calls whose counts are in the file; guarded by _mutex
};

} // namespace mpsmtp::faults

// What a run of the load generator is to do.
// Thread safety: [any], a value.
#pragma once

#include "bench/base/Arguments.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace mpsmtp::bench
{

enum class Pipelining
{
    None,        ///< one command for each reply
    Transaction, ///< MAIL, RCPT and DATA in one send
    Next         ///< and those of the next transaction right behind the content
};

struct LoadPlan
{
    std::string target; ///< HOST:PORT or unix:PATH
    std::uint64_t connections = 1;
    std::uint64_t messages = 1;
    std::uint64_t octets = 0;        ///< of a message's content as sent, without the final dot
    std::uint64_t perConnection = 0; ///< messages before QUIT; 0: no limit
    std::uint64_t recipients = 1;    ///< of each message
    std::uint64_t mailboxes = 1;     ///< taken in turn by messages with one recipient
    Pipelining pipelining = Pipelining::None;
    bool usesBdat = false;
    std::uint64_t chunk = 0; ///< octets of a BDAT command; 0: the whole message
    bool speaksLmtp = false;
    std::uint64_t idle = 0;
    std::uint64_t threads = 1;
    std::uint64_t seed = 1;
    std::chrono::seconds timeout{0}; ///< for each reply
    std::string acknowledgedFile;    ///< "": none
};

[[nodiscard]] std::vector<OptionRow> loadOptions();

/// \throws UsageMistake
[[nodiscard]] LoadPlan loadPlanOf(const Arguments& arguments);

} // namespace mpsmtp::bench

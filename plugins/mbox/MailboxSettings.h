// What all mailboxes of one handler have in common. Thread safety: [any] (immutable).
#pragma once

#include "mbox/MailboxFile.h"

#include <mpsmtp/Context.h>

#include <chrono>
#include <string>

namespace mpsmtp::mbox
{

struct MailboxSettings
{
    OpenPolicy open;
    bool dotLock = true;
    std::chrono::milliseconds lockTimeout{10000};
    std::string bootId; ///< currentBootId()
    Storage storage;
    Log log;
};

} // namespace mpsmtp::mbox

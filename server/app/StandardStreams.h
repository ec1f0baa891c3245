// Standard input, output and error as a program may count on them. Who starts it may have closed them; then the next file that
// is opened gets the number, a mailbox or a client's connection, and what is meant for standard error is written into it.
// Thread safety: [main].
#pragma once

namespace mpsmtp::app
{

/// Puts /dev/null where one of the three is closed. To be called first in main(), before anything is opened.
void openStandardStreams() noexcept;

} // namespace mpsmtp::app

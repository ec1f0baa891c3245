// What a program's end means for the client: the statuses of sysexits.h, with the enhanced codes that
// Postfix gives them (src/global/sys_exits.c, read by pipe(8) and local(8)) and the reply codes of
// Sendmail (sendmail/sysexits.c). Two differ from Postfix: EX_IOERR is temporary, as in Sendmail, and
// so is any status that is not in the table, since a crash of the program must not lose mail.
// RFC 3463, RFC 5321 4.2. Thread safety: [any] (pure functions).
#pragma once

#include <mpsmtp/Reply.h>

#include <string>
#include <string_view>

namespace mpsmtp::exec
{

/// The reply to an exit status that is no success. `output`, the program's first line, is its text
/// if it reads like "5.1.1 text" or "550 5.1.1 text" and is as permanent or temporary as the status.
[[nodiscard]] Reply replyTo(int exitStatus, std::string_view output);

/// "exit status 67 (EX_NOUSER)", "killed by signal 9 (Killed)". \param waitStatus of waitpid
[[nodiscard]] std::string describe(int waitStatus);

} // namespace mpsmtp::exec

// How the process ends, as sysexits.h has it; documented in mpsmtpd(8). Thread safety: [any]
// (constants).
#pragma once

namespace mpsmtp::app
{

inline constexpr int exitOk = 0;
inline constexpr int exitRefused = 1;       ///< --explain, --test-handler: the mail is refused
inline constexpr int exitKilled = 1;        ///< a second SIGTERM or Ctrl-C cut the way down short
inline constexpr int exitUsage = 64;        ///< EX_USAGE: the command line
inline constexpr int exitNoInput = 66;      ///< EX_NOINPUT: the message of --test-handler
inline constexpr int exitUnavailable = 69;  ///< EX_UNAVAILABLE: an address cannot be listened on
inline constexpr int exitInternal = 70;     ///< EX_SOFTWARE: a mistake of the server or of a plugin
inline constexpr int exitCannotCreate = 73; ///< EX_CANTCREAT: a file of --new-plugin
inline constexpr int exitConfiguration = 78; ///< EX_CONFIG

} // namespace mpsmtp::app

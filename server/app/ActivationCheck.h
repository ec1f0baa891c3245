// Mistakes that only the process can know, not the file: inherited sockets that are not there or cannot be listened at, and
// users that it cannot become. Found before anything is bound or started.
// Thread safety: [main].
#pragma once

#include "app/Configuration.h"

#include <string>

namespace mpsmtp::net
{
class SocketStock;
}

namespace mpsmtp::app
{

/// Adds to the problems of `loaded`, each with its line, the addresses systemd:NAME that cannot be had from `stock`, and to its
/// warnings what was handed over and is not used.
void checkInherited(LoadedConfiguration& loaded, const net::SocketStock& stock);

/// Adds a problem that Intent told, with the line of the key that it begins with.
void addProcessProblem(LoadedConfiguration& loaded, const std::string& problem);

} // namespace mpsmtp::app

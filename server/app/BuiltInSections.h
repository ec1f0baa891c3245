// The configuration that a command without a file stands for, as if it had been read from one: the
// environment and --set apply to it as to a file. Thread safety: [any].
#pragma once

#include "app/CommandLine.h"
#include "app/IniReader.h"

namespace mpsmtp::app
{

/// [listener:main] and one handler: [handler:screen] of type console, or [handler:store].
[[nodiscard]] IniDocument builtInSections(const CommandLine& commandLine);

} // namespace mpsmtp::app

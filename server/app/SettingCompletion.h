// What may stand behind --set: SECTION.KEY=VALUE, from the table of keys, the sections of the file, and the options of the
// bundled plugins. Thread safety: [main] (it loads plugins to see their options).
#pragma once

#include "app/Completion.h"
#include "app/IniReader.h"

#include <string>
#include <string_view>

namespace mpsmtp::app
{

/// \param word what is there of SECTION.KEY=VALUE
/// \param sections of the file or of the command; those without a name of their own are known anyway
/// \param pluginDirectory where TYPE.so lie
void completeSetting(std::string_view word,
                     const IniDocument& sections,
                     const std::string& pluginDirectory,
                     Completion& completion);

} // namespace mpsmtp::app

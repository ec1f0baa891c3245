#include "common/StoreOptions.h"

namespace mpsmtp::store
{

StoreOptions::StoreOptions(const Config& config)
    : path(config.string("path")),
      lineEnding(config.string("line_ending") == "crlf" ? LineEnding::Crlf : LineEnding::Lf),
      trace(config.boolean("trace")),
      deliveredTo(config.boolean("delivered_to")),
      mode(static_cast<mode_t>(config.integer("mode"))),
      create(config.boolean("create"))
{
}

FolderPolicy StoreOptions::folderPolicy() const
{
    FolderPolicy policy;
    policy.create = create;
    policy.mode = folderMode(mode);
    return policy;
}

} // namespace mpsmtp::store

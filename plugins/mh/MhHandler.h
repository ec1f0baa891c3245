// The handler `mh`: one MH folder for each path that the template gives; mail is 1, 2, 3, … in it.
// Thread safety: [any].
#pragma once

#include "common/FileStore.h"
#include "mh/MhLayout.h"

#include <mpsmtp/Handler.h>

namespace mpsmtp::mh
{

/// Two-phase delivery into MH folders. An aborted delivery leaves no mail and uses no number;
/// folders that it made, with their empty .mh_sequences, stay.
class MhHandler : public Handler
{
public:
    /// \throws std::invalid_argument if the path template is wrong
    explicit MhHandler(const Context& context);

    void start() override;
    void stop() override;

    [[nodiscard]] Verdict
    onRcpt(Session& session, Envelope& envelope, NewRecipient& recipient) override;

    [[nodiscard]] Stage
    stage(Envelope& envelope, const Recipients& recipients, Message& message) override;

private:
    MhHandler(const Context& context, const store::StoreOptions& options);

    store::FileStore _store;
    store::FolderCache _folders;
    MhLayout _layout;
};

} // namespace mpsmtp::mh

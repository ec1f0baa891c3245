// The handler `maildir`: one maildir for each path that the template gives.
// Thread safety: [any].
#pragma once

#include "common/FileStore.h"
#include "maildir/MaildirLayout.h"

#include <mpsmtp/Handler.h>

namespace mpsmtp::maildir
{

/// Two-phase delivery into maildirs. An aborted delivery leaves no file; folders that it made stay.
class MaildirHandler : public Handler
{
public:
    /// \throws std::invalid_argument if the path template is wrong
    explicit MaildirHandler(const Context& context);

    void start() override;
    void stop() override;

    [[nodiscard]] Verdict
    onRcpt(Session& session, Envelope& envelope, NewRecipient& recipient) override;

    [[nodiscard]] Stage
    stage(Envelope& envelope, const Recipients& recipients, Message& message) override;

private:
    MaildirHandler(const Context& context, const store::StoreOptions& options);

    store::FileStore _store;
    store::FolderCache _folders;
    MaildirLayout _layout;
};

} // namespace mpsmtp::maildir

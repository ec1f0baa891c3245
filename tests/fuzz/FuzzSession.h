// A dialog with its sink, served as the network side serves one. Looks at each octet that is sent: only well-formed
// replies (RFC 5321 4.2, 4.5.3.1.5), never much at once. Thread safety: [connection].
#pragma once

#include "fuzz/FuzzSink.h"
#include "smtp/Dialog.h"

#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::fuzz
{

/// The code of each reply; requires that each is well-formed.
[[nodiscard]] std::vector<unsigned> replyCodes(std::string_view replies);

class FuzzSession
{
public:
    FuzzSession(const smtp::SessionOptions& options, const SinkOptions& sinkOptions);

    void feed(const Pieces& pieces);
    void endOfInput();
    void shutDown();
    void timeout();

    [[nodiscard]] bool isClosed() const noexcept { return _dialog.isClosed(); }

    /// All that was sent.
    [[nodiscard]] const std::string& replies() const noexcept { return _replies; }

    [[nodiscard]] const FuzzSink& sink() const noexcept { return _sink; }

private:
    void pump();

    const smtp::SessionOptions _options;
    FuzzSink _sink;
    std::string _replies;
    smtp::Dialog _dialog; // behind what it uses
};

} // namespace mpsmtp::fuzz

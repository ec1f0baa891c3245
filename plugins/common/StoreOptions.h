// The options that maildir, mh and mbox share: their rows for the plugin's option table, and their
// values.
// Thread safety: [any] (immutable).
#pragma once

#include "common/FolderCache.h"

#include <mpsmtp/Context.h>
#include <mpsmtp/Option.h>

#include <string>

#include <sys/types.h>

namespace mpsmtp::store
{

enum class LineEnding
{
    Lf,
    Crlf
};

/// Values of the shared options.
struct StoreOptions
{
    StoreOptions() = default;

    /// Reads what the option table below declares.
    explicit StoreOptions(const Config& config);

    /// For the folders of these files.
    [[nodiscard]] FolderPolicy folderPolicy() const;

    std::string path; ///< text of a PathTemplate
    LineEnding lineEnding = LineEnding::Lf;
    bool trace = true;
    bool deliveredTo = true;
    mode_t mode = 0600;
    bool create = true;
};

inline constexpr Option pathOption{
    "path",
    Option::Template,
    Required,
    nullptr,
    "where a recipient's mail goes, such as mail/%{rcpt.domain}/%{rcpt.user}"};
inline constexpr Option lineEndingOption{
    "line_ending",
    Option::Enum,
    Optional,
    "lf",
    "line ends of stored mail; crlf keeps those that were sent",
    "lf|crlf"};
inline constexpr Option traceOption{
    "trace", Option::Bool, Optional, "yes", "put Return-Path and Received on top of stored mail"};
inline constexpr Option deliveredToOption{
    "delivered_to",
    Option::Bool,
    Optional,
    "yes",
    "put Delivered-To with the recipient on top of stored mail"};
inline constexpr Option modeOption{
    "mode",
    Option::Octal,
    Optional,
    "0600",
    "mode of stored files; folders also get the matching search bits"};
inline constexpr Option createOption{
    "create",
    Option::Bool,
    Optional,
    "yes",
    "make a missing mailbox; if not, its mail is refused with 550 5.1.1"};

} // namespace mpsmtp::store

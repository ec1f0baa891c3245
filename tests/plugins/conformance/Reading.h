// How the conformance tests find and read what a bundled store holds.
// Thread safety: [any] (pure functions).
#pragma once

#include "common/PathComponent.h"

#include <mpsmtp/testing/Address.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace mpsmtp::test
{

/// For the option `path` of a store in `folder`; mailboxOf() says where it leads.
inline std::string pathBelow(const std::string& folder)
{
    return folder + "/%{rcpt.domain}/%{rcpt.user}";
}

inline std::string mailboxOf(const std::string& folder, const testing::Address& recipient)
{
    return folder + "/" + store::finishComponent(store::encodeValue(recipient.domain)) + "/" +
           store::finishComponent(store::encodeValue(recipient.localPart));
}

inline std::string contentOf(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Contents of the visible files of a folder; none if there is no folder.
inline std::vector<std::string> filesIn(const std::string& folder)
{
    std::vector<std::string> contents;
    if (std::filesystem::is_directory(folder))
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            if (entry.is_regular_file() && entry.path().filename().string()[0] != '.')
                contents.push_back(contentOf(entry.path()));
    return contents;
}

} // namespace mpsmtp::test

// The plugin `mbox` does what every store must (<mpsmtp/testing/Conformance.h>). An append is its
// commit, so that "nothing is seen before" holds there too.
#include "plugins/conformance/Reading.h"

#include <mpsmtp/testing/Conformance.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace mpsmtp;

namespace
{

bool startsWith(std::string_view text, std::string_view begin)
{
    return text.substr(0, begin.size()) == begin;
}

/// mboxrd: one '>' less in front of From.
std::string_view unquoted(std::string_view line)
{
    const auto quotes = std::min(line.find_first_not_of('>'), line.size());
    return quotes > 0 && startsWith(line.substr(quotes), "From ") ? line.substr(1) : line;
}

/// The mails of an mbox (docs/stores.md): a separator, the mail, an empty line.
std::vector<std::string> mailsOf(const std::string& file)
{
    std::vector<std::string> mails;
    const std::string all = test::contentOf(file);
    for (std::string_view rest = all; !rest.empty();)
    {
        const std::string_view line = rest.substr(0, rest.find('\n') + 1);
        rest.remove_prefix(line.size());
        if (startsWith(line, "From "))
            mails.emplace_back();
        else
            mails.back() += unquoted(line);
    }
    for (std::string& mail : mails)
        mail.pop_back(); // the empty line behind it
    return mails;
}

} // namespace

int main()
{
    const auto open = [](const std::string& folder)
    {
        return std::unique_ptr<testing::Harness>(
            new testing::Harness{{"path", test::pathBelow(folder)}});
    };
    const auto list = [](const std::string& folder, const testing::Address& recipient)
    { return mailsOf(test::mailboxOf(folder, recipient)); };
    testing::Store store{open, list};
    store.completesLastLine = true;
    return testing::StoreConformance(store).report(std::cout);
}

// The plugin `maildir` does what every store must (<mpsmtp/testing/Conformance.h>).
#include "plugins/conformance/Reading.h"

#include <mpsmtp/testing/Conformance.h>

#include <iostream>
#include <memory>
#include <string>

using namespace mpsmtp;

int main()
{
    const auto open = [](const std::string& folder)
    {
        return std::unique_ptr<testing::Harness>(
            new testing::Harness{{"path", test::pathBelow(folder)}});
    };
    const auto list = [](const std::string& folder, const testing::Address& recipient)
    { return test::filesIn(test::mailboxOf(folder, recipient) + "/new"); };
    return testing::StoreConformance({open, list}).report(std::cout);
}

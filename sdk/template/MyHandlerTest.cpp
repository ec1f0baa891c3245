// What `my-handler` does, without a server: the plugin is linked into this program.
#include <mpsmtp/Testing.h>

#include <iostream>
#include <string>

namespace
{

using mpsmtp::testing::Harness;

/// What becomes of this mail.
std::string handled(Harness& harness, const std::string& message)
{
    const auto result = harness.from("a@example.com").rcpt("b@example.com").message(message).run();
    return result.isAccepted() ? result.message() : result.reply();
}

/// \return 1 if it is not as it should be
int check(const char* what, const std::string& actual, const std::string& expected)
{
    if (actual == expected)
        return 0;
    std::cerr << what << ": expected\n" << expected << "\nbut it is\n" << actual << '\n';
    return 1;
}

} // namespace

int main()
{
    int failures = 0;
    Harness harness{{"mark", "[test]"}};
    failures += check("a subject gets the mark",
                      handled(harness, "Subject: Hello\r\n\r\nText\r\n"),
                      "Subject: [test] Hello\r\n\r\nText\r\n");
    failures += check("a mail without a subject gets one",
                      handled(harness, "From: a@example.com\r\n\r\nText\r\n"),
                      "Subject: [test]\r\nFrom: a@example.com\r\n\r\nText\r\n");
    failures += check("a mark is not put there twice",
                      handled(harness, "SUBJECT: Re: [test] Hello\r\n\r\nText\r\n"),
                      "SUBJECT: Re: [test] Hello\r\n\r\nText\r\n");
    Harness plain;
    failures += check("the mark has a default",
                      handled(plain, "Subject: Hello\r\n\r\nText\r\n"),
                      "Subject: [seen] Hello\r\n\r\nText\r\n");
    return failures == 0 ? 0 : 1;
}

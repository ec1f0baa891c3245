// mpsmtp_bare COMMAND [options]: what the machine can do without the program that is measured. Exit 64 for a command line
// that cannot be understood, 1 for any other failure; the sentence goes to standard error.
#include "bench/bare/StoreCommand.h"

#include <iostream>

namespace
{

using namespace mpsmtp::bench;

int store(const std::vector<std::string>& words)
{
    std::cout << measureStore(Arguments(words, storeOptions())).text() << '\n';
    return 0;
}

int help(std::ostream& out)
{
    out << "mpsmtp_bare store [options]: ways to put messages on a disk, without SMTP\n"
        << Arguments::help(storeOptions());
    return 64;
}

int perform(const std::vector<std::string>& words)
{
    if (words.empty())
        return help(std::cerr);
    const std::vector<std::string> options(words.begin() + 1, words.end());
    if (words[0] == "store")
        return store(options);
    return help(std::cerr);
}

} // namespace

int main(int argc, char** argv)
{
    try
    {
        return perform({argv + 1, argv + argc});
    }
    catch (const UsageMistake& mistake)
    {
        std::cerr << "mpsmtp_bare: " << mistake.what() << '\n';
        return 64;
    }
    catch (const std::exception& error)
    {
        std::cerr << "mpsmtp_bare: " << error.what() << '\n';
        return 1;
    }
}

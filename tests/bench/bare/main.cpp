// mpsmtp_bare COMMAND [options]: what the machine can do without the program that is measured. Exit 64 for a command line
// that cannot be understood, 1 for any other failure; the sentence goes to standard error.
#include "bench/bare/LoopbackCommand.h"
#include "bench/bare/ServeCommand.h"
#include "bench/bare/StoreCommand.h"

#include <iostream>

namespace
{

using namespace mpsmtp::bench;

int help(std::ostream& out, int status)
{
    out << "mpsmtp_bare store [options]: ways to put messages on a disk, without SMTP\n"
        << Arguments::help(storeOptions())
        << "mpsmtp_bare serve [options]: the minimal SMTP server that does so\n"
        << Arguments::help(serveOptions())
        << "mpsmtp_bare loopback [options]: round trips and octets without either\n"
        << Arguments::help(loopbackOptions());
    return status;
}

int perform(const std::vector<std::string>& words)
{
    const std::string command = words.empty() ? "" : words[0];
    const std::vector<std::string> options(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (command == "store")
        std::cout << measureStore(Arguments(options, storeOptions())).text() << '\n';
    else if (command == "serve")
        serveUntilSignal(Arguments(options, serveOptions()));
    else if (command == "loopback")
        std::cout << measureLoopback(Arguments(options, loopbackOptions())).text() << '\n';
    else
        return command == "--help" ? help(std::cout, 0) : help(std::cerr, 64);
    return 0;
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

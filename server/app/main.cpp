// The program mpsmtpd: see ServerApp. Thread safety: [main].
#include "app/CommandLine.h"
#include "app/Completion.h"
#include "app/Errands.h"
#include "app/ExitStatus.h"
#include "app/ServerApp.h"
#include "app/ServiceManager.h"
#include "app/Signals.h"
#include "app/StandardStreams.h"
#include "app/Surroundings.h"
#include "delivery/PluginProbe.h"
#include "net/SocketStock.h"

#include <Poco/Exception.h>

#include <exception>
#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include <unistd.h>

namespace
{

using namespace mpsmtp::app;

int runProgram(const std::vector<std::string>& arguments)
{
    // Ours alone (delivery/PluginProbe.h); ends without the destructors of whatever was loaded.
    if (arguments.size() == 2 && arguments[0] == "--probe-plugin")
        ::_exit(mpsmtp::delivery::reportProbe(arguments[1]));
    // For shells: the words behind it are a command line that is being written, not ours.
    if (!arguments.empty() && arguments[0] == "--complete")
    {
        std::cout << shown(
            complete({arguments.begin() + 1, arguments.end()}, machineSurroundings()));
        return exitOk;
    }
    auto parsed = parseCommandLine(arguments);
    if (const auto* error = std::get_if<UsageError>(&parsed))
    {
        std::cerr << "mpsmtpd: " << error->text << "\nmpsmtpd --help shows how it is used\n";
        return exitUsage;
    }
    // Before any thread, since they change the environment.
    auto manager = ServiceManager::take();
    auto sockets = mpsmtp::net::SocketStock::inherit();
    if (std::get<CommandLine>(parsed).action != Action::Serve)
        return Errands(std::get<CommandLine>(std::move(parsed)), machineSurroundings()).run();
    return ServerApp(std::get<CommandLine>(std::move(parsed)),
                     machineSurroundings(),
                     std::move(manager),
                     std::move(sockets))
        .run();
}

int internalError(const std::string& text)
{
    std::cerr << "mpsmtpd: internal error: " << text << '\n';
    return exitInternal;
}

} // namespace

int main(int argc, char** argv)
{
    openStandardStreams();
    blockSignals();
    // One of the three fences for exceptions; the others are the connection's run and the handler
    // chain.
    try
    {
        return runProgram(std::vector<std::string>(argv + 1, argv + argc));
    }
    catch (const Poco::Exception& error)
    {
        return internalError(error.displayText());
    }
    catch (const std::exception& error)
    {
        return internalError(error.what());
    }
}

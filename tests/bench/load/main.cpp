// mpsmtp_load [options]: an SMTP and LMTP load generator. One JSON object on standard output; exit 0 if every message was
// acknowledged, 1 if not or if it could not run, 64 for a command line that cannot be understood.
#include "bench/load/LoadRun.h"

#include <fstream>
#include <iostream>

namespace
{

using namespace mpsmtp::bench;

void writeIds(const std::string& path, const std::string& ids)
{
    std::ofstream file(path, std::ios::binary);
    file << ids;
    file.close();
    if (!file)
        throw std::runtime_error("cannot write to " + path);
}

int perform(const LoadPlan& plan)
{
    const LoadResult result = performLoad(plan);
    if (!plan.acknowledgedFile.empty())
        writeIds(plan.acknowledgedFile, result.tally.acknowledgedIds);
    std::cout << reportOf(plan, result).text() << '\n';
    return result.tally.acknowledged == plan.messages && result.tally.failedConnections == 0 ? 0
                                                                                             : 1;
}

int help(std::ostream& out, int status)
{
    out << "mpsmtp_load --to HOST:PORT [options]\n" << Arguments::help(loadOptions());
    return status;
}

} // namespace

int main(int argc, char** argv)
{
    try
    {
        if (argc == 2 && std::string_view(argv[1]) == "--help")
            return help(std::cout, 0);
        return perform(loadPlanOf(Arguments({argv + 1, argv + argc}, loadOptions())));
    }
    catch (const UsageMistake& mistake)
    {
        std::cerr << "mpsmtp_load: " << mistake.what() << '\n';
        return help(std::cerr, 64);
    }
    catch (const std::exception& error)
    {
        std::cerr << "mpsmtp_load: " << error.what() << '\n';
        return 1;
    }
}

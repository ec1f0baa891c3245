// What this is and its thread safety: HelpText.h.
#include "app/HelpText.h"

#include "app/BuildInfo.h"

#include <mpsmtp/abi.h>

#include <Poco/Environment.h>

namespace mpsmtp::app
{

std::string_view helpText() noexcept
{
    return "mpsmtpd receives mail by SMTP and gives it to handlers.\n"
           "\n"
           "usage: mpsmtpd --config FILE          run with a configuration file, see "
           "mpsmtp.ini(5)\n"
           "       mpsmtpd                        print one line for each mail; localhost:8081\n"
           "       mpsmtpd debug [HOST] [PORT]    print each mail in full; localhost 8081\n"
           "       mpsmtpd mh DIR                 store mail as DIR/DOMAIN/USER/1, 2, 3 …; "
           "localhost:8025\n"
           "       mpsmtpd maildir DIR            store mail in the maildirs DIR/DOMAIN/USER; "
           "localhost:8025\n"
           "       mpsmtpd mbox FILE              append all mail to one mbox; localhost:8025\n"
           "\n"
           "  -c, --config FILE          the configuration file\n"
           "      --listen HOST:PORT     where to listen instead, without a file\n"
           "      --set SECTION.KEY=VALUE  override one key, as in --set limits.message_size=1M\n"
           "      --check-config         say whether the file is right, and end\n"
           "      --list-plugins         show the plugins that are installed; with -v their "
           "options\n"
           "      --explain ADDRESS      say which route and handlers would take a mail to it; "
           "also\n"
           "                             --from SENDER, --client IP, --listener NAME\n"
           "      --new-plugin NAME DIR  write a project for a plugin of your own into a new "
           "folder\n"
           "      --test-handler NAME    run one mail through one handler of the file, without "
           "listening:\n"
           "                             --from SENDER --rcpt ADDRESS --message FILE|- [--client "
           "IP]\n"
           "  -h, --help                 show this text\n"
           "  -V, --version              show the version\n"
           "\n"
           "It runs in the foreground and logs to standard error. Ctrl-C stops it.\n"
           "LOG_LEVEL=DEBUG in the environment shows more; MPSMTP_SECTION_KEY overrides a key.\n"
           "Exit status: 0 stopped, 64 bad command line, 69 cannot listen, 70 internal error,\n"
           "66 no message file, 73 cannot create a file, 78 bad configuration; --explain and\n"
           "--test-handler: 1 refused.\n";
}

std::string versionText()
{
    const auto part = [](unsigned shift)
    { return std::to_string(Poco::Environment::libraryVersion() >> shift & 0xFF); };
    return std::string("mpsmtpd ") + version + " (ABI " + std::to_string(MPSMTP_ABI_MAJOR) + "." +
           std::to_string(MPSMTP_ABI_MINOR) + ", POCO " + part(24) + "." + part(16) + "." +
           part(8) + ")";
}

} // namespace mpsmtp::app

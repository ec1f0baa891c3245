#include "bench/bare/ServeCommand.h"

#include "bench/bare/BareServer.h"
#include "bench/bare/LoopServer.h"

#include <csignal>
#include <iostream>

#include <sys/signalfd.h>

namespace mpsmtp::bench
{

namespace
{

/// Before any other thread is there, so that none of them takes the signal.
[[nodiscard]] FileDescriptor signalDescriptor()
{
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGINT);
    check(-::pthread_sigmask(SIG_BLOCK, &signals, nullptr), "cannot block", "signals");
    FileDescriptor fd(::signalfd(-1, &signals, SFD_CLOEXEC));
    check(fd.get(), "cannot wait for", "signals");
    return fd;
}

template <typename Server>
void serve(Server& server, int stop)
{
    std::cout << server.port() << std::endl; // flushed: the starter waits for it
    server.run(stop);
}

} // namespace

std::vector<OptionRow> serveOptions()
{
    using Kind = OptionRow::Kind;
    return {
        {"port", Kind::Number, "0", "on 127.0.0.1; 0: any"},
        {"folder", Kind::Text, "", "is there; holds the mailboxes"},
        {"way",
         Kind::Text,
         "maildir",
         "maildir, mbox or discard; loop discards, too, in one thread"},
        {"mailboxes", Kind::Number, "1", "box0 … at any domain; discard takes every recipient"}};
}

void serveUntilSignal(const Arguments& arguments)
{
    const std::uint64_t port = arguments.number("port");
    if (port > 65535)
        throw UsageMistake("--port is at most 65535");
    const FileDescriptor stop = signalDescriptor();
    if (arguments.text("way") == "loop")
    {
        LoopServer server(static_cast<std::uint16_t>(port));
        return serve(server, stop.get());
    }
    const std::string& way = arguments.text("way");
    const std::uint64_t boxes = way == "discard" ? 0 : arguments.positive("mailboxes");
    const auto mailboxes =
        makeMailboxes(way, way == "discard" ? "" : arguments.required("folder"), boxes);
    BareServer server(static_cast<std::uint16_t>(port), *mailboxes, boxes);
    serve(server, stop.get());
}

} // namespace mpsmtp::bench

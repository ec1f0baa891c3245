// Real write errors without a full disk: writing beyond RLIMIT_FSIZE fails with EFBIG.
#pragma once

#include <csignal>

#include <sys/resource.h>

namespace mpsmtp::test
{

class FileSizeLimit
{
public:
    explicit FileSizeLimit(rlim_t octets)
    {
        _handler = ::signal(SIGXFSZ, SIG_IGN);
        (void)::getrlimit(RLIMIT_FSIZE, &_before);
        const rlimit limit{octets, _before.rlim_max};
        (void)::setrlimit(RLIMIT_FSIZE, &limit);
    }

    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

    ~FileSizeLimit()
    {
        (void)::setrlimit(RLIMIT_FSIZE, &_before);
        (void)::signal(SIGXFSZ, _handler);
    }

private:
    rlimit _before{};
    void (*_handler)(int) = nullptr;
};

} // namespace mpsmtp::test

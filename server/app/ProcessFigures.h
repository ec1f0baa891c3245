// What /proc says of this process, for its metrics. Thread safety: [any].
#pragma once

#include "metrics/Report.h"
#include "net/Descriptor.h"

namespace mpsmtp::app
{

class ProcessFigures
{
public:
    /// Opens what is read later: when there is no descriptor left, the figures are wanted most.
    ProcessFigures();

    /// What cannot be read is 0.
    [[nodiscard]] metrics::Process now() const;

private:
    const net::Descriptor _status;
    const double
        _bootTime; ///< asked once: the system's answer moves with its clock, and a start does not
};

} // namespace mpsmtp::app

// Whether a plugin can be loaded at all: tried in a child process first, since the initialisation of a shared object runs
// its author's code, and may crash, hang or end the process before anybody has said a word. Thread safety: [main].
#pragma once

#include <chrono>
#include <string>

namespace mpsmtp::delivery
{

class PluginProbe
{
public:
    PluginProbe() = default;
    PluginProbe(const PluginProbe&) = delete;
    PluginProbe& operator=(const PluginProbe&) = delete;
    virtual ~PluginProbe() = default;

    /// \return why the shared object at `path` cannot be loaded, as a sentence; "" if it can, or if nothing could be found
    ///         out (no memory for a process): loading it will tell
    [[nodiscard]] virtual std::string mistake(const std::string& path) = 0;
};

/// Runs `program --probe-plugin PATH`, whose part is reportProbe().
class ChildProbe final : public PluginProbe
{
public:
    /// \param program absolute path \param patience how long the plugin may take
    explicit ChildProbe(std::string program,
                        std::chrono::milliseconds patience = std::chrono::seconds(10));

    [[nodiscard]] std::string mistake(const std::string& path) override;

private:
    const std::string _program;
    const std::chrono::milliseconds _patience;
};

/// In the child: loads the plugin and tells the parent what was wrong. \return the exit status
[[nodiscard]] int reportProbe(const std::string& path);

} // namespace mpsmtp::delivery

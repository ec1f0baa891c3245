// Helpers shared by the tests of delivery/: a temp folder, a wait with a deadline, octets from everywhere.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <mpsmtp/abi.h>

#include <unistd.h>

namespace mpsmtp::delivery::test
{

/// A folder that goes with its object.
class TempFolder
{
public:
    TempFolder()
    {
        std::string path =
            (std::filesystem::temp_directory_path() / "delivery-test.XXXXXX").string();
        if (!::mkdtemp(path.data()))
            throw std::runtime_error("no temp folder");
        _path = path;
    }

    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    ~TempFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(_path, ignored);
    }

    [[nodiscard]] std::string path(const std::string& name = {}) const
    {
        return name.empty() ? _path : _path + "/" + name;
    }

    [[nodiscard]] bool isEmpty() const { return std::filesystem::is_empty(_path); }

private:
    std::string _path;
};

inline std::string readFile(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void writeFile(const std::string& path, const std::string& content)
{
    std::ofstream(path, std::ios::binary) << content;
}

/// All that can be read from `fd`, which is closed.
inline std::string readDescriptor(int fd)
{
    std::string content;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(fd, buffer, sizeof buffer)) > 0;)
        content.append(buffer, static_cast<std::size_t>(count));
    ::close(fd);
    return content;
}

inline std::string joined(const std::vector<mpsmtp_string>& segments)
{
    std::string content;
    for (const auto& segment : segments)
        content.append(segment.data, segment.size);
    return content;
}

/// True as soon as `condition` is; false if it is not within ten seconds.
inline bool becomesTrue(const std::function<bool()>& condition)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition())
    {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::yield();
    }
    return true;
}

} // namespace mpsmtp::delivery::test

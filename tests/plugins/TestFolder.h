// A folder that goes with the test, and what tests want to know about files.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

namespace mpsmtp::test
{

class TestFolder
{
public:
    TestFolder() : TestFolder(std::filesystem::temp_directory_path().string()) {}

    explicit TestFolder(const std::string& parent)
    {
        std::string pattern = parent + "/mpsmtp-test-XXXXXX";
        CPPUNIT_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        _path = std::filesystem::canonical(pattern).string();
    }

    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    ~TestFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(_path, ignored);
    }

    [[nodiscard]] const std::string& path() const { return _path; }

    [[nodiscard]] std::string operator/(const std::string& name) const
    {
        return _path + "/" + name;
    }

private:
    std::string _path;
};

/// Names in a folder, sorted; none if there is no such folder.
inline std::vector<std::string> namesIn(const std::string& path)
{
    std::vector<std::string> names;
    if (std::filesystem::is_directory(path))
        for (const auto& entry : std::filesystem::directory_iterator(path))
            names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// Paths of all regular files below a folder.
inline std::vector<std::string> filesBelow(const std::string& path)
{
    std::vector<std::string> files;
    if (std::filesystem::is_directory(path))
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
            if (entry.is_regular_file())
                files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

inline std::string contentOf(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    CPPUNIT_ASSERT_MESSAGE("cannot read " + path, in.good());
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void writeFile(const std::string& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary) << text;
}

inline unsigned modeOf(const std::string& path)
{
    struct stat status
    {
    };

    CPPUNIT_ASSERT_EQUAL_MESSAGE(path, 0, ::stat(path.c_str(), &status));
    return status.st_mode & 0777u;
}

/// Number of descriptors that this process has open.
inline std::size_t openDescriptors()
{
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

/// What a Python program prints; fails the test if it fails. `script` must not hold a single quote.
inline std::string python(const std::string& script, const std::string& argument)
{
    const std::string command = "python3 -c '" + script + "' '" + argument + "' 2>&1";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"),
                                                     [](FILE*) { return 0; });
    CPPUNIT_ASSERT(pipe != nullptr);
    std::string out;
    std::array<char, 4096> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;)
        out.append(buffer.data(), got);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(out, 0, ::pclose(pipe.get()));
    return out;
}

/// Waits for what another thread does.
template <class Condition>
[[nodiscard]] bool waitUntil(Condition&& condition)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition())
    {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

} // namespace mpsmtp::test

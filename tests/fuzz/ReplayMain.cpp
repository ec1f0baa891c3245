// Gives each file of the given folders to a fuzz target once: what libFuzzer's main does with a corpus, for compilers
// without it. So seeds and regressions run with every unit test, under each sanitizer too.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace
{

std::vector<std::string> filesIn(int count, char** folders)
{
    std::vector<std::string> files;
    for (int i = 0; i < count; ++i)
        if (std::filesystem::is_directory(folders[i]))
            for (const auto& entry : std::filesystem::directory_iterator(folders[i]))
                files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

void replay(const std::string& file)
{
    std::printf("%s\n", file.c_str());
    std::fflush(stdout); // an abort would keep what names the culprit
    std::ifstream in(file, std::ios::binary);
    // In a vector of its own size, so that AddressSanitizer sees a read behind the end.
    const std::vector<char> octets{std::istreambuf_iterator<char>(in), {}};
    (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(octets.data()),
                                 octets.size());
}

} // namespace

int main(int argc, char** argv)
{
    const auto files = filesIn(argc - 1, argv + 1);
    for (const std::string& file : files)
        replay(file);
    std::printf("%zu files\n", files.size());
    return files.empty() ? 1 : 0; // a folder that is not there must not look like success
}

// What this is and its thread safety: NewPlugin.h.
#include "app/NewPlugin.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

namespace mpsmtp::app
{

namespace fs = std::filesystem;

namespace
{

// The template is a project that builds as it is, so these are ordinary names.
constexpr std::string_view templateType = "my-handler";
constexpr std::string_view templateClass = "MyHandler";

constexpr std::string_view lowerCase = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view typeCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/// Targets of CMake's own, which no library may be called.
constexpr std::array<std::string_view, 11> reservedNames{"all",
                                                         "clean",
                                                         "depend",
                                                         "edit_cache",
                                                         "help",
                                                         "install",
                                                         "package",
                                                         "package_source",
                                                         "preinstall",
                                                         "rebuild_cache",
                                                         "test"};

/// A file of the new project.
struct ProjectFile
{
    std::string name;
    std::string content;
};

/// Removes what was made, newest first, unless it is kept.
class Undo
{
public:
    Undo() = default;
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;

    ~Undo()
    {
        std::error_code ignored;
        for (auto path = _made.rbegin(); path != _made.rend(); ++path)
            fs::remove(*path, ignored);
    }

    void made(fs::path path) { _made.push_back(std::move(path)); }

    void keep() noexcept { _made.clear(); }

private:
    std::vector<fs::path> _made;
};

[[noreturn]] void fail(std::error_code error, const char* what, const fs::path& path)
{
    throw std::system_error(error, std::string(what) + " " + path.string());
}

std::error_code lastError()
{
    return {errno != 0 ? errno : EIO, std::generic_category()};
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string renamed(std::string text, const std::string& type)
{
    return replaced(
        replaced(std::move(text), templateClass, classNameOf(type)), templateType, type);
}

std::string readFile(const fs::path& path)
{
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        fail(lastError(), "cannot read", path);
    return text;
}

std::vector<ProjectFile> readTemplate(const fs::path& folder, const std::string& type)
{
    std::error_code error;
    std::vector<ProjectFile> files;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
        if (entry->is_regular_file())
            files.push_back({renamed(entry->path().filename().string(), type),
                             renamed(readFile(entry->path()), type)});
    if (error)
        fail(error, "cannot read the template", folder);
    if (files.empty())
        fail(std::make_error_code(std::errc::no_such_file_or_directory),
             "cannot read the template",
             folder);
    return files;
}

/// Makes the folder with those above it. An empty one is taken as it is.
void makeFolder(const fs::path& folder, Undo& undo)
{
    std::error_code error;
    if (fs::is_directory(folder, error))
    {
        const bool isEmpty = fs::is_empty(folder, error);
        if (error)
            fail(error, "cannot read", folder);
        if (!isEmpty)
            fail(std::make_error_code(std::errc::directory_not_empty), "cannot use", folder);
        return;
    }
    if (const auto parent = folder.parent_path(); !parent.empty() && !fs::exists(parent, error))
        makeFolder(parent, undo);
    if (!fs::create_directory(folder, error))
        fail(error ? error : std::make_error_code(std::errc::file_exists), "cannot create", folder);
    undo.made(folder);
}

void writeFile(const fs::path& path, const std::string& content, Undo& undo)
{
    errno = 0;
    std::ofstream file(path, std::ios::binary);
    if (!file.is_open())
        fail(lastError(), "cannot create", path);
    undo.made(path);
    file << content;
    file.close();
    if (!file)
        fail(lastError(), "cannot write", path);
}

/// For a shell; plain words stay as they are.
std::string shellWord(const std::string& text)
{
    const auto isPlain = [](unsigned char c)
    {
        return std::isalnum(c) != 0 ||
               std::string_view("_./+=:@%-").find(char(c)) != std::string_view::npos;
    };
    if (!text.empty() && std::all_of(text.begin(), text.end(), isPlain))
        return text;
    return "'" + replaced(text, "'", "'\\''") + "'";
}

/// True where shells look for programs, and CMake for packages, without being told.
bool isStandardFolder(const std::string& programFolder)
{
    return programFolder == "/usr/bin" || programFolder == "/usr/sbin" ||
           programFolder == "/usr/local/bin" || programFolder == "/usr/local/sbin";
}

} // namespace

std::string newPluginNameProblem(std::string_view type)
{
    const std::string name = "\"" + std::string(type) + "\"";
    if (type.empty() || lowerCase.find(type.front()) == std::string_view::npos ||
        type.find_first_not_of(typeCharacters) != std::string_view::npos)
        return name + " cannot be the name of a plugin: it begins with a lower-case letter and "
                      "holds only lower-case letters, digits, '-' and '_'";
    if (std::find(reservedNames.begin(), reservedNames.end(), type) != reservedNames.end())
        return name + " cannot be the name of a plugin: CMake keeps it for itself";
    return {};
}

std::string classNameOf(std::string_view type)
{
    std::string name;
    bool isWordBegin = true;
    for (const char c : type)
    {
        const bool isLetter = lowerCase.find(c) != std::string_view::npos;
        if (c != '-' && c != '_')
            name += isWordBegin && isLetter ? static_cast<char>(c - 'a' + 'A') : c;
        isWordBegin = c == '-' || c == '_';
    }
    return name;
}

void writeNewPlugin(const std::string& type,
                    const std::string& templateFolder,
                    const std::string& folder)
{
    const auto files = readTemplate(templateFolder, type);
    // Without a slash at its end, which would stand for one more, nameless folder.
    const fs::path target = fs::path(folder + "/").parent_path();
    Undo undo;
    makeFolder(target, undo);
    for (const ProjectFile& file : files)
        writeFile(target / file.name, file.content, undo);
    undo.keep();
}

std::string nextSteps(const std::string& type,
                      const std::string& folder,
                      const std::string& programFolder,
                      const std::string& package)
{
    const bool isStandard = isStandardFolder(programFolder);
    return "The plugin \"" + type + "\" is in " + folder + "; README.md tells more. Next:\n\n" +
           "  cd " + shellWord(folder) + "\n" + "  cmake -B build" +
           (isStandard ? "" : " " + shellWord("-Dmpsmtp_DIR=" + package)) + "\n" +
           "  cmake --build build\n" + "  ctest --test-dir build\n" + "  " +
           (isStandard ? "mpsmtpd" : shellWord(programFolder + "/mpsmtpd")) + " --config " + type +
           ".ini\n";
}

} // namespace mpsmtp::app

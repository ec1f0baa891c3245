// What this is and its thread safety: Configuration.h.
#include "app/Configuration.h"

#include "app/BuiltInSections.h"
#include "app/ConfigurationBuilder.h"
#include "app/KeyTable.h"
#include "app/SectionCheck.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string_view>
#include <system_error>
#include <tuple>

namespace mpsmtp::app
{

using delivery::Problem;

namespace
{

constexpr std::size_t largestFile = 1u << 20; // people write it

void append(std::vector<Problem>& target, std::vector<Problem> more)
{
    target.insert(
        target.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

bool hasSection(const std::vector<IniSection>& sections, std::string_view kind)
{
    return std::any_of(sections.begin(),
                       sections.end(),
                       [kind](const IniSection& each)
                       { return splitSectionName(each.name).kind == kind; });
}

/// The whole file. \throws std::system_error
std::string readFile(const std::string& path)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    if (!file)
        throw std::system_error(errno, std::generic_category());
    std::string text(largestFile + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0)
        throw std::system_error(errno, std::generic_category());
    if (text.size() > largestFile)
        throw std::system_error(EFBIG, std::generic_category());
    return text;
}

} // namespace

LoadedConfiguration makeConfiguration(const std::string& source,
                                      IniDocument document,
                                      const std::vector<std::string>& settings,
                                      const Surroundings& surroundings)
{
    LoadedConfiguration result;
    result.problems = std::move(document.problems);
    auto environment = applyEnvironment(document.sections, surroundings.environment);
    append(result.problems, std::move(environment.problems));
    result.warnings = std::move(environment.warnings);
    append(result.problems, applySettings(document.sections, settings));
    append(result.problems, checkSections(document.sections));
    if (!hasSection(document.sections, "listener"))
        result.problems.push_back(
            {{source, 0}, "no listener; add a section [listener:main] with address = HOST:PORT"});
    if (!hasSection(document.sections, "handler"))
        result.problems.push_back(
            {{source, 0},
             "no handler; add a section [handler:NAME] with type = maildir or another"});
    sortProblems(result.problems);
    result.configuration = buildConfiguration(source, document.sections, surroundings);
    result.sections = std::move(document.sections);
    return result;
}

LoadedConfiguration loadConfiguration(const CommandLine& commandLine,
                                      const Surroundings& surroundings)
{
    const std::string& file = commandLine.configFile;
    const auto& settings = commandLine.settings;
    if (commandLine.command != Command::File)
        return makeConfiguration(
            "the command line", builtInSections(commandLine), settings, surroundings);
    try
    {
        return makeConfiguration(file, readIni(readFile(file), file), settings, surroundings);
    }
    catch (const std::system_error& error)
    {
        LoadedConfiguration result;
        result.problems.push_back(
            {{file, 0}, "cannot read the configuration: " + error.code().message()});
        return result;
    }
}

std::string shown(const Problem& problem)
{
    std::string text;
    if (!problem.origin.file.empty())
        text += problem.origin.file + ":";
    if (problem.origin.line != 0)
        text += std::to_string(problem.origin.line) + ":";
    return text + (text.empty() ? "" : " ") + problem.text;
}

void sortProblems(std::vector<Problem>& problems)
{
    // A list file of a route has lines of its own, which must not mix with those of the configuration.
    const auto place = [](const Problem& problem)
    {
        const bool isInFile = problem.origin.line != 0;
        return std::tuple(!isInFile,
                          isInFile ? std::string_view(problem.origin.file) : std::string_view(),
                          problem.origin.line);
    };
    std::stable_sort(problems.begin(),
                     problems.end(),
                     [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
}

} // namespace mpsmtp::app

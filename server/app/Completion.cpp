// What this is and its thread safety: Completion.h.
#include "app/Completion.h"

#include "app/BuiltInSections.h"
#include "app/CommandWords.h"
#include "app/IniReader.h"
#include "app/KeyTable.h"
#include "app/SettingCompletion.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>
#include <variant>

namespace mpsmtp::app
{

namespace
{

/// The words in front of the one that is being written.
struct Line
{
    std::vector<std::string> plain; ///< neither options nor their values
    std::set<std::string_view> options;
    const OptionWord* open = nullptr; ///< waits for the next word as its value
    std::string configFile;
};

const OptionWord* findOption(std::string_view word)
{
    const auto& options = optionWords();
    const auto name = word.substr(0, word.find('='));
    const auto found =
        std::find_if(options.begin(),
                     options.end(),
                     [&](const OptionWord& each) {
                         return each.name == name ||
                                (word.size() == 2 && word[0] == '-' && each.letter == word[1]);
                     });
    return found == options.end() ? nullptr : &*found;
}

Line readLine(const std::vector<std::string>& words)
{
    Line line;
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
    {
        const std::string& word = words[i];
        const OptionWord* option = std::exchange(line.open, nullptr);
        if (option != nullptr)
        {
            if (option->name == "--config")
                line.configFile = word;
            continue;
        }
        option = findOption(word);
        const auto equals = word.find('=');
        if (option == nullptr)
            line.plain.push_back(word);
        else if (line.options.insert(option->name);
                 option->name == "--config" && equals != std::string::npos)
            line.configFile = word.substr(equals + 1);
        else if (!option->valueName.empty() && equals == std::string::npos)
            line.open = option;
    }
    return line;
}

/// "" for what is no file of a usual size: a shell must not wait for a pipe, or for a device without end.
std::string readSmallFile(const std::string& path)
{
    constexpr std::uintmax_t most = 1 << 20;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error) ||
        std::filesystem::file_size(path, error) > most || error)
        return {};
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Of the file, or else of the command that stands there.
IniDocument sectionsOf(const Line& line)
{
    if (line.configFile.empty())
    {
        std::vector<std::string> words = line.plain;
        if (words.size() == 1 && words[0] != "debug")
            words.emplace_back("x"); // where to makes no difference
        const auto parsed = parseCommandLine(words);
        const auto* command = std::get_if<CommandLine>(&parsed);
        return command != nullptr ? builtInSections(*command) : IniDocument();
    }
    return readIni(readSmallFile(line.configFile), line.configFile);
}

void addNames(const Line& line, std::string_view kind, Completion& completion)
{
    for (const IniSection& section : sectionsOf(line).sections)
        if (const auto name = splitSectionName(section.name); name.kind == kind)
            completion.add(std::string(name.name));
}

void addAll(std::initializer_list<const char*> words, Completion& completion)
{
    for (const char* word : words)
        completion.add(word);
}

void addValues(const OptionWord& option,
               std::string_view begun,
               const Line& line,
               const Surroundings& surroundings,
               Completion& completion)
{
    if (option.name == "--set")
        completeSetting(begun, sectionsOf(line), surroundings.pluginDirectory, completion);
    else if (option.name == "--listener")
        addNames(line, "listener", completion);
    else if (option.name == "--test-handler")
        addNames(line, "handler", completion);
    else if (option.name == "--listen")
        addAll({"localhost:", "127.0.0.1:", "[::1]:", "*:", "unix:/"}, completion);
    else if (option.name == "--client")
        addAll({"127.0.0.1", "::1", "unix"}, completion);
    else if (option.name == "--from")
        addAll({"<>"}, completion);
    else if (option.valueName.substr(0, 4) == "FILE")
        completion.paths = PathKind::Files;
}

void addOptions(const Line& line, Completion& completion)
{
    for (const OptionWord& each : optionWords())
        if (each.isRepeatable || line.options.count(each.name) == 0)
            completion.add(std::string(each.name), each.doc);
}

/// A command, or what stands behind it.
void addWords(const Line& line, Completion& completion)
{
    if (line.options.count("--new-plugin") != 0)
        completion.paths = PathKind::Folders;
    else if (line.plain.empty() && line.configFile.empty())
        for (const CommandWord& each : commandWords())
            completion.add(std::string(each.name), each.doc);
    else if (line.plain.size() == 1 && line.plain[0] == "debug")
        addAll({"localhost", "127.0.0.1", "::1"}, completion);
    else if (line.plain.size() == 1)
        for (const CommandWord& each : commandWords())
            if (each.name == line.plain[0])
                completion.paths = each.pathName == "DIR" ? PathKind::Folders : PathKind::Files;
}

void keepWhatBeginsWith(const std::string& begun, Completion& completion)
{
    auto& all = completion.candidates;
    all.erase(std::remove_if(all.begin(),
                             all.end(),
                             [&](const Candidate& each)
                             { return each.word.compare(0, begun.size(), begun) != 0; }),
              all.end());
}

} // namespace

Completion complete(const std::vector<std::string>& words, const Surroundings& surroundings)
{
    const std::string begun = words.empty() ? std::string() : words.back();
    const Line line = readLine(words);
    const auto equals = begun.find('=');
    const OptionWord* glued =
        begun.compare(0, 2, "--") == 0 && equals != std::string::npos ? findOption(begun) : nullptr;
    Completion completion;
    if (line.open != nullptr)
        addValues(*line.open, begun, line, surroundings, completion);
    else if (glued != nullptr)
    {
        addValues(
            *glued, std::string_view(begun).substr(equals + 1), line, surroundings, completion);
        for (Candidate& each : completion.candidates)
            each.word.insert(0, begun, 0, equals + 1);
    }
    else if (begun.compare(0, 1, "-") == 0)
        addOptions(line, completion);
    else
        addWords(line, completion);
    keepWhatBeginsWith(begun, completion);
    return completion;
}

std::string shown(const Completion& completion)
{
    std::string text;
    for (const Candidate& each : completion.candidates)
        text += each.word + (each.doc.empty() ? "" : "\t" + each.doc) + "\n";
    if (completion.paths != PathKind::None)
        text += completion.paths == PathKind::Files ? ":files\n" : ":folders\n";
    return text;
}

} // namespace mpsmtp::app

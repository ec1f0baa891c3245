// Fuzz target: configuration files, from text to sections and from sections to a configuration; nothing is opened.
#include "app/Configuration.h"
#include "app/IniReader.h"
#include "fuzz/Fuzzing.h"

#include <algorithm>

namespace mpsmtp::fuzz
{

namespace
{

const std::string file = "fuzz.ini";

bool isSame(const app::IniDocument& a, const app::IniDocument& b)
{
    const auto sameSetting = [](const delivery::Setting& x, const delivery::Setting& y)
    { return x.key == y.key && x.value == y.value; };
    const auto sameSection = [&](const app::IniSection& x, const app::IniSection& y)
    {
        return x.name == y.name && std::equal(x.settings.begin(),
                                              x.settings.end(),
                                              y.settings.begin(),
                                              y.settings.end(),
                                              sameSetting);
    };
    return std::equal(
        a.sections.begin(), a.sections.end(), b.sections.begin(), b.sections.end(), sameSection);
}

/// As the grammar in IniReader.h would have it written.
std::string printed(const app::IniDocument& document)
{
    std::string text;
    for (const auto& section : document.sections)
    {
        text += '[' + section.name + "]\n";
        for (const auto& setting : section.settings)
        {
            text += setting.key + " = \"";
            for (const char c : setting.value)
                text += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
            text += "\"\n";
        }
    }
    return text;
}

void checkDocument(std::string_view text, const app::IniDocument& document)
{
    const auto lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n')) + 1;
    for (const auto& problem : document.problems)
    {
        REQUIRE(problem.origin.file == file && problem.origin.line >= 1 &&
                    static_cast<unsigned>(problem.origin.line) <= lines,
                problem.text);
    }
    for (const auto& section : document.sections)
        for (const auto& setting : section.settings)
        {
            REQUIRE(app::isIniKey(setting.key), shown(setting.key));
            REQUIRE(setting.value.find_first_of(std::string_view("\0\r\n\x1B\x7F", 5)) ==
                        std::string::npos,
                    shown(setting.value));
        }
    const app::IniDocument again = app::readIni(printed(document), file);
    REQUIRE(again.problems.empty(), shown(printed(document)) + again.problems.front().text);
    REQUIRE(isSame(document, again), shown(printed(document)));
}

void checkLineEnds(std::string_view text, const app::IniDocument& document)
{
    if (text.find('\r') != std::string_view::npos)
        return;
    std::string crlf;
    for (const char c : text)
        crlf += (c == '\n' ? "\r" : "") + std::string(1, c);
    const app::IniDocument same = app::readIni(crlf, file);
    REQUIRE(same.problems.size() == document.problems.size() && isSame(document, same),
            shown(text));
}

} // namespace

void run(std::string_view input)
{
    app::IniDocument document = app::readIni(input, file);
    checkDocument(input, document);
    checkLineEnds(input, document);
    const app::Surroundings surroundings{"mx.test", "/srv", "/lib/plugins", {}};
    const auto loaded = app::makeConfiguration(file, std::move(document), {}, surroundings);
    for (const auto& problem : loaded.problems)
        REQUIRE(!app::shown(problem).empty(), "a problem that says nothing");
}

} // namespace mpsmtp::fuzz

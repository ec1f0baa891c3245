// Tests of delivery/OptionTable, OptionValue and PathTemplateCheck.
#include "delivery/OptionTable.h"
#include "delivery/OptionValue.h"
#include "delivery/PathTemplateCheck.h"

#include <mpsmtp/Plugin.h>

#include <cppunit/extensions/HelperMacros.h>

using namespace mpsmtp::delivery;
using mpsmtp::Option;

namespace
{

mpsmtp_option optionOf(Option::Type type)
{
    return Option{"key", type, mpsmtp::Optional, nullptr, "", "lf|crlf|keep"}.abi();
}

/// "good: VALUE" or "bad: MISTAKE".
std::string shown(Option::Type type, std::string_view text)
{
    const auto result = canonicalValue(optionOf(type), text, "/base");
    return result.isGood() ? "good: " + result.value : "bad: " + result.mistake;
}

const auto& table()
{
    static const auto options = mpsmtp::detail::optionTable(
        {{"path", Option::Template, mpsmtp::Required, nullptr, "where the mail goes"},
         {"mode", Option::Octal, mpsmtp::Optional, "0600", "mode of new files"},
         {"quota", Option::Size, mpsmtp::Optional, nullptr, "most octets"},
         {"token", Option::Secret, mpsmtp::Optional, nullptr, "a secret"}});
    return options;
}

mpsmtp_plugin pluginWithTable()
{
    mpsmtp_plugin plugin{};
    plugin.options = table().data();
    plugin.option_count = table().size();
    return plugin;
}

struct Checked
{
    OptionValues values;
    std::vector<std::string> problems;
};

/// Settings stand on lines 11, 12, …; the section's head on line 10.
Checked check(const std::vector<std::pair<std::string, std::string>>& settings)
{
    HandlerConfig section;
    section.name = "box";
    section.origin = {"f.ini", 10};
    for (const auto& [key, value] : settings)
        section.settings.push_back(
            {key, value, {"f.ini", static_cast<unsigned>(11 + section.settings.size())}});
    std::vector<Problem> problems;
    Checked result;
    result.values = checkOptions(pluginWithTable(), section, "/base", problems);
    for (const Problem& problem : problems)
        result.problems.push_back(std::to_string(problem.origin.line) + ": " + problem.text);
    return result;
}

} // namespace

class OptionTableTest : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(OptionTableTest);
    CPPUNIT_TEST(eachTypeHasACanonicalForm);
    CPPUNIT_TEST(namesInTemplatesAreChecked);
    CPPUNIT_TEST(percentOfTheBaseFolderIsEscaped);
    CPPUNIT_TEST(defaultsFillWhatIsNotSet);
    CPPUNIT_TEST(everyMistakeIsReportedAtOnce);
    CPPUNIT_TEST(repeatedKeyIsReported);
    CPPUNIT_TEST(wrongDefaultIsThePluginsMistake);
    CPPUNIT_TEST(typeOfANewerServerIsReported);
    CPPUNIT_TEST_SUITE_END();

public:
    void eachTypeHasACanonicalForm()
    {
        struct Row
        {
            const char* why;
            Option::Type type;
            std::string_view text;
            std::string expected;
        };

        for (const Row& row :
             {Row{"string", Option::String, " any thing", "good:  any thing"},
              Row{"empty string", Option::String, "", "good: "},
              Row{"secret", Option::Secret, "p%ss", "good: p%ss"},
              Row{"absolute path", Option::Path, "/a/../b", "good: /b"},
              Row{"relative path", Option::Path, "./a/b", "good: /base/a/b"},
              Row{"no path", Option::Path, "", "bad: write a path"},
              Row{"absolute template", Option::Template, "/m/%{rcpt}", "good: /m/%{rcpt}"},
              Row{"relative template", Option::Template, "m/%{rcpt}", "good: /base/m/%{rcpt}"},
              Row{"template from here", Option::Template, "./m/x", "good: /base/m/x"},
              Row{"no template", Option::Template, "", "bad: write a path"},
              Row{"int", Option::Int, "-25", "good: -25"},
              Row{"no int", Option::Int, "many", "bad: write a whole number such as 0, 25 or -1"},
              Row{"bool", Option::Bool, "On", "good: 1"},
              Row{"bool", Option::Bool, "no", "good: 0"},
              Row{"no bool", Option::Bool, "maybe", "bad: write yes or no"},
              Row{"size", Option::Size, "10K", "good: 10240"},
              Row{"no size", Option::Size, "10X", "bad: write a size such as 500, 10K, 50M or 2G"},
              Row{"duration", Option::Duration, "5m", "good: 300000"},
              Row{"no duration",
                  Option::Duration,
                  "soon",
                  "bad: write a duration such as 250ms, 30s, 5m, 12h or 7d"},
              Row{"octal", Option::Octal, "0640", "good: 416"},
              Row{"no octal", Option::Octal, "rw", "bad: write an octal file mode such as 0600"},
              Row{"enum", Option::Enum, "crlf", "good: crlf"},
              Row{"enum in another case", Option::Enum, "CRLF", "good: crlf"},
              Row{"no enum",
                  Option::Enum,
                  "clrf",
                  "bad: write lf, crlf or keep (did you mean \"crlf\"?)"},
              Row{"empty enum", Option::Enum, "", "bad: write lf, crlf or keep"},
              Row{"list", Option::List, "a, b ,,c", "good: a\nb\nc"},
              Row{"empty list", Option::List, "", "good: "},
              Row{"cidr", Option::Cidr, "10.0.0.0/8, ::1", "good: 10.0.0.0/8\n::1"},
              Row{"no cidr",
                  Option::Cidr,
                  "::1, ten",
                  "bad: \"ten\" is not an address or network such as 192.0.2.1, 192.0.2.0/24 or "
                  "2001:db8::/32"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, shown(row.type, row.text));
    }

    void namesInTemplatesAreChecked()
    {
        for (const char* text : {"plain",
                                 "%{rcpt}",
                                 "%{rcpt.user}/%{rcpt.domain:lowercase}",
                                 "%{rcpt.detail}%{rcpt.mailbox}",
                                 "%{sender}%{sender.user}%{sender.domain}",
                                 "%{client}%{listener}%{id}",
                                 "%{date:%Y/%m}",
                                 "%{date:%b:lowercase}",
                                 "100%",
                                 "%%{rcpt",
                                 "a%b"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string(), templateMistake(text));

        struct Row
        {
            const char* why;
            std::string_view text;
            std::string expected;
        };

        for (const Row& row :
             {Row{"misspelt", "%{rcpt.usr}", "unknown %{rcpt.usr} (did you mean \"rcpt.user\"?)"},
              Row{"nothing near", "%{zzzzzzzz}", "unknown %{zzzzzzzz}"},
              Row{"empty", "%{}", "unknown %{}"},
              Row{"the second one", "%{rcpt}/%{domain.x}", "unknown %{domain.x}"},
              Row{"not closed", "a/%{rcpt", "\"%{\" without \"}\""},
              Row{"modifier",
                  "%{rcpt:upper}",
                  "unknown \":upper\" in %{rcpt:upper}: the only modifier is \":lowercase\""},
              Row{"date without format",
                  "%{date}",
                  "%{date:FORMAT} needs a format, as in %{date:%Y-%m-%d}"},
              Row{"date with an empty format",
                  "%{date:}",
                  "%{date:FORMAT} needs a format, as in %{date:%Y-%m-%d}"},
              Row{"behind an escaped percent", "%%%{x.y.z}", "unknown %{x.y.z}"}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(row.why, row.expected, templateMistake(row.text));
    }

    void percentOfTheBaseFolderIsEscaped()
    {
        const auto result = canonicalValue(optionOf(Option::Template), "%{rcpt}", "/odd%{rcpt}");
        CPPUNIT_ASSERT_EQUAL(std::string("/odd%%{rcpt}/%{rcpt}"), result.value);
    }

    void defaultsFillWhatIsNotSet()
    {
        const Checked checked = check({{"path", "/mail"}});
        CPPUNIT_ASSERT(checked.problems.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("/mail"), *checked.values.find("path"));
        CPPUNIT_ASSERT_EQUAL(std::string("384"), *checked.values.find("mode"));
        CPPUNIT_ASSERT(!checked.values.find("quota"));
        CPPUNIT_ASSERT(!checked.values.find("unknown"));
    }

    void everyMistakeIsReportedAtOnce()
    {
        const Checked checked = check({{"pth", "/mail"}, {"mode", "rw"}, {"zebra", "1"}});
        const std::vector<std::string> expected{
            "11: [handler:box] unknown key \"pth\" (did you mean \"path\"?)",
            "12: [handler:box] bad value \"rw\" for \"mode\": write an octal file mode such as "
            "0600",
            "13: [handler:box] unknown key \"zebra\"",
            "10: [handler:box] \"path\" is missing: where the mail goes"};
        CPPUNIT_ASSERT(expected == checked.problems);
    }

    void repeatedKeyIsReported()
    {
        const Checked checked = check({{"path", "/a"}, {"path", "/b"}});
        const std::vector<std::string> expected{
            "12: [handler:box] \"path\" is set twice (first on line 11)"};
        CPPUNIT_ASSERT(expected == checked.problems);
    }

    void wrongDefaultIsThePluginsMistake()
    {
        const auto options = mpsmtp::detail::optionTable(
            {{"mode", Option::Octal, mpsmtp::Optional, "rw", "mode of new files"}});
        mpsmtp_plugin plugin{};
        plugin.options = options.data();
        plugin.option_count = options.size();
        std::vector<Problem> problems;
        (void)checkOptions(plugin, HandlerConfig(), "/base", problems);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, problems.size());
        CPPUNIT_ASSERT_EQUAL(
            std::string("[handler:] the plugin's own default \"rw\" for \"mode\" is wrong: "
                        "write an octal file mode such as 0600"),
            problems[0].text);
    }

    void typeOfANewerServerIsReported()
    {
        mpsmtp_option option = optionOf(Option::String);
        option.type = 99;
        CPPUNIT_ASSERT(!canonicalValue(option, "x", "/base").isGood());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OptionTableTest);

// What this is and its thread safety: OptionTable.h.
#include "delivery/OptionTable.h"

#include "delivery/OptionValue.h"
#include "delivery/Suggestion.h"

#include <mpsmtp/Reply.h>

#include <algorithm>

namespace mpsmtp::delivery
{

namespace
{

using mpsmtp::detail::fromAbi;

class Checker
{
public:
    Checker(const mpsmtp_plugin& plugin,
            const HandlerConfig& section,
            const std::string& baseDirectory,
            std::vector<Problem>& problems)
        : _section(section), _baseDirectory(baseDirectory), _problems(problems)
    {
        for (std::size_t i = 0; i < plugin.option_count; ++i)
            _options.push_back(plugin.options[i]);
    }

    OptionValues check()
    {
        for (const Setting& setting : _section.settings)
            checkSetting(setting);
        for (const mpsmtp_option* option : _options)
            if (!isSet(*option))
                useDefault(*option);
        return std::move(_values);
    }

private:
    void report(const Origin& origin, const std::string& text)
    {
        _problems.push_back({origin, "[handler:" + _section.name + "] " + text});
    }

    const mpsmtp_option* find(std::string_view key) const
    {
        const auto found =
            std::find_if(_options.begin(),
                         _options.end(),
                         [key](const mpsmtp_option* each) { return fromAbi(each->key) == key; });
        return found == _options.end() ? nullptr : *found;
    }

    bool isSet(const mpsmtp_option& option) const
    {
        return std::any_of(_section.settings.begin(),
                           _section.settings.end(),
                           [&](const Setting& each) { return each.key == fromAbi(option.key); });
    }

    void checkSetting(const Setting& setting)
    {
        const mpsmtp_option* option = find(setting.key);
        if (!option)
            reportUnknown(setting);
        else if (const Setting* first = earlier(setting); first != nullptr)
            report(setting.origin, '"' + setting.key + "\" is set twice" + onLine(first->origin));
        else
            checkValue(*option, setting);
    }

    /// The setting with the same key that stands before this one.
    const Setting* earlier(const Setting& setting) const
    {
        for (const Setting& each : _section.settings)
        {
            if (&each == &setting)
                return nullptr;
            if (each.key == setting.key)
                return &each;
        }
        return nullptr;
    }

    static std::string onLine(const Origin& origin)
    {
        return origin.line == 0 ? "" : " (first on line " + std::to_string(origin.line) + ")";
    }

    void reportUnknown(const Setting& setting)
    {
        std::vector<std::string_view> keys = _section.serverKeys;
        for (const mpsmtp_option* option : _options)
            keys.push_back(fromAbi(option->key));
        report(setting.origin,
               "unknown key \"" + setting.key + '"' + didYouMean(setting.key, keys));
    }

    void checkValue(const mpsmtp_option& option, const Setting& setting)
    {
        CanonicalValue result = canonicalValue(option, setting.value, _baseDirectory);
        if (!result.isGood())
            report(setting.origin,
                   "bad value \"" + setting.value + "\" for \"" + setting.key +
                       "\": " + result.mistake);
        _values.set(setting.key, std::move(result.value));
    }

    void useDefault(const mpsmtp_option& option)
    {
        const std::string key(fromAbi(option.key));
        if (option.required != 0)
            report(_section.origin,
                   '"' + key + "\" is missing: " + std::string(fromAbi(option.doc)));
        if (option.required != 0 || option.has_default == 0)
            return;
        const std::string_view text = fromAbi(option.default_value);
        CanonicalValue result = canonicalValue(option, text, _baseDirectory);
        if (!result.isGood())
            report(_section.origin,
                   "the plugin's own default \"" + std::string(text) + "\" for \"" + key +
                       "\" is wrong: " + result.mistake);
        _values.set(key, std::move(result.value));
    }

    const HandlerConfig& _section;
    const std::string& _baseDirectory;
    std::vector<Problem>& _problems;
    std::vector<const mpsmtp_option*> _options;
    OptionValues _values;
};

} // namespace

OptionValues checkOptions(const mpsmtp_plugin& plugin,
                          const HandlerConfig& section,
                          const std::string& baseDirectory,
                          std::vector<Problem>& problems)
{
    return Checker(plugin, section, baseDirectory, problems).check();
}

} // namespace mpsmtp::delivery

// Makes mail safe to look at: what would command a terminal, or hide or reorder text, is shown as
// \xHH.
// Thread safety: [connection].
#pragma once

#include <string>
#include <string_view>

namespace mpsmtp::console
{

/// Escapes octets in order, however they are cut.
class TerminalText
{
public:
    enum class Form
    {
        Lines, ///< LF and TAB stay
        Line   ///< one line whatever it holds: they and the backslash are escaped too
    };

    explicit TerminalText(Form form) noexcept : _form(form) {}

    /// Appends the visible form of `octets`; a code point that is cut at the end waits for the
    /// rest.
    void append(std::string_view octets, std::string& out);

    /// End of input.
    void finish(std::string& out);

private:
    void appendWhole(std::string_view octets, bool isEnd, std::string& out);
    [[nodiscard]] bool isShown(char32_t codePoint) const noexcept;

    const Form _form;
    std::string _cut; // 1..3 octets that may become a code point
};

/// `text` in Form::Line.
[[nodiscard]] std::string asLine(std::string_view text);

} // namespace mpsmtp::console

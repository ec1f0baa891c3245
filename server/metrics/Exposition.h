// The two text forms in which a scraper reads metrics: Prometheus' text format 0.0.4 and OpenMetrics 1.0.
// Leaves to others: what is told (Report).
// https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/
// Thread safety: [connection].
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace mpsmtp::metrics
{

enum class Format
{
    Text,
    OpenMetrics
};

/// For the Content-Type of HTTP.
[[nodiscard]] std::string_view contentType(Format format) noexcept;

enum class Kind
{
    Counter,
    Gauge,
    Histogram,
    Info
};

struct Label
{
    std::string_view name;
    std::string_view value; ///< any UTF-8; escaped
};

using Labels = std::initializer_list<Label>;

class Exposition
{
public:
    explicit Exposition(Format format) noexcept : _format(format) {}

    /// What follows belongs to `name`, which has its unit at its end but no _total and no _info.
    /// \param unit "seconds", "bytes" or ""
    /// \param help one sentence
    void family(Kind kind, std::string_view name, std::string_view unit, std::string_view help);

    void sample(Labels labels, std::uint64_t value);
    void sample(Labels labels, double value);

    /// A histogram's buckets have to come in order, then its end.
    /// \param bound of the bucket; below 0: the last one, without a bound
    /// \param count of it and all before it
    void bucket(Labels labels, double bound, std::uint64_t count);
    void endHistogram(Labels labels, double sum, std::uint64_t count);

    /// The whole text; nothing may follow.
    [[nodiscard]] std::string finish();

private:
    void comment(std::string_view word, std::string_view text);
    void
    line(std::string_view suffix, Labels labels, std::string_view bound, std::string_view value);

    const Format _format;
    Kind _kind = Kind::Gauge;
    std::string _name;
    std::string _text;
};

} // namespace mpsmtp::metrics

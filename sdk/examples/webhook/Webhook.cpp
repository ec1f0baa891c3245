// An example: tells a chat of each message, by a webhook that takes {"text": "…"} as those of Mattermost and Slack do.
//
// The mail is stored by others. Configured with `required = no` it is told after the client has its 250, and a chat that
// is down loses nothing but the message in the chat.
#include <mpsmtp/Plugin.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <curl/curl.h>

namespace
{

/// Octets of the UTF-8 sequence that `text` begins with (RFC 3629 4); 0 if it begins with none.
std::size_t utf8Length(std::string_view text)
{
    const auto octet = [text](std::size_t i)
    { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const unsigned first = octet(0);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                               : first >= 0xE0 && first <= 0xEF ? 3
                               : first >= 0xF0 && first <= 0xF4 ? 4
                                                                : 0;
    for (std::size_t i = 1; i < length; ++i)
        if (octet(i) < 0x80 || octet(i) > 0xBF)
            return 0;
    const bool isWrong = (first == 0xE0 && octet(1) < 0xA0) || // longer than it need be
                         (first == 0xED && octet(1) > 0x9F) || // half of a UTF-16 pair
                         (first == 0xF0 && octet(1) < 0x90) || // longer than it need be
                         (first == 0xF4 && octet(1) > 0x8F);   // beyond Unicode
    return isWrong ? 0 : length;
}

/// A JSON string (RFC 8259 7) of any octets: what is no UTF-8 becomes U+FFFD.
std::string jsonString(std::string_view text)
{
    std::string json = "\"";
    while (!text.empty())
    {
        const std::size_t length = utf8Length(text);
        const auto octet = static_cast<unsigned char>(text.front());
        if (length == 0)
            json += "\xEF\xBF\xBD";
        else if (octet < 0x20)
        {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", octet);
            json += escape.data();
        }
        else if (octet == '"' || octet == '\\')
            json.append("\\").append(text.substr(0, 1));
        else
            json += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return json + '"';
}

/// The first few, and how many more there are.
std::string shown(const mpsmtp::Recipients& recipients)
{
    constexpr std::size_t most = 5;
    std::string list;
    for (std::size_t i = 0; i < std::min(most, recipients.size()); ++i)
        list.append(i == 0 ? "" : ", ").append(recipients[i].address());
    if (recipients.size() > most)
        list += " and " + std::to_string(recipients.size() - most) + " more";
    return list;
}

/// As it was sent but on one line: encoded words (RFC 2047) are not decoded.
std::string subjectOf(const mpsmtp::Message& message)
{
    std::string subject(message.find("Subject").value_or("(no subject)"));
    const auto isLineEnd = [](char c) { return c == '\r' || c == '\n'; };
    subject.erase(std::remove_if(subject.begin(), subject.end(), isLineEnd), subject.end());
    subject.erase(0, subject.find_first_not_of(' '));
    return subject;
}

/// What curl gives must be given back.
struct Free
{
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }

    void operator()(curl_slist* list) const { curl_slist_free_all(list); }

    void operator()(CURLU* url) const { curl_url_cleanup(url); }

    void operator()(char* text) const { curl_free(text); }
};

std::string partOf(CURLU* url, CURLUPart part)
{
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
        return "";
    const std::unique_ptr<char, Free> owner(text);
    return text;
}

bool isThisMachine(const std::string& host)
{
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/// Whoever knows a webhook's address can write to the chat, so it does not travel in the clear.
void checkUrl(const std::string& text)
{
    const std::unique_ptr<CURLU, Free> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        throw std::invalid_argument("url is not a URL");
    const std::string scheme = partOf(url.get(), CURLUPART_SCHEME);
    const bool isLocal = scheme == "http" && isThisMachine(partOf(url.get(), CURLUPART_HOST));
    if (scheme != "https" && !isLocal)
        throw std::invalid_argument("url must begin with https://; http:// is for localhost");
}

std::size_t ignoreAnswer(char*, std::size_t, std::size_t count, void*)
{
    return count;
}

class Webhook : public mpsmtp::Handler
{
public:
    explicit Webhook(const mpsmtp::Context& context)
        : _clock(context.clock),
          _url(context.config.string("url")),
          _timeout(context.config.duration("timeout"))
    {
        checkUrl(_url);
        if (_timeout.count() < 1)
            throw std::invalid_argument("timeout must be at least 1ms");
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw std::runtime_error("libcurl cannot be initialised");
    }

    mpsmtp::Report deliver(mpsmtp::Envelope& envelope,
                           const mpsmtp::Recipients& recipients,
                           mpsmtp::Message& message) override
    {
        const std::string sender(envelope.reversePath());
        post("{\"text\": " +
                 jsonString("Mail from " + (sender.empty() ? "nobody" : sender) + " to " +
                            shown(recipients) + ", " + std::to_string(message.size()) +
                            " octets: " + subjectOf(message)) +
                 "}",
             timeLeft(envelope.session().deadline()));
        return {};
    }

private:
    /// The server waits for a handler no longer than to the deadline.
    [[nodiscard]] std::chrono::milliseconds
    timeLeft(std::chrono::steady_clock::time_point deadline) const
    {
        const auto now = _clock.steady();
        if (deadline <= now)
            throw std::runtime_error("no time left");
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now);
        // For curl 0 would mean: no limit.
        return std::max(std::chrono::milliseconds(1), std::min(_timeout, left));
    }

    /// \throws std::runtime_error if the chat has not taken it; the server logs its text
    void post(const std::string& json, std::chrono::milliseconds timeout) const
    {
        const std::unique_ptr<CURL, Free> handle(curl_easy_init()); // one for each call: threads
        const std::unique_ptr<curl_slist, Free> headers(
            curl_slist_append(nullptr, "Content-Type: application/json"));
        if (!handle || !headers)
            throw std::bad_alloc();
        CURL* curl = handle.get();
        curl_easy_setopt(curl, CURLOPT_URL, _url.c_str());
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json.c_str());
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); // a signal would end some other thread's call
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignoreAnswer);
        if (_url.compare(0, 5, "http:") == 0)
            curl_easy_setopt(curl, CURLOPT_PROXY, ""); // this machine is not behind a proxy
        const CURLcode result = curl_easy_perform(curl);
        if (result != CURLE_OK)
            throw std::runtime_error(std::string("webhook: ") + curl_easy_strerror(result));
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        if (status < 200 || status > 299)
            throw std::runtime_error("webhook: HTTP status " + std::to_string(status));
    }

    const mpsmtp::Clock _clock;
    const std::string _url;
    const std::chrono::milliseconds _timeout;
};

} // namespace

MPSMTP_PLUGIN(Webhook,
              "webhook",
              "1.0",
              {{"url",
                mpsmtp::Option::Secret,
                mpsmtp::Required,
                nullptr,
                "where to post; https, or http on this machine"},
               {"timeout",
                mpsmtp::Option::Duration,
                mpsmtp::Optional,
                "5s",
                "longest wait for the chat's server"}})

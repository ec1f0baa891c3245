// A mail transaction for handlers under test: envelope and content, owned by the test.
#pragma once

#include "plugins/TestHost.h"

#include <deque>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace mpsmtp::test
{

class TestMail
{
public:
    explicit TestMail(TestHost& host, std::string content = "Subject: hello\r\n\r\nhey there!\r\n")
        : _host(host)
    {
        _session.size = sizeof(_session);
        _session.client_address = detail::toAbi("192.0.2.1");
        _session.helo = detail::toAbi("client.example");
        _session.listener = detail::toAbi("main");
        _session.server_name = detail::toAbi("mx.example.com");
        this->content({std::move(content)});
    }

    TestMail(const TestMail&) = delete;
    TestMail& operator=(const TestMail&) = delete;

    TestMail& rcpt(std::string local, std::string domain = "example.com")
    {
        _locals.push_back(std::move(local));
        _domains.push_back(std::move(domain));
        _addresses.push_back(_locals.back() + "@" + _domains.back());
        mpsmtp_recipient recipient{};
        recipient.size = sizeof(recipient);
        recipient.address = detail::toAbi(_addresses.back());
        recipient.local_part = detail::toAbi(_locals.back());
        recipient.domain = detail::toAbi(_domains.back());
        recipient.original = recipient.address;
        _recipients.push_back(recipient);
        _recipientPointers.push_back(&_recipients.back());
        _indices.push_back(static_cast<std::uint32_t>(_indices.size()));
        return *this;
    }

    TestMail& from(std::string sender)
    {
        _sender = std::move(sender);
        return *this;
    }

    TestMail& body(BodyType type)
    {
        _body = type;
        return *this;
    }

    TestMail& client(std::string address)
    {
        _client = std::move(address);
        _session.client_address = detail::toAbi(_client);
        return *this;
    }

    TestMail& content(std::vector<std::string> segments)
    {
        _segments = std::move(segments);
        return *this;
    }

    TestMail& header(const std::string& name, const std::string& value)
    {
        _texts.push_back(name);
        const mpsmtp_string first = detail::toAbi(_texts.back());
        _texts.push_back(value);
        _headers.push_back({sizeof(mpsmtp_header), 0, first, detail::toAbi(_texts.back())});
        _data.headers.push_back(&_headers.back());
        return *this;
    }

    TestMail& helo(std::string name)
    {
        _helo = std::move(name);
        _session.helo = detail::toAbi(_helo);
        return *this;
    }

    TestMail& identity(std::string name)
    {
        _identity = std::move(name);
        _session.auth_identity = detail::toAbi(_identity);
        return *this;
    }

    /// When the hooks shall have returned, by the host's clock.
    TestMail& deadline(std::chrono::steady_clock::time_point when)
    {
        _session.deadline = std::chrono::nanoseconds(when.time_since_epoch()).count();
        return *this;
    }

    /// onRcpt of a handler for the last recipient.
    [[nodiscard]] Verdict judgedBy(Handler& handler, Redirects& redirects)
    {
        Envelope envelopeView = envelope();
        Session session = envelopeView.session();
        NewRecipient recipient(_host.table(), redirects.target(), _recipients.back());
        return handler.onRcpt(session, envelopeView, recipient);
    }

    /// The header section as a handler's onMessage leaves it, with LF.
    [[nodiscard]] std::string headerEditedBy(Handler& handler)
    {
        Envelope envelopeView = envelope();
        Session session = envelopeView.session();
        Message messageView = message();
        _data.edits.clear();
        (void)handler.onMessage(session, envelopeView, messageView);
        return editedHeader();
    }

    [[nodiscard]] std::string content() const
    {
        return std::accumulate(_segments.begin(), _segments.end(), std::string());
    }

    /// Views; valid until the mail is changed.
    [[nodiscard]] Envelope envelope()
    {
        _rawEnvelope.size = sizeof(_rawEnvelope);
        _rawEnvelope.body = static_cast<std::uint32_t>(_body);
        _rawEnvelope.session = &_session;
        _rawEnvelope.id = detail::toAbi("4711-1");
        _rawEnvelope.reverse_path = detail::toAbi(_sender);
        _rawEnvelope.recipient_count = static_cast<std::uint32_t>(_recipients.size());
        _rawEnvelope.recipients = _recipientPointers.data();
        _rawEnvelope.received_at = 1767225600; // 2026-01-01 00:00:00 UTC
        return {_host.table(), _rawEnvelope};
    }

    [[nodiscard]] Recipients recipients()
    {
        (void)envelope();
        return {_rawEnvelope, _indices.data(), _indices.size()};
    }

    [[nodiscard]] Message message()
    {
        _rawSegments.clear();
        _rawMessage.content_size = 0;
        for (const std::string& segment : _segments)
        {
            _rawSegments.push_back(detail::toAbi(segment));
            _rawMessage.content_size += segment.size();
        }
        _rawMessage.size = sizeof(_rawMessage);
        _rawMessage.segment_count = static_cast<std::uint32_t>(_rawSegments.size());
        _rawMessage.segments = _rawSegments.data();
        _rawMessage.trace = detail::toAbi(trace);
        _rawMessage.data = reinterpret_cast<mpsmtp_message_data*>(&_data);
        return {_host.table(), _rawMessage};
    }

    /// stage() of a handler.
    [[nodiscard]] Stage stagedBy(Handler& handler)
    {
        Envelope envelopeView = envelope();
        Message messageView = message();
        return handler.stage(envelopeView, recipients(), messageView);
    }

    /// All of a two-phase delivery. Whoever only has failures to report delivers nothing.
    Report deliveredBy(Handler& handler)
    {
        _keptEnvelope.emplace_back(envelope());
        _keptMessage.emplace_back(message());
        Stage stage = handler.stage(_keptEnvelope.back(), recipients(), _keptMessage.back());
        if (stage.work)
        {
            stage.work->persist();
            stage.work->commit();
        }
        return stage.report;
    }

    static constexpr std::string_view trace = "Received: from client.example ([192.0.2.1])\r\n\tby "
                                              "mx.example.com with ESMTP id 4711-1;\r\n"
                                              "\tThu, 1 Jan 2026 00:00:00 +0000\r\n";

    /// What a store puts on top with its default options, with LF.
    [[nodiscard]] static std::string fields(const std::string& sender, const std::string& recipient)
    {
        std::string lines(trace);
        lines.erase(std::remove(lines.begin(), lines.end(), '\r'), lines.end());
        return "Return-Path: <" + sender + ">\nDelivered-To: " + recipient + "\n" + lines;
    }

private:
    /// As the server makes them: what is prepended, the last one first; then each field, behind what
    /// was inserted in front of it.
    [[nodiscard]] std::string editedHeader() const
    {
        std::string text;
        for (const auto& edit : _data.edits)
            if (edit.kind == MPSMTP_EDIT_PREPEND)
                text.insert(0, edit.name + ": " + edit.value + "\n");
        for (std::size_t i = 0; i <= _headers.size(); ++i)
            text += editedField(i);
        text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
        return text;
    }

    [[nodiscard]] std::string editedField(std::size_t index) const
    {
        std::string inserted, field;
        if (index < _headers.size())
            field = std::string(detail::fromAbi(_headers[index].name)) + ":" +
                    std::string(detail::fromAbi(_headers[index].value)) + "\n";
        for (const auto& edit : _data.edits)
        {
            if (edit.index != index)
                continue;
            if (edit.kind == MPSMTP_EDIT_INSERT)
                inserted += edit.name + ": " + edit.value + "\n";
            else if (edit.kind == MPSMTP_EDIT_CHANGE)
                field =
                    std::string(detail::fromAbi(_headers[index].name)) + ": " + edit.value + "\n";
        }
        const bool isDeleted =
            std::any_of(_data.edits.begin(),
                        _data.edits.end(),
                        [&](const auto& edit)
                        { return edit.kind == MPSMTP_EDIT_DELETE && edit.index == index; });
        return inserted + (isDeleted ? "" : field);
    }

    TestHost& _host;
    mpsmtp_session _session{};
    std::string _sender = "sender@example.org";
    std::string _client;
    std::string _helo;
    std::string _identity;
    BodyType _body = BodyType::SevenBit;
    std::deque<std::string> _locals, _domains, _addresses, _texts; // stable addresses
    std::deque<mpsmtp_recipient> _recipients;
    std::vector<const mpsmtp_recipient*> _recipientPointers;
    std::vector<std::uint32_t> _indices;
    std::vector<std::string> _segments;
    std::vector<mpsmtp_string> _rawSegments;
    std::deque<mpsmtp_header> _headers;
    MessageData _data;
    mpsmtp_envelope _rawEnvelope{};
    mpsmtp_message _rawMessage{};
    std::deque<Envelope> _keptEnvelope;
    std::deque<Message> _keptMessage;
};

} // namespace mpsmtp::test

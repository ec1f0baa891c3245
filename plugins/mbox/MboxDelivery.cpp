#include "mbox/MboxDelivery.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

namespace mpsmtp::mbox
{

void MboxDelivery::add(std::shared_ptr<Mailbox> mailbox, Letter letter)
{
    auto post = std::find_if(
        _posts.begin(), _posts.end(), [&](const Post& other) { return other.mailbox == mailbox; });
    if (post == _posts.end())
    {
        _posts.push_back({std::move(mailbox), {}, {}});
        post = std::prev(_posts.end());
    }
    post->letters.push_back(std::move(letter));
}

void MboxDelivery::persist()
{
    for (Post& post : _posts)
    {
        const std::uint64_t octets = std::accumulate(post.letters.begin(),
                                                     post.letters.end(),
                                                     std::uint64_t{0},
                                                     [](std::uint64_t sum, const Letter& letter)
                                                     { return sum + letter.octets(); });
        post.reservation = Reservation(*post.mailbox, octets);
    }
}

void MboxDelivery::commit()
{
    for (const Post& post : _posts)
        post.mailbox->append(post.letters);
}

} // namespace mpsmtp::mbox

/* Covers the calls on sockets and what waits for them. */
#include "control.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define ON_SOCKET(call, name, parameters, arguments)                                               \
    COVER(int, -1, name, parameters, arguments, step(CALL_##call, #name))

ON_SOCKET(accept, accept, (int fd, struct sockaddr* peer, socklen_t* length), (fd, peer, length))
ON_SOCKET(accept,
          accept4,
          (int fd, struct sockaddr* peer, socklen_t* length, int flags),
          (fd, peer, length, flags))
ON_SOCKET(poll, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
ON_SOCKET(poll,
          ppoll,
          (struct pollfd * fds, nfds_t count, const struct timespec* timeout, const sigset_t* mask),
          (fds, count, timeout, mask))
ON_SOCKET(epoll_wait,
          epoll_wait,
          (int fd, struct epoll_event* events, int most, int timeout),
          (fd, events, most, timeout))
ON_SOCKET(epoll_ctl,
          epoll_ctl,
          (int at, int operation, int fd, struct epoll_event* event),
          (at, operation, fd, event))
ON_SOCKET(eventfd, eventfd, (unsigned count, int flags), (count, flags))
ON_SOCKET(shutdown, shutdown, (int fd, int how), (fd, how))
ON_SOCKET(setsockopt,
          setsockopt,
          (int fd, int level, int name, const void* value, socklen_t length),
          (fd, level, name, value, length))
ON_SOCKET(getsockopt,
          getsockopt,
          (int fd, int level, int name, void* value, socklen_t* length),
          (fd, level, name, value, length))
ON_SOCKET(getsockname,
          getsockname,
          (int fd, struct sockaddr* own, socklen_t* length),
          (fd, own, length))
ON_SOCKET(getpeername,
          getpeername,
          (int fd, struct sockaddr* peer, socklen_t* length),
          (fd, peer, length))

COVER_TRANSFER(recv,
               (int fd, void* octets, size_t size, int flags),
               (fd, octets, size, flags),
               step(CALL_recv, "recv"))
COVER_TRANSFER(
    recvfrom,
    (int fd, void* octets, size_t size, int flags, struct sockaddr* peer, socklen_t* length),
    (fd, octets, size, flags, peer, length),
    step(CALL_recv, "recvfrom"))
COVER_TRANSFER(send,
               (int fd, const void* octets, size_t size, int flags),
               (fd, octets, size, flags),
               step(CALL_send, "send"))
COVER_TRANSFER(sendto,
               (int fd,
                const void* octets,
                size_t size,
                int flags,
                const struct sockaddr* peer,
                socklen_t length),
               (fd, octets, size, flags, peer, length),
               step(CALL_send, "sendto"))
COVER(ssize_t,
      -1,
      sendmsg,
      (int fd, const struct msghdr* message, int flags),
      (fd, message, flags),
      step(CALL_sendmsg, "sendmsg"))

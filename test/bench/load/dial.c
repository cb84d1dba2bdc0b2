#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  DIGEST_DIGITS = 40,
  /* Every loopback address has ports of its own, so that none run out: 127.0.1.1, 127.0.1.2 and so on. */
  SOURCE_ADDRESSES = 16,
  FIRST_SOURCE = 0x7f000101,
};

static struct sockaddr_in address_of(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("read the address to dial");
  return address;
}

static int open_socket(int flags) {
  static unsigned turn;
  const int on = 1;
  const struct sockaddr_in source = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(FIRST_SOURCE + turn++ % SOURCE_ADDRESSES)};
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) die("open a socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  /* The port is then chosen by connect(2), for this destination alone. */
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(fd, (const struct sockaddr *)&source, sizeof source) < 0) die("bind a socket");
  return fd;
}

int begin_dial(const struct plan *plan, int port) {
  const struct sockaddr_in address = address_of(plan->host, port);
  const int fd = open_socket(SOCK_NONBLOCK);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) die("connect");
  return fd;
}

static void receive_exactly(int fd, unsigned char *bytes, size_t size) {
  const ssize_t got = recv(fd, bytes, size, MSG_WAITALL);
  if (got == (ssize_t)size) return;
  if (got >= 0) errno = ECONNRESET;
  die("finish the SOCKS5 handshake");
}

static void introduce(int fd, const char *digest) {
  unsigned char request[7 + DIGEST_DIGITS] = {5, 1, 0, 3, DIGEST_DIGITS}, reply[5 + 255 + 2];
  memcpy(request + 5, digest, DIGEST_DIGITS);
  if (send(fd, "\5\1", 3, MSG_NOSIGNAL) != 3) die("send the SOCKS5 greeting");
  receive_exactly(fd, reply, 2);
  if (send(fd, request, sizeof request, MSG_NOSIGNAL) != sizeof request) die("send the SOCKS5 request");
  receive_exactly(fd, reply, 5);
  if (reply[1] != 0) {
    errno = ECONNREFUSED;
    die("join a streamhost: SOCKS5 said no");
  }
  receive_exactly(fd, reply + 5, reply[4] + 2u);
}

int dial(const struct plan *plan, int port, const char *digest) {
  const struct sockaddr_in address = address_of(plan->host, port);
  const int fd = open_socket(0);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) die("connect");
  if (digest) introduce(fd, digest);
  return fd;
}

static int listen_at(const struct plan *plan) {
  const int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct sockaddr_in address = address_of(plan->host, plan->sink_port);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0) die("listen");
  return fd;
}

void dial_streams(const struct plan *plan, size_t count, int *receivers, int *senders) {
  char digest[DIGEST_DIGITS + 2];
  const int on = 1, sink = plan->sink_port ? listen_at(plan) : -1;
  for (size_t i = 0; i < count; i++) {
    if (plan->digests && !fgets(digest, sizeof digest, plan->digests)) die("read a digest for every stream");
    if (sink >= 0) {
      senders[i] = dial(plan, plan->sender_port, NULL);
      if ((receivers[i] = accept(sink, NULL, NULL)) < 0) die("accept the other end of a stream");
      setsockopt(receivers[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    } else {
      receivers[i] = dial(plan, plan->receiver_port, plan->digests ? digest : NULL);
      senders[i] = dial(plan, plan->sender_port, plan->digests ? digest : NULL);
    }
  }
  if (sink >= 0) close(sink);
}

void drop(int fd) {
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
}

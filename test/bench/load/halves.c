/*
 * halves: opens half-connections as fast as the proxy takes them, never more than CONCURRENCY at once in the middle of
 * their handshake, each with a digest of its own, and holds them open.
 *
 *   go COUNT    opens so many more; prints the rate and the percentiles of the time from connect to the proxy's answer
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, REQUEST_BYTES = 47, METHOD_BYTES = 2, REPLY_BYTES = 47 };

/* CONNECTING until the socket can be written, GREETED until the method is chosen, ASKED until the reply is whole. */
struct half {
  int fd;
  enum { CONNECTING, GREETED, ASKED } state;
  unsigned char answer[REPLY_BYTES];
  size_t got, wanted;
  uint64_t start_ns;
};

static int epoll;
static size_t failed;

static void watch(struct half *half, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = half};
  if (epoll_ctl(epoll, operation, half->fd, &event) < 0) die("watch a socket");
}

static void begin(const struct plan *plan, struct half *half) {
  *half = (struct half){.state = CONNECTING, .start_ns = now_ns()};
  half->fd = begin_dial(plan, plan->receiver_port);
  watch(half, EPOLL_CTL_ADD, EPOLLOUT);
}

static void ask(struct half *half) {
  static const char digits[] = "0123456789abcdef";
  unsigned char request[REQUEST_BYTES] = {5, 1, 0, 3, 40};
  if (getrandom(request + 5, 40, 0) != 40) die("have random bytes");
  for (int i = 5; i < 45; i++) request[i] = (unsigned char)digits[request[i] & 15];
  if (send(half->fd, request, sizeof request, MSG_NOSIGNAL) != sizeof request) die("send the SOCKS5 request");
}

/* Goes on with a handshake. True when it is over; a half that failed has given up its socket. */
static bool step(struct half *half) {
  if (half->state == CONNECTING) {
    if (send(half->fd, "\5\1", 3, MSG_NOSIGNAL) != 3) goto failure;
    half->state = GREETED;
    half->wanted = METHOD_BYTES;
    watch(half, EPOLL_CTL_MOD, EPOLLIN);
    return false;
  }
  const ssize_t got = recv(half->fd, half->answer + half->got, half->wanted - half->got, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0) goto failure;
  half->got += (size_t)got;
  /* The second byte says yes to the method and to the request alike; a refusal may be shorter. */
  if (half->got >= 2 && half->answer[1] != 0) goto failure;
  if (half->got < half->wanted) return false;
  if (half->state == ASKED) {
    watch(half, EPOLL_CTL_DEL, 0);
    return true;
  }
  ask(half);
  half->state = ASKED;
  half->got = 0;
  half->wanted = REPLY_BYTES;
  return false;

failure:
  drop(half->fd);
  half->fd = -1;
  failed++;
  return true;
}

static void open_halves(const struct plan *plan, struct half *halves, size_t count, size_t concurrency) {
  struct epoll_event events[EVENTS];
  uint64_t *ns = calloc(count + 1, sizeof *ns);
  size_t begun = 0, over = 0, opened = 0;
  const uint64_t start = now_ns();
  if (!ns) die("allocate the times");
  failed = 0;
  while (over < count) {
    while (begun < count && begun - over < concurrency) begin(plan, &halves[begun++]);
    const int ready = epoll_wait(epoll, events, EVENTS, -1);
    if (ready < 0 && errno != EINTR) die("wait for the proxy");
    for (int i = 0; i < ready; i++) {
      struct half *half = events[i].data.ptr;
      if (!step(half)) continue;
      over++;
      if (half->fd >= 0) ns[opened++] = now_ns() - half->start_ns;
    }
  }
  printf("{\"event\":\"opened\",\"count\":%zu,\"failed\":%zu,\"seconds\":%.6f", opened, failed,
         (double)(now_ns() - start) / 1e9);
  print_percentiles(ns, opened);
  printf("}");
  end_line();
  free(ns);
}

int halves(const struct plan *plan, size_t concurrency) {
  struct half *all = NULL;
  size_t total = 0;
  char *command;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  printf("{\"event\":\"connected\"}");
  end_line();
  while ((command = read_command())) {
    const size_t count = strncmp(command, "go ", 3) == 0 ? strtoul(command + 3, NULL, 10) : 0;
    all = realloc(all, (total + count + 1) * sizeof *all);
    if (!all) die("allocate the halves");
    open_halves(plan, all + total, count, concurrency);
    total += count;
  }
  for (size_t i = 0; i < total; i++) {
    if (all[i].fd >= 0) drop(all[i].fd);
  }
  free(all);
  return 0;
}

/*
 * paced: one byte there and one byte back through many streams, which take turns evenly. Each begins at its moment,
 * whether the one before has come back or not: a slow answer must not spare the proxy. The other ends answer from a
 * thread of their own.
 *
 *   go COUNT    prints the percentiles of so many round trips, those of all streams together
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS = 256, MOST_BYTES = 256 };

struct stream {
  int receiver, sender;
  size_t index;
  size_t returned; /* bytes that have come back since the last `go` */
};

static int pinging_epoll, answering_epoll, clock_fd;

static void watch(int epoll, int fd, struct stream *stream) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("watch a socket");
}

static size_t receive_some(int fd, char *bytes) {
  const ssize_t got = recv(fd, bytes, MOST_BYTES, MSG_DONTWAIT);
  if (got == 0) errno = ECONNRESET;
  if (got == 0 || (got < 0 && errno != EAGAIN)) die("receive a byte");
  return got > 0 ? (size_t)got : 0;
}

static void *answering(void *unused) {
  struct epoll_event events[EVENTS];
  char bytes[MOST_BYTES];
  (void)unused;
  for (;;) {
    const int count = epoll_wait(answering_epoll, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("wait for bytes");
    for (int i = 0; i < count; i++) {
      const struct stream *stream = events[i].data.ptr;
      if (!stream) return NULL;
      const size_t got = receive_some(stream->receiver, bytes);
      if (got > 0 && send(stream->receiver, bytes, got, MSG_NOSIGNAL) != (ssize_t)got) die("send bytes back");
    }
  }
}

static void tick_every(uint64_t ns) {
  const struct timespec step = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
  const struct itimerspec timer = {.it_interval = step, .it_value = step};
  if (timerfd_settime(clock_fd, 0, &timer, NULL) < 0) die("set the clock");
}

/* Byte number n goes through stream n modulo their number, and bytes of one stream come back in their order. */
static void ping_all(struct stream *streams, size_t stream_count, uint64_t *ns, size_t count) {
  struct epoll_event events[EVENTS];
  char bytes[MOST_BYTES] = {0};
  size_t begun = 0, over = 0;
  for (size_t i = 0; i < stream_count; i++) streams[i].returned = 0;
  while (over < count) {
    const int ready = epoll_wait(pinging_epoll, events, EVENTS, -1);
    if (ready < 0 && errno != EINTR) die("wait for answers");
    for (int i = 0; i < ready; i++) {
      struct stream *stream = events[i].data.ptr;
      uint64_t due = 0;
      if (!stream && read(clock_fd, &due, sizeof due) < 0) die("read the clock");
      for (; due > 0 && begun < count; due--, begun++) {
        ns[begun] = now_ns();
        if (send(streams[begun % stream_count].sender, bytes, 1, MSG_NOSIGNAL) != 1) die("send a byte");
      }
      if (!stream) continue;
      for (size_t got = receive_some(stream->sender, bytes); got > 0; got--, over++) {
        uint64_t *start_ns = &ns[stream->index + stream->returned++ * stream_count];
        *start_ns = now_ns() - *start_ns;
      }
    }
  }
}

int paced(const struct plan *plan, size_t stream_count, size_t rate) {
  pthread_t answerer;
  int *receivers = calloc(stream_count, sizeof *receivers), *senders = calloc(stream_count, sizeof *senders), wake[2];
  struct stream *streams = calloc(stream_count, sizeof *streams);
  char *command;
  if (!receivers || !senders || !streams) die("allocate the streams");
  pinging_epoll = epoll_create1(EPOLL_CLOEXEC);
  answering_epoll = epoll_create1(EPOLL_CLOEXEC);
  clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (pipe(wake) < 0) die("have a pipe");
  watch(answering_epoll, wake[0], NULL);
  watch(pinging_epoll, clock_fd, NULL);
  dial_streams(plan, stream_count, receivers, senders);
  for (size_t i = 0; i < stream_count; i++) {
    streams[i] = (struct stream){.receiver = receivers[i], .sender = senders[i], .index = i};
    watch(answering_epoll, receivers[i], &streams[i]);
    watch(pinging_epoll, senders[i], &streams[i]);
  }
  printf("{\"event\":\"connected\"}");
  end_line();
  pthread_create(&answerer, NULL, answering, NULL);
  while ((command = read_command())) {
    const size_t count = strncmp(command, "go ", 3) == 0 ? strtoul(command + 3, NULL, 10) : 0;
    uint64_t *ns = calloc(count + 1, sizeof *ns);
    if (!ns) die("allocate the round trips");
    tick_every(1000000000u / (rate * stream_count));
    ping_all(streams, stream_count, ns, count);
    tick_every(0);
    printf("{\"event\":\"pinged\",\"count\":%zu", count);
    print_percentiles(ns, count);
    printf("}");
    end_line();
    free(ns);
  }
  if (write(wake[1], "", 1) < 0) die("wake the answerer");
  pthread_join(answerer, NULL);
  for (size_t i = 0; i < stream_count; i++) {
    drop(senders[i]);
    drop(receivers[i]);
  }
  free(receivers);
  free(senders);
  free(streams);
  return 0;
}

/*
 * pump: sends bytes through many streams, one way each, as cheaply as it can: one thread sends from one big buffer,
 * another receives with MSG_TRUNC, which drops the bytes in the kernel.
 *
 *   go          the fast streams send as fast as they can, until told to stop
 *   slow on     the slow streams send too, each at its rate; slow off
 *   stall on    the first fast stream's receiver takes nothing; stall off
 *   mark        prints what every fast stream has received, and all slow ones together, and when
 *   stop        every sender ends its stream; prints a last mark when every receiver has got everything
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  SEND_BYTES = 1 << 20,
  RECEIVE_BYTES = 64 << 20,
  EVENTS = 256,
  /* A slow stream sends its share so many times a second: seldom, so that the load itself stays cheap. */
  SLOW_TICKS = 1,
};

struct stream {
  int receiver, sender;
  uint64_t sent;
  _Atomic uint64_t received;
};

static struct stream *streams;
static size_t fast_count, slow_count, slow_bytes;
static atomic_bool going, slow_going, stalled, stopping;
static atomic_size_t ended;
static int sender_epoll, receiver_epoll, sender_wake, receiver_wake;
static char *buffer;

static void watch(int epoll, int operation, int fd, unsigned events, struct stream *stream) {
  struct epoll_event event = {.events = events, .data.ptr = stream};
  if (epoll_ctl(epoll, operation, fd, &event) < 0) die("watch a socket");
}

static void set_blocking(int fd, bool blocking) {
  const int flags = fcntl(fd, F_GETFL);
  if (fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) < 0) die("set the flags of a socket");
}

static void send_some(struct stream *stream, size_t size) {
  const ssize_t sent = send(stream->sender, buffer, size, MSG_NOSIGNAL);
  if (sent > 0) stream->sent += (uint64_t)sent;
  else if (sent < 0 && errno != EAGAIN) die("send");
}

/* Ends every stream. A stream may be stuck behind a full buffer; FIN waits its turn there. */
static void finish_sending(void) {
  for (size_t i = 0; i < fast_count + slow_count; i++) shutdown(streams[i].sender, SHUT_WR);
}

/* The slow streams whose turn it is: each tick is spread evenly over its time, so that they do not send in step. */
static void send_slowly(uint64_t *due_ns, size_t *next) {
  const uint64_t step_ns = 1000000000u / SLOW_TICKS / (slow_count ? slow_count : 1);
  const uint64_t now = now_ns();
  /* After a pause there is nothing to catch up on. */
  if (now > *due_ns + 1000000000u / SLOW_TICKS) *due_ns = now;
  for (; *due_ns <= now; *due_ns += step_ns) {
    send_some(&streams[fast_count + *next], slow_bytes);
    *next = (*next + 1) % slow_count;
  }
}

static void *sending(void *unused) {
  struct epoll_event events[EVENTS];
  uint64_t due_ns = 0, wakes;
  size_t next = 0;
  bool begun = false;
  (void)unused;
  for (;;) {
    const bool slow = slow_going && slow_count > 0;
    const int count = epoll_wait(sender_epoll, events, EVENTS, slow ? 1 : -1);
    if (count < 0 && errno != EINTR) die("wait for senders");
    for (int i = 0; i < count; i++) {
      struct stream *stream = events[i].data.ptr;
      if (stream) send_some(stream, SEND_BYTES);
      else if (read(sender_wake, &wakes, sizeof wakes) < 0) die("read the senders' eventfd");
    }
    if (stopping) break;
    if (slow) send_slowly(&due_ns, &next);
    if (!going || begun) continue;
    begun = true;
    for (size_t i = 0; i < fast_count; i++) {
      watch(sender_epoll, EPOLL_CTL_ADD, streams[i].sender, EPOLLOUT, &streams[i]);
    }
  }
  finish_sending();
  return NULL;
}

static void receive_some(struct stream *stream) {
  const ssize_t got = recv(stream->receiver, NULL, RECEIVE_BYTES, MSG_TRUNC);
  if (got > 0) {
    stream->received += (uint64_t)got;
  } else if (got == 0) {
    watch(receiver_epoll, EPOLL_CTL_DEL, stream->receiver, 0, NULL);
    ended++;
  } else if (errno != EAGAIN) {
    die("receive");
  }
}

static void *receiving(void *unused) {
  struct epoll_event events[EVENTS];
  uint64_t wakes;
  bool was_stalled = false;
  (void)unused;
  while (ended < fast_count + slow_count) {
    const int count = epoll_wait(receiver_epoll, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) die("wait for receivers");
    for (int i = 0; i < count; i++) {
      struct stream *stream = events[i].data.ptr;
      if (!stream && read(receiver_wake, &wakes, sizeof wakes) < 0) die("read the receivers' eventfd");
      if (stream && !(stalled && stream == streams)) receive_some(stream);
    }
    if (stalled == was_stalled) continue;
    was_stalled = !was_stalled;
    watch(receiver_epoll, EPOLL_CTL_MOD, streams[0].receiver, was_stalled ? 0 : EPOLLIN, &streams[0]);
  }
  return NULL;
}

static void wake(int fd) {
  const uint64_t one = 1;
  if (write(fd, &one, sizeof one) < 0) die("write an eventfd");
}

static void print_mark(const char *event) {
  uint64_t slow = 0;
  printf("{\"event\":\"%s\",\"atNs\":%llu,\"fast\":[", event, (unsigned long long)now_ns());
  for (size_t i = 0; i < fast_count; i++) printf("%s%llu", i ? "," : "", (unsigned long long)streams[i].received);
  for (size_t i = 0; i < slow_count; i++) slow += streams[fast_count + i].received;
  printf("],\"slow\":%llu}", (unsigned long long)slow);
  end_line();
}

static void check_exact(void) {
  for (size_t i = 0; i < fast_count + slow_count; i++) {
    if (streams[i].sent == streams[i].received) continue;
    fprintf(stderr, "load: stream %zu was sent %llu bytes and received %llu\n", i,
            (unsigned long long)streams[i].sent, (unsigned long long)streams[i].received);
    exit(1);
  }
}

static void open_streams(const struct plan *plan) {
  const size_t count = fast_count + slow_count;
  int *receivers = calloc(count, sizeof *receivers), *senders = calloc(count, sizeof *senders);
  streams = calloc(count, sizeof *streams);
  if (!receivers || !senders || !streams) die("allocate the streams");
  dial_streams(plan, count, receivers, senders);
  for (size_t i = 0; i < count; i++) {
    streams[i].receiver = receivers[i];
    streams[i].sender = senders[i];
    set_blocking(receivers[i], false);
    set_blocking(senders[i], false);
    watch(receiver_epoll, EPOLL_CTL_ADD, receivers[i], EPOLLIN, &streams[i]);
  }
  free(receivers);
  free(senders);
}

int pump(const struct plan *plan, size_t fast, size_t slow, size_t slow_rate) {
  pthread_t sender, receiver;
  char *command;
  fast_count = fast;
  slow_count = slow;
  slow_bytes = slow_rate / SLOW_TICKS;
  buffer = malloc(SEND_BYTES);
  if (!buffer || slow_bytes > SEND_BYTES) die("allocate the buffer");
  memset(buffer, 0x5a, SEND_BYTES);
  sender_epoll = epoll_create1(EPOLL_CLOEXEC);
  receiver_epoll = epoll_create1(EPOLL_CLOEXEC);
  sender_wake = eventfd(0, EFD_CLOEXEC);
  receiver_wake = eventfd(0, EFD_CLOEXEC);
  watch(sender_epoll, EPOLL_CTL_ADD, sender_wake, EPOLLIN, NULL);
  watch(receiver_epoll, EPOLL_CTL_ADD, receiver_wake, EPOLLIN, NULL);
  open_streams(plan);
  printf("{\"event\":\"connected\"}");
  end_line();

  pthread_create(&sender, NULL, sending, NULL);
  pthread_create(&receiver, NULL, receiving, NULL);
  while ((command = read_command())) {
    if (strcmp(command, "mark") == 0) {
      print_mark("mark");
      continue;
    }
    if (strcmp(command, "go") == 0) going = true;
    else if (strncmp(command, "slow ", 5) == 0) slow_going = strcmp(command + 5, "on") == 0;
    else if (strncmp(command, "stall ", 6) == 0) stalled = strcmp(command + 6, "on") == 0;
    else if (strcmp(command, "stop") == 0) stopping = true;
    wake(sender_wake);
    wake(receiver_wake);
    if (!stopping) continue;
    pthread_join(sender, NULL);
    pthread_join(receiver, NULL);
    check_exact();
    print_mark("stopped");
    break;
  }
  for (size_t i = 0; i < fast_count + slow_count; i++) {
    drop(streams[i].sender);
    drop(streams[i].receiver);
  }
  return 0;
}

/*
 * floor: the cheapest relay that an unprivileged process can be. It joins connections in pairs, in the order in which
 * they come, and moves their bytes socket -> pipe -> socket with splice(2) in one epoll(7) loop. It knows no SOCKS5, no
 * limits and no timers: what it costs is what the kernel charges for the bytes themselves.
 *
 *     floor PORT        listens on 127.0.0.1:PORT and says "listening"; SIGTERM ends it
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  PIPE_BYTES = 1 << 20,
  /* All processes of a user share 64 MiB of pipe (pipe(7), pipe-user-pages-soft); past it pipes shrink to 8 KiB. */
  MOST_PIPES = 48,
  /* After so much it is the others' turn. */
  TURN_BYTES = 4 << 20,
  EVENTS = 256,
  BACKLOG = 4096,
};

struct pipe {
  int from, to;
};

struct pair;

/* One way through a pair. It holds a pipe only while the pipe contains bytes. */
struct direction {
  int in, out;
  struct pair *pair;
  struct pipe pipe;
  bool has_pipe;
  size_t in_pipe;
  bool ended;    /* the sender's FIN was read */
  bool finished; /* and passed on, behind the last byte */
  enum { IDLE, READY, STARVED } queued;
  TAILQ_ENTRY(direction) queue;
};

/* What an event of epoll points to: the socket that one direction reads and the other writes. */
struct side {
  struct direction *reads, *writes;
};

struct pair {
  struct direction way[2];
  struct side side[2];
  bool closed;
  SLIST_ENTRY(pair) dead;
};

TAILQ_HEAD(directions, direction);

static int epoll;
static struct pipe idle_pipes[MOST_PIPES];
static int idle_count, pipe_count;
/* Directions that used up their turn, and those that wait for a pipe. */
static struct directions ready = TAILQ_HEAD_INITIALIZER(ready), starved = TAILQ_HEAD_INITIALIZER(starved);
static size_t ready_count;
/* Closed pairs: events already fetched may still point to them. */
static SLIST_HEAD(, pair) dead = SLIST_HEAD_INITIALIZER(dead);

static void die(const char *what) {
  fprintf(stderr, "floor: cannot %s: %s\n", what, strerror(errno));
  exit(1);
}

static void queue(struct direction *way, struct directions *list, int state) {
  if (way->queued != IDLE) return;
  way->queued = state;
  if (state == READY) ready_count++;
  TAILQ_INSERT_TAIL(list, way, queue);
}

static void unqueue(struct direction *way) {
  if (way->queued == READY) {
    TAILQ_REMOVE(&ready, way, queue);
    ready_count--;
  }
  if (way->queued == STARVED) TAILQ_REMOVE(&starved, way, queue);
  way->queued = IDLE;
}

static bool create_pipe(struct pipe *made) {
  int ends[2];
  if (pipe_count == MOST_PIPES || pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return false;
  if (fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES) < PIPE_BYTES) {
    close(ends[0]);
    close(ends[1]);
    return false;
  }
  pipe_count++;
  *made = (struct pipe){ends[0], ends[1]};
  return true;
}

static void acquire_pipe(struct direction *way) {
  if (idle_count > 0) {
    way->pipe = idle_pipes[--idle_count];
    way->has_pipe = true;
  } else {
    way->has_pipe = create_pipe(&way->pipe);
  }
}

/* Takes a pipe back, destroys it if it still has bytes in it, and lets whoever has waited longest for one try again. */
static void release_pipe(struct direction *way) {
  struct direction *next = TAILQ_FIRST(&starved);
  if (!way->has_pipe) return;
  way->has_pipe = false;
  if (way->in_pipe > 0) {
    close(way->pipe.from);
    close(way->pipe.to);
    pipe_count--;
    way->in_pipe = 0;
  } else {
    idle_pipes[idle_count++] = way->pipe;
  }
  if (next) {
    unqueue(next);
    queue(next, &ready, READY);
  }
}

/* Ends a pair. After a fault both sockets are reset, so that neither client takes a part for the whole. */
static void close_pair(struct pair *pair, bool fault) {
  struct linger reset = {.l_onoff = 1, .l_linger = 0};
  if (pair->closed) return;
  pair->closed = true;
  for (int i = 0; i < 2; i++) {
    struct direction *way = &pair->way[i];
    unqueue(way);
    release_pipe(way);
    if (fault) setsockopt(way->in, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(way->in);
  }
  SLIST_INSERT_HEAD(&dead, pair, dead);
}

static bool would_block(void) { return errno == EAGAIN || errno == EINTR; }

/*
 * Moves what there is, up to a turn's worth. EAGAIN of the first splice(2) is ambiguous (the socket is empty, or the
 * pipe is full), so only a round in which neither end moved is the last.
 */
static void turn(struct direction *way) {
  const unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
  size_t moved = 0;
  if (way->finished || way->pair->closed) return;
  while (moved < TURN_BYTES) {
    ssize_t taken = 0, given = 0;
    if (!way->ended) {
      if (!way->has_pipe) acquire_pipe(way);
      if (!way->has_pipe) return queue(way, &starved, STARVED);
      taken = splice(way->in, NULL, way->pipe.to, NULL, PIPE_BYTES, flags);
      if (taken == 0) way->ended = true;
      else if (taken > 0) way->in_pipe += taken;
      else if (!would_block()) return close_pair(way->pair, true);
    }
    if (way->in_pipe > 0) {
      given = splice(way->pipe.from, NULL, way->out, NULL, way->in_pipe, flags);
      if (given > 0) way->in_pipe -= given, moved += given;
      else if (!would_block()) return close_pair(way->pair, true);
    }
    if (way->ended && way->in_pipe == 0) {
      way->finished = true;
      shutdown(way->out, SHUT_WR);
      release_pipe(way);
      if (way->pair->way[0].finished && way->pair->way[1].finished) close_pair(way->pair, false);
      return;
    }
    if (taken <= 0 && given <= 0) {
      if (way->in_pipe == 0) release_pipe(way);
      return;
    }
  }
  queue(way, &ready, READY);
}

static void join(int first, int second) {
  struct pair *pair = calloc(1, sizeof *pair);
  const int fds[2] = {first, second};
  if (!pair) die("allocate a pair");
  for (int i = 0; i < 2; i++) {
    struct direction *way = &pair->way[i];
    way->in = fds[i];
    way->out = fds[1 - i];
    way->pair = pair;
    pair->side[i] = (struct side){.reads = way, .writes = &pair->way[1 - i]};
  }
  for (int i = 0; i < 2; i++) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = &pair->side[i]};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) < 0) die("watch a socket");
  }
}

static void on_event(struct side *side, unsigned events) {
  struct pair *pair = side->reads->pair;
  if (pair->closed) return;
  if (events & EPOLLERR) return close_pair(pair, true);
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) turn(side->reads);
  if ((events & EPOLLOUT) && side->writes->in_pipe > 0) turn(side->writes);
}

static void accept_all(int listener) {
  static int waiting = -1;
  const int on = 1;
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (waiting < 0) {
      waiting = fd;
    } else {
      join(waiting, fd);
      waiting = -1;
    }
  }
  if (!would_block() && errno != ECONNABORTED) die("accept a connection");
}

static int listen_on(int port) {
  const int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, BACKLOG) < 0) die("listen");
  return listener;
}

/* One turn each for the directions that had more to do; those that still have go to the end of the queue. */
static void run_ready(void) {
  struct direction *way;
  for (size_t left = ready_count; left > 0 && (way = TAILQ_FIRST(&ready)); left--) {
    unqueue(way);
    turn(way);
  }
}

static void bury_dead(void) {
  while (!SLIST_EMPTY(&dead)) {
    struct pair *pair = SLIST_FIRST(&dead);
    SLIST_REMOVE_HEAD(&dead, dead);
    free(pair);
  }
}

int main(int argc, char **argv) {
  struct rlimit files;
  struct epoll_event accepting = {.events = EPOLLIN};
  struct epoll_event events[EVENTS];
  if (argc != 2) {
    fprintf(stderr, "usage: floor PORT\n");
    return 2;
  }
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  if (!create_pipe(&idle_pipes[0])) die("have a pipe of 1 MiB");
  idle_count = 1;
  epoll = epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on(atoi(argv[1]));
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &accepting) < 0) die("watch the listener");
  puts("listening");
  fflush(stdout);

  for (;;) {
    const int count = epoll_wait(epoll, events, EVENTS, TAILQ_EMPTY(&ready) ? -1 : 0);
    if (count < 0 && errno != EINTR) die("wait for events");
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr) on_event(events[i].data.ptr, events[i].events);
      else accept_all(listener);
    }
    run_ready();
    bury_dead();
  }
}

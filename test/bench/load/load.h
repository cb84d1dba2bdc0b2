/* What the parts of the load generator share. */
#pragma once
#include <stdint.h>
#include <stdio.h>

/* Where connections are made, and how they introduce themselves. */
struct plan {
  const char *host;
  int receiver_port; /* which the receiving end of a stream dials */
  int sender_port;   /* which the sending end dials */
  int sink_port;     /* where the load itself accepts the receiving ends; 0: they dial too */
  FILE *digests;     /* one digest of 40 digits a line; NULL: no SOCKS5 at all */
};

/* dial.c */

/* A connection to one of the plan's ports, through the SOCKS5 handshake when there is a digest. Blocking. */
int dial(const struct plan *plan, int port, const char *digest);
/* A socket that is bound to its own loopback address and has begun to connect. Not blocking. */
int begin_dial(const struct plan *plan, int port);
/* Connects stream after stream, the receiving end of each first. */
void dial_streams(const struct plan *plan, size_t count, int *receivers, int *senders);
/* A close that leaves no TIME_WAIT behind. */
void drop(int fd);

/* clock.c */
uint64_t now_ns(void);
/* Prints the median, the 99th percentile and the greatest of these as members of a JSON object. Sorts them. */
void print_percentiles(uint64_t *ns, size_t count);

/* The programs; each reads commands on standard input, writes JSON lines, and ends at end of file. */
int pump(const struct plan *plan, size_t fast, size_t slow, size_t slow_rate);
int ping(const struct plan *plan);
int paced(const struct plan *plan, size_t streams, size_t rate);
int halves(const struct plan *plan, size_t concurrency);

/* Says what cannot be done, with the system's reason, and exits. */
_Noreturn void die(const char *what);
/* One line of standard input without its newline; NULL at its end. */
char *read_command(void);
/* Flushes a line of output. */
void end_line(void);

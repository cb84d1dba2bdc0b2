/*
 * ping: one byte there and one byte back through one stream, again and again. The other end answers from a thread of
 * its own, so that a round trip wakes as many sleepers as it does between two machines.
 *
 *   go COUNT    prints the percentiles of so many round trips
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *answering(void *socket) {
  const int fd = *(int *)socket;
  char byte;
  while (recv(fd, &byte, 1, 0) == 1) {
    if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1) break;
  }
  return NULL;
}

static uint64_t round_trip(int fd) {
  char byte = 0;
  const uint64_t start = now_ns();
  if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1) die("send a byte");
  const ssize_t got = recv(fd, &byte, 1, 0);
  if (got == 0) errno = ECONNRESET;
  if (got != 1) die("receive a byte");
  return now_ns() - start;
}

int ping(const struct plan *plan) {
  pthread_t answerer;
  int receiver, sender;
  char *command;
  dial_streams(plan, 1, &receiver, &sender);
  printf("{\"event\":\"connected\"}");
  end_line();
  pthread_create(&answerer, NULL, answering, &receiver);
  while ((command = read_command())) {
    const size_t count = strncmp(command, "go ", 3) == 0 ? strtoul(command + 3, NULL, 10) : 0;
    uint64_t *ns = calloc(count + 1, sizeof *ns);
    if (!ns) die("allocate the round trips");
    for (size_t i = 0; i < count; i++) ns[i] = round_trip(sender);
    printf("{\"event\":\"pinged\",\"count\":%zu", count);
    print_percentiles(ns, count);
    printf("}");
    end_line();
    free(ns);
  }
  shutdown(receiver, SHUT_RDWR);
  pthread_join(answerer, NULL);
  drop(sender);
  drop(receiver);
  return 0;
}

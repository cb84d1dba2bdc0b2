#include "load.h"
#include <stdlib.h>
#include <time.h>

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static double ms(uint64_t ns) { return (double)ns / 1e6; }

void print_percentiles(uint64_t *ns, size_t count) {
  if (count == 0) return;
  qsort(ns, count, sizeof *ns, by_value);
  printf(",\"p50Ms\":%.4f,\"p99Ms\":%.4f,\"maxMs\":%.4f", ms(ns[count / 2]), ms(ns[count * 99 / 100]), ms(ns[count - 1]));
}

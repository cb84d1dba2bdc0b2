/*
 * load: the load of the benchmark, the same for every subject, in a cheap process of its own. It is told what to do by
 * commands on standard input, answers in JSON lines, and closes everything at end of file.
 *
 *     load pump|ping|paced|halves [--receivers PORT] [--senders PORT] [--sink PORT] [--digests FILE]
 *                                 [--fast N] [--slow N] [--slow-rate BYTES] [--concurrency N]
 */
#include "load.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

_Noreturn void die(const char *what) {
  fprintf(stderr, "load: cannot %s: %s\n", what, strerror(errno));
  exit(1);
}

char *read_command(void) {
  static char line[128];
  if (!fgets(line, sizeof line, stdin)) return NULL;
  line[strcspn(line, "\n")] = 0;
  return line;
}

void end_line(void) {
  putchar('\n');
  fflush(stdout);
}

static void raise_descriptor_limit(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"receivers", required_argument, NULL, 'r'},   {"senders", required_argument, NULL, 's'},
      {"sink", required_argument, NULL, 'k'},        {"digests", required_argument, NULL, 'd'},
      {"fast", required_argument, NULL, 'f'},        {"slow", required_argument, NULL, 'w'},
      {"slow-rate", required_argument, NULL, 'R'},   {"concurrency", required_argument, NULL, 'c'},
      {NULL, 0, NULL, 0},
  };
  struct plan plan = {.host = "127.0.0.1"};
  size_t fast = 1, slow = 0, slow_rate = 65536, concurrency = 32;
  int option;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    switch (option) {
    case 'r': plan.receiver_port = atoi(optarg); break;
    case 's': plan.sender_port = atoi(optarg); break;
    case 'k': plan.sink_port = atoi(optarg); break;
    case 'f': fast = strtoul(optarg, NULL, 10); break;
    case 'w': slow = strtoul(optarg, NULL, 10); break;
    case 'R': slow_rate = strtoul(optarg, NULL, 10); break;
    case 'c': concurrency = strtoul(optarg, NULL, 10); break;
    case 'd':
      if (!(plan.digests = fopen(optarg, "r"))) die("open the digests");
      break;
    default: return 2;
    }
  }
  const char *program = optind < argc ? argv[optind] : "";
  raise_descriptor_limit();
  if (strcmp(program, "pump") == 0) return pump(&plan, fast, slow, slow_rate);
  if (strcmp(program, "ping") == 0) return ping(&plan);
  if (strcmp(program, "paced") == 0) return paced(&plan, slow, slow_rate);
  if (strcmp(program, "halves") == 0) return halves(&plan, concurrency);
  fprintf(stderr, "usage: load pump|ping|paced|halves [OPTIONS]\n");
  return 2;
}

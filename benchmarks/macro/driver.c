/*
 * What the workloads do inside a mount, without the start of an interpreter in the figure. "driver --help"
 * lists the commands. Each writes one JSON object to standard output, with the elapsed time in nanoseconds,
 * from the first process that starts its work to the last that ends it. Processes are forked, and paths
 * loaded, before the clock runs. A step that fails ends the whole with a sentence and status 1, because a
 * fast failure must not look like a fast answer.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 64

static const char *const USAGE =
    "usage: driver paths OPERATION LIST [PROCESSES [PASSES [BYTES]]]\n"
    "                        stat, absent, readdir, read, create, unlink, rename, mkdir, rmdir, append:\n"
    "                        on each path of the file LIST, a line each\n"
    "       driver write FILE BLOCK TOTAL               new FILE of TOTAL bytes, in writes of BLOCK bytes\n"
    "       driver run COMMAND... [--- COMMAND...]      the commands at the same time, output thrown away\n"
    "       driver latency LIST COMMAND...              stat of LIST, again and again, while COMMAND runs\n"
    "       driver warm DIRECTORY SCRATCH POINT SECONDS everything above in DIRECTORY, to warm a server up\n"
    "       driver digest DIRECTORY [NAME]...           checksum of a tree, without the entries called NAME\n";

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct list {
  char **paths;
  size_t count;
};

static struct list load(const char *file) {
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    fail("%s: %s", file, strerror(errno));
  }
  char *text = malloc(st.st_size + 1);
  if (read(fd, text, st.st_size) != st.st_size) {
    fail("%s: short read", file);
  }
  close(fd);
  text[st.st_size] = 0;
  struct list list = {0};
  for (char *p = text; *p; p++) {
    list.count += *p == '\n';
  }
  list.paths = malloc(list.count * sizeof(char *) + 1);
  size_t i = 0;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    list.paths[i++] = line;
  }
  list.count = i;
  return list;
}

/* Operations on a path. The result is a number that the harness compares: entries, bytes. */

static char buffer[1 << 20];
static size_t create_bytes;

static uint64_t do_stat(const char *path) {
  struct stat st;
  if (lstat(path, &st) != 0) {
    fail("stat %s: %s", path, strerror(errno));
  }
  return S_ISREG(st.st_mode) ? st.st_size : 0;
}

static uint64_t do_absent(const char *path) {
  struct stat st;
  if (lstat(path, &st) == 0) {
    fail("%s is there, and should not be", path);
  }
  if (errno != ENOENT) {
    fail("stat %s: %s", path, strerror(errno));
  }
  return 1;
}

static uint64_t do_readdir(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) {
    fail("opendir %s: %s", path, strerror(errno));
  }
  uint64_t entries = 0;
  errno = 0;
  while (readdir(dir)) {
    entries++;
  }
  if (errno) {
    fail("readdir %s: %s", path, strerror(errno));
  }
  closedir(dir);
  return entries;
}

static uint64_t do_read(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fail("open %s: %s", path, strerror(errno));
  }
  uint64_t total = 0;
  ssize_t n;
  while ((n = read(fd, buffer, 65536)) > 0) {
    total += n;
  }
  if (n < 0) {
    fail("read %s: %s", path, strerror(errno));
  }
  close(fd);
  return total;
}

static uint64_t do_create(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    fail("create %s: %s", path, strerror(errno));
  }
  if (create_bytes && write(fd, buffer, create_bytes) != (ssize_t)create_bytes) {
    fail("write %s: %s", path, strerror(errno));
  }
  if (close(fd) != 0) {
    fail("close %s: %s", path, strerror(errno));
  }
  return 1;
}

static uint64_t do_unlink(const char *path) {
  if (unlink(path) != 0) {
    fail("unlink %s: %s", path, strerror(errno));
  }
  return 1;
}

static uint64_t do_rename(const char *path) {
  char target[4200];
  snprintf(target, sizeof target, "%s.r", path);
  if (rename(path, target) != 0) {
    fail("rename %s: %s", path, strerror(errno));
  }
  return 1;
}

static uint64_t do_mkdir(const char *path) {
  if (mkdir(path, 0755) != 0) {
    fail("mkdir %s: %s", path, strerror(errno));
  }
  return 1;
}

static uint64_t do_rmdir(const char *path) {
  if (rmdir(path) != 0) {
    fail("rmdir %s: %s", path, strerror(errno));
  }
  return 1;
}

static uint64_t do_append(const char *path) {
  int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) {
    fail("open %s to append: %s", path, strerror(errno));
  }
  if (write(fd, "+", 1) != 1) {
    fail("append to %s: %s", path, strerror(errno));
  }
  if (close(fd) != 0) {
    fail("close %s: %s", path, strerror(errno));
  }
  return 1;
}

static const struct operation {
  const char *name;
  uint64_t (*run)(const char *);
} OPERATIONS[] = {
    {"stat", do_stat},     {"absent", do_absent}, {"readdir", do_readdir}, {"read", do_read},
    {"create", do_create}, {"unlink", do_unlink}, {"rename", do_rename},   {"mkdir", do_mkdir},
    {"rmdir", do_rmdir},   {"append", do_append},
};

static uint64_t (*operation(const char *name))(const char *) {
  for (size_t i = 0; i < sizeof OPERATIONS / sizeof *OPERATIONS; i++) {
    if (strcmp(OPERATIONS[i].name, name) == 0) {
      return OPERATIONS[i].run;
    }
  }
  fail("no operation %s", name);
  return NULL;
}

/* What the forked processes tell the first one. */
struct shared {
  atomic_int ready;
  struct {
    int64_t start;
    int64_t end;
    uint64_t result;
  } process[MAX_PROCESSES];
};

static int paths_command(int argc, char **argv) {
  if (argc < 2) {
    fail("%s", USAGE);
  }
  uint64_t (*run)(const char *) = operation(argv[0]);
  struct list list = load(argv[1]);
  int processes = argc > 2 ? atoi(argv[2]) : 1;
  int passes = argc > 3 ? atoi(argv[3]) : 1;
  create_bytes = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
  if (processes < 1 || processes > MAX_PROCESSES || passes < 1 || create_bytes > sizeof buffer) {
    fail("%s", USAGE);
  }
  memset(buffer, 'd', sizeof buffer);
  struct shared *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int go[2];
  if (shared == MAP_FAILED || pipe(go) != 0) {
    fail("%s", strerror(errno));
  }
  for (int p = 0; p < processes; p++) {
    pid_t pid = fork();
    if (pid < 0) {
      fail("fork: %s", strerror(errno));
    }
    if (pid == 0) {
      size_t from = list.count * p / processes;
      size_t to = list.count * (p + 1) / processes;
      char byte;
      close(go[1]);
      atomic_fetch_add(&shared->ready, 1);
      if (read(go[0], &byte, 1) < 0) {
        fail("%s", strerror(errno));
      }
      uint64_t result = 0;
      shared->process[p].start = now();
      for (int pass = 0; pass < passes; pass++) {
        for (size_t i = from; i < to; i++) {
          result += run(list.paths[i]);
        }
      }
      shared->process[p].end = now();
      shared->process[p].result = result;
      exit(0);
    }
  }
  close(go[0]);
  while (atomic_load(&shared->ready) < processes) {
    usleep(200);
  }
  usleep(500);
  close(go[1]);
  bool failed = false;
  for (int p = 0; p < processes; p++) {
    int status;
    if (wait(&status) < 0 || status != 0) {
      failed = true;
    }
  }
  if (failed) {
    return 1;
  }
  int64_t start = INT64_MAX, end = 0;
  uint64_t result = 0;
  for (int p = 0; p < processes; p++) {
    if (shared->process[p].start < start) {
      start = shared->process[p].start;
    }
    if (shared->process[p].end > end) {
      end = shared->process[p].end;
    }
    result += shared->process[p].result;
  }
  printf("{\"ns\": %" PRId64 ", \"count\": %zu, \"result\": %" PRIu64 "}\n", (end - start) / passes, list.count,
         result / passes);
  return 0;
}

static int write_command(int argc, char **argv) {
  if (argc < 3) {
    fail("%s", USAGE);
  }
  size_t block = strtoul(argv[1], NULL, 10);
  uint64_t total = strtoull(argv[2], NULL, 10);
  if (block < 1 || block > sizeof buffer) {
    fail("%s", USAGE);
  }
  for (size_t i = 0; i < sizeof buffer; i++) {
    buffer[i] = (char)(i * 31 + (i >> 9));
  }
  int64_t start = now();
  int fd = open(argv[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    fail("create %s: %s", argv[0], strerror(errno));
  }
  for (uint64_t done = 0; done < total; done += block) {
    if (write(fd, buffer, block) != (ssize_t)block) {
      fail("write %s: %s", argv[0], strerror(errno));
    }
  }
  if (close(fd) != 0) {
    fail("close %s: %s", argv[0], strerror(errno));
  }
  printf("{\"ns\": %" PRId64 ", \"count\": %" PRIu64 "}\n", now() - start, total / block);
  return 0;
}

/* Output goes to /dev/zero, which takes and forgets it, because tar reads no file when it writes to /dev/null. */
static pid_t spawn(char **command, int go) {
  pid_t pid = fork();
  if (pid < 0) {
    fail("fork: %s", strerror(errno));
  }
  if (pid == 0) {
    char byte;
    int out = open("/dev/zero", O_WRONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out < 0 || dup2(out, 1) < 0 || (go >= 0 && read(go, &byte, 1) < 0)) {
      fail("%s", strerror(errno));
    }
    execvp(command[0], command);
    fail("%s: %s", command[0], strerror(errno));
  }
  return pid;
}

static int run_command(int argc, char **argv) {
  int go[2];
  int processes = 0;
  if (argc < 1 || pipe2(go, O_CLOEXEC) != 0) {
    fail("%s", USAGE);
  }
  char **command = argv;
  for (int i = 0; i <= argc; i++) {
    if (i == argc || strcmp(argv[i], "---") == 0) {
      argv[i] = NULL;
      spawn(command, go[0]);
      processes++;
      command = argv + i + 1;
    }
  }
  close(go[0]);
  usleep(1000);
  int64_t start = now();
  for (int i = 0; i < processes; i++) {
    if (write(go[1], "g", 1) != 1) {
      fail("%s", strerror(errno));
    }
  }
  int failures = 0;
  for (int i = 0; i < processes; i++) {
    int status;
    if (wait(&status) < 0 || status != 0) {
      failures++;
    }
  }
  int64_t end = now();
  if (failures) {
    fail("%d of %d commands failed", failures, processes);
  }
  printf("{\"ns\": %" PRId64 ", \"count\": %d}\n", end - start, processes);
  return 0;
}

static int compare_times(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* A pause between two calls leaves the processor to those whom the calls wait for. */
static int latency_command(int argc, char **argv) {
  if (argc < 2) {
    fail("%s", USAGE);
  }
  struct list list = load(argv[0]);
  size_t room = 1 << 20, count = 0;
  int64_t *times = malloc(room * sizeof *times);
  int64_t begin = now();
  pid_t pid = spawn(argv + 1, -1);
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (count < room) {
      int64_t start = now();
      do_stat(list.paths[count % list.count]);
      times[count++] = now() - start;
    }
    usleep(500);
  }
  int64_t end = now();
  if (status != 0) {
    fail("%s failed", argv[1]);
  }
  if (count == 0) {
    fail("%s ended before anything was measured", argv[1]);
  }
  qsort(times, count, sizeof *times, compare_times);
  printf("{\"ns\": %" PRId64 ", \"count\": %zu, \"worst\": %" PRId64 ", \"p99\": %" PRId64 ", \"median\": %" PRId64
         "}\n",
         end - begin, count, times[count - 1], times[count * 99 / 100], times[count / 2]);
  return 0;
}

/* Warming up: every kind of request, until the time is over. */

static void walk(const char *directory, bool contents) {
  DIR *dir = opendir(directory);
  if (!dir) {
    fail("opendir %s: %s", directory, strerror(errno));
  }
  struct dirent *entry;
  while ((entry = readdir(dir))) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
      continue;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    struct stat st;
    if (lstat(path, &st) != 0) {
      fail("stat %s: %s", path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode)) {
      walk(path, contents);
    } else if (contents && S_ISREG(st.st_mode)) {
      do_read(path);
    }
  }
  closedir(dir);
}

static void churn(const char *scratch, int pass) {
  char path[4096];
  create_bytes = pass % 2 ? 4096 : 0;
  for (int i = 0; i < 200; i++) {
    snprintf(path, sizeof path, "%s/absent-%d-%d", scratch, pass, i);
    do_absent(path);
    snprintf(path, sizeof path, "%s/new-%d", scratch, i);
    do_create(path);
    do_rename(path);
    snprintf(path, sizeof path, "%s/new-%d.r", scratch, i);
    do_unlink(path);
    snprintf(path, sizeof path, "%s/directory", scratch);
    do_mkdir(path);
    do_rmdir(path);
  }
}

/* A remount drops the names that the kernel keeps of this mount alone, so that they are asked for again. */
static int warm_command(int argc, char **argv) {
  if (argc < 4) {
    fail("%s", USAGE);
  }
  const char *directory = argv[0], *scratch = argv[1], *point = argv[2];
  int64_t start = now();
  int64_t end = start + (int64_t)(atof(argv[3]) * 1e9);
  int passes = 0;
  if (*scratch) {
    do_mkdir(scratch);
  }
  do {
    walk(directory, passes % 2);
    if (*scratch) {
      churn(scratch, passes);
    }
    if (*point && mount(NULL, point, NULL, MS_REMOUNT, NULL) != 0) {
      fail("remount %s: %s", point, strerror(errno));
    }
    passes++;
  } while (now() < end);
  if (*scratch) {
    do_rmdir(scratch);
  }
  printf("{\"ns\": %" PRId64 ", \"count\": %d}\n", now() - start, passes);
  return 0;
}

/* The checksum: FNV-1a over what a program sees of each entry, in the order of names. */

static uint64_t hash = 14695981039346656037ULL;
static uint64_t hashed;

static void mix(const void *data, size_t length) {
  const unsigned char *p = data;
  for (size_t i = 0; i < length; i++) {
    hash = (hash ^ p[i]) * 1099511628211ULL;
  }
}

/* Whole words where there are any: a gigabyte is hashed in a quarter of a second. */
static void mix_content(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fail("open %s: %s", path, strerror(errno));
  }
  size_t filled = 0;
  for (;;) {
    ssize_t n = read(fd, buffer + filled, sizeof buffer - filled);
    if (n < 0) {
      fail("read %s: %s", path, strerror(errno));
    }
    filled += n;
    if (n == 0 || filled == sizeof buffer) {
      size_t words = filled / 8;
      for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, buffer + i * 8, 8);
        hash = (hash ^ word) * 1099511628211ULL;
        hash ^= hash >> 29;
      }
      mix(buffer + words * 8, filled % 8);
      filled = 0;
    }
    if (n == 0) {
      break;
    }
  }
  close(fd);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void digest(const char *directory, char **without) {
  struct dirent **entries;
  int count = scandir(directory, &entries, NULL, by_name);
  if (count < 0) {
    fail("opendir %s: %s", directory, strerror(errno));
  }
  for (int i = 0; i < count; i++) {
    const char *name = entries[i]->d_name;
    bool skip = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lost+found") == 0;
    for (char **w = without; *w && !skip; w++) {
      skip = strcmp(*w, name) == 0;
    }
    if (!skip) {
      char path[4096];
      struct stat st;
      snprintf(path, sizeof path, "%s/%s", directory, name);
      if (lstat(path, &st) != 0) {
        fail("stat %s: %s", path, strerror(errno));
      }
      uint64_t seen[] = {st.st_mode, st.st_uid, st.st_gid, S_ISREG(st.st_mode) ? st.st_size : 0};
      hashed++;
      mix(name, strlen(name) + 1);
      mix(seen, sizeof seen);
      if (S_ISDIR(st.st_mode)) {
        digest(path, without);
        mix("/", 2);
      } else if (S_ISREG(st.st_mode)) {
        mix_content(path);
      } else if (S_ISLNK(st.st_mode)) {
        char target[4096];
        ssize_t n = readlink(path, target, sizeof target);
        if (n < 0) {
          fail("readlink %s: %s", path, strerror(errno));
        }
        mix(target, n);
      }
    }
    free(entries[i]);
  }
  free(entries);
}

static int digest_command(int argc, char **argv) {
  if (argc < 1) {
    fail("%s", USAGE);
  }
  int64_t start = now();
  digest(argv[0], argv + 1);
  printf("{\"ns\": %" PRId64 ", \"count\": %" PRIu64 ", \"digest\": \"%016" PRIx64 "\"}\n", now() - start, hashed,
         hash);
  return 0;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*run)(int, char **);
  } commands[] = {
      {"paths", paths_command},     {"write", write_command}, {"run", run_command},
      {"latency", latency_command}, {"warm", warm_command},   {"digest", digest_command},
  };
  for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(commands[i].name, argv[1]) == 0) {
      return commands[i].run(argc - 2, argv + 2);
    }
  }
  fputs(USAGE, argc > 1 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
  return argc > 1 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
}

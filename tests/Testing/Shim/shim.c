/*
 * Stands between a program and the disk; loaded with LD_PRELOAD. Environment:
 *
 *   SHIM_FSYNC_MICROSECONDS  every fsync and fdatasync takes this much longer: a disk without a write cache.
 *   SHIM_FILES               prefix of the paths that the rest is about.
 *   SHIM_END_AT              the process ends with SIGKILL at this call (1 is the first) that changes one of those files or
 *                            brings it to the disk.
 *   SHIM_END_HOW             before (the call never happens), torn (a write gets half-way; other calls: before) or after.
 *   SHIM_COUNT               a file that gets the number of those calls when the process ends by itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);

static long fsync_microseconds;
static const char *files;
static long end_at;
static const char *end_how = "before";
static atomic_long calls;

__attribute__((constructor)) static void start(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  const char *value;
  if ((value = getenv("SHIM_FSYNC_MICROSECONDS"))) fsync_microseconds = atol(value);
  if ((value = getenv("SHIM_END_AT"))) end_at = atol(value);
  if ((value = getenv("SHIM_END_HOW"))) end_how = value;
  files = getenv("SHIM_FILES");
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("SHIM_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (file) {
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
  }
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Whether this call is the last one. Calls on other files do not count. */
static int is_last(const char *path) {
  if (!files || strncmp(path, files, strlen(files)) != 0) return 0;
  return atomic_fetch_add(&calls, 1) + 1 == end_at;
}

static int is_last_on(int descriptor) {
  char link[64], path[PATH_MAX];
  if (!files) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_last(path);
}

static int dies(const char *how) { return strcmp(end_how, how) == 0; }

/* The call, or death before, in the middle of or after it. */
#define CALL(last, torn, call)                       \
  do {                                               \
    int last_call = (last);                          \
    if (last_call && dies("torn")) { torn; die(); }  \
    if (last_call && !dies("after")) die();          \
    __typeof__(call) result = (call);                \
    if (last_call) die();                            \
    return result;                                   \
  } while (0)

ssize_t write(int fd, const void *data, size_t length) {
  if (!real_write) start();
  CALL(is_last_on(fd), real_write(fd, data, length / 2), real_write(fd, data, length));
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  CALL(is_last_on(fd), real_pwrite(fd, data, length / 2, offset), real_pwrite(fd, data, length, offset));
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

int ftruncate64(int fd, off64_t length) { CALL(is_last_on(fd), (void)0, real_ftruncate(fd, length)); }

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int unlink(const char *path) { CALL(is_last(path), (void)0, real_unlink(path)); }

static void delay(void) {
  if (fsync_microseconds > 0) {
    struct timespec time = {fsync_microseconds / 1000000, fsync_microseconds % 1000000 * 1000};
    nanosleep(&time, NULL);
  }
}

int fsync(int fd) {
  delay();
  CALL(is_last_on(fd), (void)0, real_fsync(fd));
}

int fdatasync(int fd) {
  delay();
  CALL(is_last_on(fd), (void)0, real_fdatasync(fd));
}

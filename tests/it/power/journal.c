// Preloaded into a server, this notes what has to be undone to make its database what a power cut would leave.
//
// It stands in front of the functions by which SQLite writes. Before a change of a file of the database reaches the kernel, a
// record with the bytes that were there goes to a journal; after a sync has succeeded, a record says which changes it made
// durable. The journal is only ever appended to, so a SIGKILL at any moment leaves it readable, and a record without its
// change does no harm: undoing it restores what is there. `undo.rs` reads it.
//
// POWER_DATABASE is the path of the database; files whose path begins with it are watched, except the shared memory (-shm),
// which no power cut leaves. The journal is POWER_DATABASE followed by ".undo". The system calls are made directly, so that
// nothing here calls itself.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "offsets have 64 bits");

#define SECTOR 512
#define MOST_FDS 65536
#define MOST_FILES 256

// A file has a number; this one is the folder, whose changes are the files that come and go.
#define FOLDER 1

enum kind { NAMED = 1, CHANGED = 2, SYNCED = 3, GONE = 4 };

// NAMED: `from` is 1 if the file is new; the path follows. CHANGED: bytes from..to, the length before and after; what was in
// the sectors they touch follows. SYNCED: the file's records before the journal's byte `from` are durable. GONE: unlinked.
struct record {
    uint32_t kind, file;
    uint64_t from, to, before, after, follows;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic unsigned short file_of[MOST_FDS];
static char *paths[MOST_FILES]; // by number; none where there is no such file, or it is gone
static unsigned files = FOLDER + 1;
static char database[PATH_MAX], folder[PATH_MAX];
static int journal = -1;
static uint64_t journal_length;

static void give_up(const char *why)
{
    dprintf(2, "power/journal.c: %s: %s\n", why, strerror(errno));
    abort();
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("POWER_DATABASE");
    if (!path || strlen(path) + 32 > sizeof database || !strrchr(path, '/'))
        give_up("POWER_DATABASE is no absolute path");
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s.undo", path);
    journal = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0)
        give_up("the journal cannot be created");
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    strcpy(database, path);
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int watched(const char *path)
{
    return *database && strncmp(path, database, strlen(database)) == 0 && !ends_with(path, "-shm");
}

static unsigned number_of(int fd)
{
    return fd >= 0 && fd < MOST_FDS ? file_of[fd] : 0;
}

// Everything below that is called with the lock held says so by its name.

static void append_locked(struct record record, const void *bytes)
{
    struct iovec parts[2] = {{&record, sizeof record}, {(void *)bytes, record.follows}};
    ssize_t whole = sizeof record + record.follows;
    if (syscall(SYS_writev, journal, parts, 2) != whole)
        give_up("the journal cannot be written");
    journal_length += whole;
}

static unsigned file_locked(const char *path, int is_new)
{
    for (unsigned file = FOLDER + 1; file < files; file++)
        if (paths[file] && strcmp(paths[file], path) == 0)
            return file;
    if (files == MOST_FILES || !(paths[files] = strdup(path)))
        give_up("too many files");
    append_locked((struct record){.kind = NAMED, .file = files, .from = is_new, .follows = strlen(path)}, path);
    return files++;
}

static void change_locked(int fd, unsigned file, uint64_t from, uint64_t to, int cuts_off)
{
    struct stat now;
    if (fstat(fd, &now) != 0)
        give_up("the length of a file is unknown");
    uint64_t length = now.st_size;
    if (cuts_off && length > to)
        to = length;
    uint64_t begin = from / SECTOR * SECTOR, end = (to + SECTOR - 1) / SECTOR * SECTOR;
    end = end < length ? end : length;
    uint64_t old = begin < end ? end - begin : 0;
    char *bytes = malloc(old + 1);
    if (!bytes || pread(fd, bytes, old, begin) != (ssize_t)old)
        give_up("the bytes that a write replaces cannot be read");
    uint64_t after = cuts_off ? from : to > length ? to : length;
    append_locked((struct record){CHANGED, file, from, to, length, after, old}, bytes);
    free(bytes);
}

// A write at `offset`, or where the file stands if that is negative.
static ssize_t put(int fd, const void *bytes, size_t count, off_t offset)
{
    unsigned file = number_of(fd);
    if (!file)
        return offset < 0 ? syscall(SYS_write, fd, bytes, count) : syscall(SYS_pwrite64, fd, bytes, count, offset);
    pthread_mutex_lock(&lock);
    off_t at = offset < 0 ? lseek(fd, 0, SEEK_CUR) : offset;
    change_locked(fd, file, at, at + count, 0);
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, count, at);
    int error = errno;
    if (offset < 0 && done > 0)
        lseek(fd, at + done, SEEK_SET);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

static int set_length(int fd, off_t length)
{
    unsigned file = number_of(fd);
    if (!file)
        return syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    change_locked(fd, file, length, length, 1);
    int done = syscall(SYS_ftruncate, fd, length);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

// The lock is not held meanwhile: what others write while a sync runs is not promised to be durable after it.
static int sync_by(long call, int fd)
{
    unsigned file = number_of(fd);
    pthread_mutex_lock(&lock);
    uint64_t upto = journal_length;
    pthread_mutex_unlock(&lock);
    int done = syscall(call, fd);
    if (done == 0 && file) {
        pthread_mutex_lock(&lock);
        append_locked((struct record){.kind = SYNCED, .file = file, .from = upto}, "");
        pthread_mutex_unlock(&lock);
    }
    return done;
}

static int open_at(const char *path, int flags, mode_t mode)
{
    int is_folder = *folder && strcmp(path, folder) == 0;
    if (!is_folder && !watched(path))
        return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (flags & (O_TRUNC | O_APPEND))
        give_up("a file is opened in a way that is not journaled");
    pthread_mutex_lock(&lock);
    int known = is_folder || access(path, F_OK) == 0;
    unsigned file = is_folder ? FOLDER : 0;
    if (!is_folder && (known || (flags & O_CREAT)))
        file = file_locked(path, !known);
    int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    int error = errno;
    if (fd >= MOST_FDS)
        give_up("too many open files");
    if (fd >= 0)
        file_of[fd] = file;
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define OPEN_AS(name)                                 \
    int name(const char *path, int flags, ...)        \
    {                                                 \
        mode_t mode = 0;                              \
        if (flags & O_CREAT) {                        \
            va_list rest;                             \
            va_start(rest, flags);                    \
            mode = va_arg(rest, mode_t);              \
            va_end(rest);                             \
        }                                             \
        return open_at(path, flags, mode);            \
    }
OPEN_AS(open)
OPEN_AS(open64)

ssize_t write(int fd, const void *bytes, size_t count) { return put(fd, bytes, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return put(fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return put(fd, bytes, count, at); }
int ftruncate(int fd, off_t length) { return set_length(fd, length); }
int ftruncate64(int fd, off64_t length) { return set_length(fd, length); }
int fsync(int fd) { return sync_by(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_by(SYS_fdatasync, fd); }

int close(int fd)
{
    // First this: a moment later the number may be another file's.
    if (number_of(fd))
        file_of[fd] = 0;
    return syscall(SYS_close, fd);
}

// A file that is unlinked keeps a second name, by which it can come back.
int unlink(const char *path)
{
    if (!watched(path) || access(path, F_OK) != 0)
        return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&lock);
    unsigned file = file_locked(path, 0);
    char kept[PATH_MAX + 16];
    snprintf(kept, sizeof kept, "%s.gone.%u", path, file);
    append_locked((struct record){.kind = GONE, .file = file}, "");
    if (link(path, kept) != 0)
        give_up("a file that is unlinked cannot be kept");
    int done = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    int error = errno;
    free(paths[file]);
    paths[file] = NULL;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

#define _GNU_SOURCE 1
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

_Static_assert(CL_EPOLLIN == EPOLLIN && CL_EPOLLOUT == EPOLLOUT && CL_EPOLLERR == EPOLLERR, "epoll events");
_Static_assert(CL_EPOLLHUP == EPOLLHUP && CL_EPOLLRDHUP == EPOLLRDHUP, "epoll events");
_Static_assert(CL_EPOLL_ADD == EPOLL_CTL_ADD && CL_EPOLL_DEL == EPOLL_CTL_DEL && CL_EPOLL_MOD == EPOLL_CTL_MOD, "ops");
_Static_assert(CL_RENAME_NOREPLACE == RENAME_NOREPLACE && CL_RENAME_EXCHANGE == RENAME_EXCHANGE, "rename flags");
_Static_assert(CL_RESOLVE_BENEATH == RESOLVE_BENEATH && CL_RESOLVE_NO_SYMLINKS == RESOLVE_NO_SYMLINKS, "resolve flags");
_Static_assert(CL_RESOLVE_NO_MAGICLINKS == RESOLVE_NO_MAGICLINKS, "resolve flags");

_Static_assert(CL_O_PATH == O_PATH, "O_PATH");
_Static_assert(CL_O_TMPFILE == O_TMPFILE, "O_TMPFILE");

int cl_errno(void) { return errno; }

int cl_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cl_epoll_ctl(int epfd, int op, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epfd, op, fd, &event);
}

int cl_epoll_wait(int epfd, cl_ready *ready, int capacity, int64_t timeout_ns) {
    struct epoll_event events[CL_EPOLL_BATCH];
    if (capacity > CL_EPOLL_BATCH) capacity = CL_EPOLL_BATCH;
    int count;
    if (timeout_ns <= 0) {
        count = epoll_wait(epfd, events, capacity, timeout_ns < 0 ? -1 : 0);
    } else {
        static int has_nanosecond_wait = 1;
        struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
        count = -1;
        if (has_nanosecond_wait) {
            count = epoll_pwait2(epfd, events, capacity, &timeout, NULL);
            // Kernels before 5.11 and strict system call filters have only milliseconds: rounded up, never too early.
            if (count < 0 && (errno == ENOSYS || errno == EPERM)) has_nanosecond_wait = 0;
        }
        if (!has_nanosecond_wait) {
            int64_t milliseconds = (timeout_ns + 999999) / 1000000;
            count = epoll_wait(epfd, events, capacity, milliseconds > INT_MAX ? INT_MAX : (int)milliseconds);
        }
    }
    for (int i = 0; i < count; i++) {
        ready[i].events = events[i].events;
        ready[i].token = events[i].data.u64;
    }
    return count;
}

int cl_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
void cl_eventfd_signal(int fd) {
    int before = errno;
    (void)eventfd_write(fd, 1);
    errno = before;
}
void cl_eventfd_drain(int fd) {
    eventfd_t value;
    (void)eventfd_read(fd, &value);
}

static struct flock byte_at(int64_t offset, short type) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};
}
int cl_lock_byte(int fd, int64_t offset) {
    struct flock lock = byte_at(offset, F_WRLCK);
    return fcntl(fd, F_OFD_SETLK, &lock);
}
void cl_unlock_byte(int fd, int64_t offset) {
    struct flock lock = byte_at(offset, F_UNLCK);
    (void)fcntl(fd, F_OFD_SETLK, &lock);
}
int cl_is_byte_locked(int fd, int64_t offset) {
    struct flock lock = byte_at(offset, F_WRLCK);
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int cl_pipe(int fds[2], int flags) { return pipe2(fds, flags); }
int cl_accept(int fd, int nonblocking) {
    return accept4(fd, NULL, NULL, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));
}
int cl_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }
int cl_openat(int dir, const char *path, int flags, mode_t mode) { return openat(dir, path, flags | O_CLOEXEC, mode); }
int cl_openat2(int dir, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}
int cl_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return renameat2(from_dir, from, to_dir, to, flags);
}
int cl_fcntl(int fd, int command, int argument) { return fcntl(fd, command, argument); }
int cl_ioctl_int(int fd, unsigned long request, int *value) { return ioctl(fd, request, value); }
int cl_terminal_size(int fd, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

int64_t cl_find(const void *haystack, size_t length, const void *needle, size_t needle_length) {
    const char *hit = memmem(haystack, length, needle, needle_length);
    return hit == NULL ? -1 : hit - (const char *)haystack;
}

static socklen_t unix_address(struct sockaddr_un *address, const char *path) {
    size_t length = strlen(path);
    memset(address, 0, sizeof *address);
    if (length >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return 0;
    }
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}
int cl_unix_socket(int nonblocking) {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
}
int cl_bind_unix(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t length = unix_address(&address, path);
    return length == 0 ? -1 : bind(fd, (struct sockaddr *)&address, length);
}
int cl_connect_unix(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t length = unix_address(&address, path);
    return length == 0 ? -1 : connect(fd, (struct sockaddr *)&address, length);
}
int cl_connect_datagram(const char *path) {
    struct sockaddr_un address;
    socklen_t length = unix_address(&address, path);
    if (length == 0) return -1;
    if (path[0] == '@') {
        // An abstract name has no end mark: every byte that is counted is part of it.
        address.sun_path[0] = 0;
        length--;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}
int cl_peer_credentials(int fd, pid_t *pid, uid_t *uid, gid_t *gid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}
int cl_peer_groups(int fd, gid_t *groups, int capacity) {
    socklen_t length = (socklen_t)(sizeof(gid_t) * (size_t)capacity);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) return -1;
    return (int)(length / sizeof(gid_t));
}

int cl_prctl_pdeathsig(int signal_number) { return prctl(PR_SET_PDEATHSIG, signal_number); }
pid_t cl_spawn_detached(char *const argv[], int search, const char *log) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawn_file_actions_addchdir_np(&actions, "/");
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    pid_t pid;
    int code = (search ? posix_spawnp : posix_spawn)(&pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (code == 0) return pid;
    errno = code;
    return -1;
}
pid_t cl_spawn_piped(char *const argv[], char *const added[], const char *folder, int input, int output, int quiet) {
    size_t own = 0, more = 0, count = 0;
    while (environ[own]) own++;
    while (added[more]) more++;
    char **variables = calloc(own + more + 1, sizeof(char *));
    if (!variables) return -1;
    for (size_t index = 0; index < more; index++) variables[count++] = added[index];
    // Which of two entries of one name counts is not defined: ours of a name that was added is left out.
    for (size_t index = 0; index < own; index++) {
        size_t name = strcspn(environ[index], "=") + 1;
        int is_new = 1;
        for (size_t other = 0; other < more; other++)
            if (strncmp(environ[index], added[other], name) == 0) is_new = 0;
        if (is_new) variables[count++] = environ[index];
    }
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        free(variables);
        return -1;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        setsid();
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) _exit(127);
        int null = quiet ? open("/dev/null", O_WRONLY) : 2;
        int ready = dup2(input, 0) >= 0 && dup2(output, 1) >= 0 && dup2(null, 2) >= 0 && chdir(folder) == 0;
        // Whatever else was inherited ends with the exec.
        close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        if (ready) execvpe(argv[0], argv, variables);
        int code = errno;
        if (write(report[1], &code, sizeof code) < 0) _exit(126);
        _exit(127);
    }
    int code = pid < 0 ? errno : 0;
    close(report[1]);
    free(variables);
    if (pid > 0 && read(report[0], &code, sizeof code) == (ssize_t)sizeof code) waitpid(pid, NULL, 0);
    close(report[0]);
    if (code == 0) return pid;
    errno = code;
    return -1;
}
int cl_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name); }
pid_t cl_gettid(void) { return (pid_t)syscall(SYS_gettid); }

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
int64_t cl_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t cl_wall_ns(void) { return clock_ns(CLOCK_REALTIME); }

static _Noreturn void become(
    const char *path, char *const argv[], char *const envp[], const char *folder, int output, int death_signal,
    pid_t parent, int status) {
    // The rights that the thread took for a while (cl_take_rights) are this child's for good.
    gid_t group = getegid();
    uid_t user = geteuid();
    if (group != getgid() && syscall(SYS_setresgid, group, group, group) != 0) goto failed;
    if (user != getuid() && syscall(SYS_setresuid, user, user, user) != 0) goto failed;
    // After the change of rights, which clears it. The parent may have ended before the signal was asked for.
    if (prctl(PR_SET_PDEATHSIG, death_signal) != 0 || getppid() != parent) goto failed;
    setpgid(0, 0);
    if (folder != NULL && chdir(folder) != 0) goto failed;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) goto failed;
    syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(path, argv, envp);
failed:;
    int code = errno == 0 ? ESRCH : errno;
    ssize_t written = write(status, &code, sizeof code);
    (void)written;
    _exit(127);
}

pid_t cl_spawn(
    const char *path, char *const argv[], char *const envp[], const char *folder, int output, int death_signal) {
    int status[2];
    if (pipe2(status, O_CLOEXEC) != 0) return -1;
    // No handler of ours may run in the child before its mask is its own.
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pid_t parent = getpid();
    pid_t child = _Fork();
    int code = child < 0 ? errno : 0;
    if (child == 0) become(path, argv, envp, folder, output, death_signal, parent, status[1]);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    close(status[1]);
    if (child > 0) {
        ssize_t count;
        do count = read(status[0], &code, sizeof code);
        while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof code) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
            child = -1;
        }
    }
    close(status[0]);
    if (child < 0) errno = code;
    return child;
}

int cl_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cl_exit_status(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}
void cl_ignore_signal(int signal_number) { signal(signal_number, SIG_IGN); }
int cl_is_ignored(int signal_number) {
    struct sigaction action;
    return sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
int cl_block_signal(int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

const void *cl_memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length) {
    return memmem(haystack, haystack_length, needle, needle_length);
}

// The C library's calls would change every thread of the process.
static int set_thread_ids(uid_t uid, gid_t gid, const gid_t *groups, int count) {
    // Each with the rights the one before has left: groups first when rights are given up, last when they come back.
    if (uid != 0 && syscall(SYS_setgroups, (size_t)count, groups) != 0) return -1;
    if (uid != 0 && syscall(SYS_setresgid, (gid_t)-1, gid, (gid_t)-1) != 0) return -1;
    if (syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1) != 0) return -1;
    if (uid == 0 && syscall(SYS_setresgid, (gid_t)-1, gid, (gid_t)-1) != 0) return -1;
    if (uid == 0 && syscall(SYS_setgroups, (size_t)count, groups) != 0) return -1;
    return 0;
}
static int rights_are(uid_t uid, gid_t gid) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) != 0) return 0;
    // An invalid id changes nothing and gives the present one.
    return geteuid() == uid && getegid() == gid && (uid_t)syscall(SYS_setfsuid, -1) == uid &&
           (gid_t)syscall(SYS_setfsgid, -1) == gid && (uid == 0 || (sets[0].effective | sets[1].effective) == 0);
}
static _Thread_local struct {
    gid_t gid;
    int count;
    gid_t groups[CL_GROUPS];
} own;
int cl_take_rights(uid_t uid, gid_t gid, const gid_t *groups, int count) {
    if (uid == 0 || getuid() != 0 || geteuid() != 0) {
        errno = EPERM;
        return -1;
    }
    own.gid = getegid();
    own.count = getgroups(CL_GROUPS, own.groups);
    // Who may not set groups would not get them back either.
    if (own.count < 0 || syscall(SYS_setgroups, (size_t)own.count, own.groups) != 0) return -1;
    if (set_thread_ids(uid, gid, groups, count) == 0 && rights_are(uid, gid)) return 0;
    int code = errno == 0 ? EPERM : errno;
    cl_give_rights_back();
    errno = code;
    return -1;
}
void cl_give_rights_back(void) {
    if (set_thread_ids(0, own.gid, own.groups, own.count) != 0 || !rights_are(0, own.gid)) abort();
}

static int copy_attributes(int from, int to) {
    char names[XATTR_LIST_MAX];
    char value[XATTR_SIZE_MAX > 65536 ? 65536 : XATTR_SIZE_MAX];
    ssize_t length = flistxattr(from, names, sizeof names);
    if (length < 0) return errno == ENOTSUP ? 0 : -1;
    for (char *name = names; name < names + length; name += strlen(name) + 1) {
        ssize_t size = fgetxattr(from, name, value, sizeof value);
        if (size < 0) return -1;
        // Labels that the security module sets itself may be refused; those of users, access lists and capabilities
        // may not.
        if (fsetxattr(to, name, value, (size_t)size, 0) != 0 &&
            (strncmp(name, "security.", 9) != 0 || strcmp(name, "security.capability") == 0))
            return -1;
    }
    return 0;
}

int cl_copy_metadata(int from, int to) {
    struct stat source, target;
    if (fstat(from, &source) != 0 || fstat(to, &target) != 0) return -1;
    if ((source.st_uid != target.st_uid || source.st_gid != target.st_gid) &&
        fchown(to, source.st_uid, source.st_gid) != 0)
        return -1;
    // After the owner: chown clears the set-id bits.
    if (fchmod(to, source.st_mode & 07777) != 0) return -1;
    if (copy_attributes(from, to) != 0 || fstat(to, &target) != 0) return -1;
    // A group that the owner is not in loses its set-id bit without an error.
    if (source.st_uid == target.st_uid && source.st_gid == target.st_gid && source.st_mode == target.st_mode) return 0;
    errno = EPERM;
    return -1;
}

void cl_start_writeback(int fd) { sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); }

int cl_is_writable(int fd) {
    if (syscall(SYS_faccessat2, fd, "", W_OK, AT_EACCESS | AT_EMPTY_PATH) == 0) return 1;
    return errno == EACCES || errno == EROFS || errno == ETXTBSY ? 0 : -1;
}

int cl_copy_contents(int from, int to) {
    if (ioctl(to, FICLONE, from) == 0) return 0;
    for (;;) {
        ssize_t copied = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
        if (copied == 0) return 0;
        if (copied < 0) break;
    }
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return -1;
    if (lseek(from, 0, SEEK_SET) < 0 || lseek(to, 0, SEEK_SET) < 0) return -1;
    char block[65536];
    for (;;) {
        ssize_t count = read(from, block, sizeof block);
        if (count <= 0) return (int)count;
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(to, block + done, (size_t)(count - done));
            if (written < 0) return -1;
            done += written;
        }
    }
}

// A streaming model server for the benchmarks: one thread, one epoll. It answers every POST with an event stream of
// PIECES chunks, the first at once and then one every INTERVAL_MS (0: all at once), or echoes lines.
//
//   upstream stream PORT PIECES INTERVAL_MS
//   upstream echo SOCKET                      sends every line back: the floor of any answer over a Unix socket
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

enum { EVENTS = 256, MAX_FD = 1 << 16, REQUEST_BYTES = 1 << 16 };

typedef struct {
    int left;   // pieces still to send
    size_t used;
    char *buffer;
} client;

static client *clients[MAX_FD];
static int pieces, interval_ms;

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
#define CHUNK(DELTA, FINISH)                                                                                  \
    "data: {\"id\":\"b\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":" \
    "[{\"index\":0,\"delta\":" DELTA ",\"finish_reason\":" FINISH "}]}\n\n"
static const char PIECE[] = CHUNK("{\"content\":\"tok \"}", "null");
static const char LAST[] = CHUNK("{}", "\"stop\"") "data: [DONE]\n\n";

static void send_all(int fd, const char *bytes, size_t length) {
    if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length && errno != EPIPE && errno != ECONNRESET)
        fprintf(stderr, "upstream: a reader fell behind\n");
}

static void send_chunk(int fd, const char *text, size_t length, bool head, bool last) {
    char out[2048];
    int used = snprintf(out, sizeof out, "%s%zx\r\n", head ? HEAD : "", length);
    memcpy(out + used, text, length);
    used += (int)length;
    used += snprintf(out + used, sizeof out - (size_t)used, "\r\n%s", last ? "0\r\n\r\n" : "");
    send_all(fd, out, (size_t)used);
}

static void next_piece(int fd, bool head) {
    client *c = clients[fd];
    if (c->left-- > 0) send_chunk(fd, PIECE, sizeof PIECE - 1, head, false);
    if (c->left == 0) send_chunk(fd, LAST, sizeof LAST - 1, false, true);
}

/// Takes one whole request out of the buffer.
static bool take_request(client *c) {
    char *body = memmem(c->buffer, c->used, "\r\n\r\n", 4);
    if (body == NULL) return false;
    char *length = memmem(c->buffer, c->used, "ontent-Length:", 14);
    if (length == NULL) length = memmem(c->buffer, c->used, "ontent-length:", 14);
    size_t need = (size_t)(body + 4 - c->buffer) + (length ? (size_t)atol(length + 14) : 0);
    if (c->used < need) return false;
    memmove(c->buffer, c->buffer + need, c->used - need);
    c->used -= need;
    return true;
}

static void drop(int fd) {
    free(clients[fd]->buffer);
    free(clients[fd]);
    clients[fd] = NULL;
    close(fd);
}

static void on_readable(int fd, bool echo) {
    client *c = clients[fd];
    ssize_t count = read(fd, c->buffer + c->used, REQUEST_BYTES - c->used);
    if (count <= 0) {
        drop(fd);
        return;
    }
    c->used += (size_t)count;
    if (echo) {
        if (c->buffer[c->used - 1] == '\n') {
            send_all(fd, c->buffer, c->used);
            c->used = 0;
        }
    } else if (take_request(c)) {
        c->left = pieces;
        next_piece(fd, true);
        while (interval_ms == 0 && c->left > 0) next_piece(fd, false);
    }
}

int main(int argc, char **argv) {
    bool echo = argc == 3 && strcmp(argv[1], "echo") == 0;
    if (!echo && argc != 5) {
        fprintf(stderr, "usage: upstream stream PORT PIECES INTERVAL_MS | upstream echo SOCKET\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    int listener = socket(echo ? AF_UNIX : AF_INET, SOCK_STREAM, 0), on = 1, bound;
    if (echo) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        strncpy(name.sun_path, argv[2], sizeof name.sun_path - 1);
        bound = bind(listener, (struct sockaddr *)&name, sizeof name);
    } else {
        pieces = atoi(argv[3]);
        interval_ms = atoi(argv[4]);
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        bound = bind(listener, (struct sockaddr *)&name, sizeof name);
    }
    if (bound != 0 || listen(listener, 4096) != 0) {
        perror(argv[2]);
        return 1;
    }
    int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    if (interval_ms > 0) {
        struct timespec period = {.tv_sec = interval_ms / 1000, .tv_nsec = interval_ms % 1000 * 1000000L};
        struct itimerspec every = {.it_interval = period, .it_value = period};
        timerfd_settime(timer, 0, &every, NULL);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = timer;
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int accepted = accept(listener, NULL, NULL);
                if (accepted < 0 || accepted >= MAX_FD) continue;
                if (!echo) setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                clients[accepted] = calloc(1, sizeof(client));
                clients[accepted]->buffer = malloc(REQUEST_BYTES);
                event.data.fd = accepted;
                epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event);
            } else if (fd == timer) {
                uint64_t ticks;
                if (read(timer, &ticks, sizeof ticks) < 0) continue;
                for (int each = 0; each < MAX_FD; each++)
                    if (clients[each] != NULL && clients[each]->left > 0) next_piece(each, false);
            } else if (clients[fd] != NULL) {
                on_readable(fd, echo);
            }
        }
    }
}

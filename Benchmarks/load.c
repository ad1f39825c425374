// The load client of the benchmarks: one thread, one epoll, the same loop for HTTP and for JSON-RPC lines, so that what
// it measures can be compared.
//
//   load http HOST:PORT|SOCKET BODY REQUESTS CONNECTIONS     chat over HTTP/1.1 keep-alive
//   load rpc SOCKET PARAMS REQUESTS CONNECTIONS              chat over newline-delimited JSON-RPC
//   load idle SOCKET CONNECTIONS                             opens them, prints "ready", holds them until stdin ends
//
// BODY and PARAMS are files. A request that streams (its file says "stream":true) is over at its last message; the time
// to its first piece counts from the send. Prints one line of name=value pairs; times are microseconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 16, EVENTS = 256, STALL_MS = 30000 };

/// What marks a streamed piece: the text of the benchmark's upstream, and the daemon's event.
static const char *piece_mark = "tok ";

typedef struct {
    int fd;
    bool got_piece;
    int64_t sent_at;
    size_t used;
    char *buffer;
} connection;

static bool http, streaming;
static char *request;
static size_t request_length;
static int64_t *latencies, *first_pieces;
static long pieces, errors;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int dial(const char *address) {
    const char *colon = strrchr(address, ':');
    int fd;
    if (address[0] == '/' || colon == NULL) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        strncpy(name.sun_path, address, sizeof name.sun_path - 1);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) != 0) die(address);
    } else {
        char host[64] = {0};
        strncpy(host, address, (size_t)(colon - address) < sizeof host ? (size_t)(colon - address) : sizeof host - 1);
        struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
        inet_pton(AF_INET, host, &name.sin_addr);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) != 0) die(address);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) die(path);
    char *text = calloc(1, BUFFER_BYTES);
    size_t length = fread(text, 1, BUFFER_BYTES - 1, file);
    while (length > 0 && text[length - 1] == '\n') text[--length] = 0;
    fclose(file);
    return text;
}

static void send_request(connection *c) {
    c->used = 0;
    c->got_piece = false;
    c->sent_at = now();
    if (write(c->fd, request, request_length) != (ssize_t)request_length) die("write");
}

static void count_pieces(const char *text, size_t length) {
    const char *end = text + length;
    size_t mark = strlen(piece_mark);
    while ((text = memmem(text, (size_t)(end - text), piece_mark, mark)) != NULL) {
        pieces++;
        text += mark;
    }
}

/// Whether the buffer ends a whole answer; `*bad` when it is not a success.
static bool complete(connection *c, bool *bad) {
    char *text = c->buffer;
    if (http) {
        char *body = memmem(text, c->used, "\r\n\r\n", 4);
        if (body == NULL) return false;
        *bad = memcmp(text, "HTTP/1.1 200", 12) != 0;
        body += 4;
        if (streaming) return c->used >= 5 && memcmp(text + c->used - 5, "0\r\n\r\n", 5) == 0;
        char *length = memmem(text, (size_t)(body - text), "ontent-", 7);
        while (length != NULL && strncasecmp(length, "ontent-length:", 14) != 0)
            length = memmem(length + 1, (size_t)(body - length - 1), "ontent-", 7);
        if (length == NULL) return c->used >= 5 && memcmp(text + c->used - 5, "0\r\n\r\n", 5) == 0;
        return c->used >= (size_t)(body - text) + (size_t)atol(length + 14);
    }
    if (c->used == 0 || text[c->used - 1] != '\n') return false;
    // A stream's last line is the response; its events are other lines.
    char *line = memrchr(text, '\n', c->used - 1);
    line = line == NULL ? text : line + 1;
    size_t length = (size_t)(text + c->used - line);
    if (streaming && memmem(line, length < 80 ? length : 80, "\"$/event\"", 9) != NULL) return false;
    *bad = memmem(line, length, "\"result\"", 8) == NULL;
    return true;
}

/// Reads what is there; true when the answer is whole.
static bool on_readable(connection *c, bool *bad, int64_t *first_piece) {
    for (;;) {
        if (c->used == BUFFER_BYTES) {
            // Only the end of a long stream matters; keep the head so that HTTP's status stays.
            size_t head = 512, tail = 4096;
            memmove(c->buffer + head, c->buffer + c->used - tail, tail);
            c->used = head + tail;
        }
        ssize_t count = read(c->fd, c->buffer + c->used, BUFFER_BYTES - c->used);
        if (count < 0 && errno == EAGAIN) return false;
        if (count <= 0) {
            fprintf(stderr, "load: the server closed a connection\n");
            exit(1);
        }
        if (streaming) {
            long before = pieces;
            count_pieces(c->buffer + c->used, (size_t)count);
            if (!c->got_piece && pieces > before) {
                c->got_piece = true;
                *first_piece = now() - c->sent_at;
            }
        }
        c->used += (size_t)count;
        if (complete(c, bad)) return true;
    }
}

static int by_value(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static double at(int64_t *sorted, long count, double share) {
    return count == 0 ? 0 : (double)sorted[(long)((double)(count - 1) * share)] / 1000;
}

static void idle(const char *address, int count) {
    for (int i = 0; i < count; i++) dial(address);
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {}
}

int main(int argc, char **argv) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (argc == 4 && strcmp(argv[1], "idle") == 0) {
        idle(argv[2], atoi(argv[3]));
        return 0;
    }
    if (argc != 6) {
        fprintf(stderr, "usage: load http|rpc ADDRESS FILE REQUESTS CONNECTIONS | load idle SOCKET CONNECTIONS\n");
        return 2;
    }
    http = strcmp(argv[1], "http") == 0;
    if (!http) piece_mark = "\"type\":\"content\"";
    char *payload = read_file(argv[3]);
    streaming = strstr(payload, "\"stream\":true") != NULL;
    long total = atol(argv[4]);
    int width = atoi(argv[5]);
    int length = http ? asprintf(&request,
                                 "POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                                 "Authorization: Bearer bench\r\nContent-Length: %zu\r\n\r\n%s",
                                 strlen(payload), payload)
                      : asprintf(&request, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"chat\",\"params\":%s}\n", payload);
    request_length = (size_t)length;
    latencies = calloc((size_t)total, sizeof *latencies);
    first_pieces = calloc((size_t)total, sizeof *first_pieces);

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    connection *connections = calloc((size_t)width, sizeof *connections);
    long started = 0, finished = 0, with_piece = 0;
    for (int i = 0; i < width; i++) {
        connections[i].fd = dial(argv[2]);
        connections[i].buffer = malloc(BUFFER_BYTES);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    int64_t start = now();
    for (int i = 0; i < width && started < total; i++, started++) send_request(&connections[i]);
    while (finished < total) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, STALL_MS);
        if (ready == 0) {
            fprintf(stderr, "load: nothing came for %d s; %ld of %ld done\n", STALL_MS / 1000, finished, total);
            return 1;
        }
        for (int i = 0; i < ready; i++) {
            connection *c = events[i].data.ptr;
            bool bad = false;
            int64_t first_piece = 0;
            bool done = on_readable(c, &bad, &first_piece);
            if (first_piece > 0) first_pieces[with_piece++] = first_piece;
            if (!done) continue;
            latencies[finished++] = now() - c->sent_at;
            if (bad && errors++ == 0) fprintf(stderr, "load: %.*s\n", (int)(c->used < 500 ? c->used : 500), c->buffer);
            if (started < total) {
                started++;
                send_request(c);
            }
        }
    }
    double seconds = (double)(now() - start) / 1e9;
    qsort(latencies, (size_t)finished, sizeof *latencies, by_value);
    qsort(first_pieces, (size_t)with_piece, sizeof *first_pieces, by_value);
    printf("p50=%.1f p99=%.1f rps=%.0f errors=%ld seconds=%.3f pieces=%ld first_p50=%.1f first_p99=%.1f\n",
           at(latencies, finished, 0.5), at(latencies, finished, 0.99), (double)finished / seconds, errors, seconds,
           pieces, at(first_pieces, with_piece, 0.5), at(first_pieces, with_piece, 0.99));
    return errors > 0;
}

// libmicrohttpd without its variadic functions and enums. The header keeps to plain types: the system headers that
// microhttpd.h includes would give Glibc's structs a second home.
#ifndef TANDEM_CMICROHTTPD_H
#define TANDEM_CMICROHTTPD_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

/// A request comes in several calls (MHD_AccessHandlerCallback); 1 to go on, 0 to close the connection.
typedef int (*cmhd_access)(
    void *context, struct MHD_Connection *connection, const char *path, const char *method, const char *body,
    size_t *body_size, void **request);
/// The request is over, whatever became of it; not called when `*request` was never set.
typedef void (*cmhd_completed)(void *context, struct MHD_Connection *connection, void *request);

/// A connection was made (`is_open`), or is about to be closed.
typedef void (*cmhd_connection)(void *context, struct MHD_Connection *connection, int is_open);

struct cmhd_callbacks {
    void *context;
    cmhd_access access;
    cmhd_completed completed;
    cmhd_connection connection;
};

/// Serves a listening socket, a thread for each connection. `callbacks` has to outlive the daemon. NULL on failure.
struct MHD_Daemon *cmhd_start(
    int listener, unsigned connection_limit, unsigned timeout_seconds, size_t stack_bytes, size_t memory_bytes,
    struct cmhd_callbacks *callbacks);
/// Takes no more connections; those that wait stay with the listener.
void cmhd_quiesce(struct MHD_Daemon *daemon);
/// Connections there are now, idle ones included.
unsigned cmhd_connections(struct MHD_Daemon *daemon);
/// Closes the listener and every connection; waits for their threads.
void cmhd_stop(struct MHD_Daemon *daemon);

/// How long the connection may be idle from now on; 0 for ever.
void cmhd_set_timeout(struct MHD_Connection *connection, unsigned seconds);
/// The connection's socket; -1 when it cannot be told.
int cmhd_socket(struct MHD_Connection *connection);
/// The value of a request's header in any case; NULL when it was not sent.
const char *cmhd_header(struct MHD_Connection *connection, const char *name);

/// A response with a copy of these bytes.
struct MHD_Response *cmhd_response(const void *bytes, size_t count);

typedef ssize_t (*cmhd_reader)(void *stream, uint64_t position, char *buffer, size_t size);
typedef void (*cmhd_free)(void *stream);
static const ssize_t CMHD_END = -1;
static const ssize_t CMHD_ABORT = -2;

/// A response of unknown length. `reader` may block; it gives a count, CMHD_END, or CMHD_ABORT to close the connection.
struct MHD_Response *cmhd_stream(size_t block, cmhd_reader reader, void *stream, cmhd_free free);
void cmhd_add_header(struct MHD_Response *response, const char *name, const char *value);
/// Sends a response and gives it up; 0 when the connection has to be closed.
int cmhd_queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response);

#endif

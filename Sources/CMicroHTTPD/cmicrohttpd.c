#include "cmicrohttpd.h"

#include <microhttpd.h>

_Static_assert((ssize_t)MHD_CONTENT_READER_END_OF_STREAM == -1, "CMHD_END");
_Static_assert((ssize_t)MHD_CONTENT_READER_END_WITH_ERROR == -2, "CMHD_ABORT");

static enum MHD_Result on_access(
    void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **request) {
    struct cmhd_callbacks *callbacks = cls;
    (void)version;
    int goes_on = callbacks->access(callbacks->context, connection, url, method, upload, upload_size, request);
    return goes_on ? MHD_YES : MHD_NO;
}

static void on_completed(
    void *cls, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode code) {
    struct cmhd_callbacks *callbacks = cls;
    (void)code;
    if (*request) callbacks->completed(callbacks->context, connection, *request);
    *request = NULL;
}

static void on_connection(
    void *cls, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code) {
    struct cmhd_callbacks *callbacks = cls;
    (void)socket_context;
    callbacks->connection(callbacks->context, connection, code == MHD_CONNECTION_NOTIFY_STARTED);
}

struct MHD_Daemon *cmhd_start(
    int listener, unsigned connection_limit, unsigned timeout_seconds, size_t stack_bytes, size_t memory_bytes,
    struct cmhd_callbacks *callbacks) {
    return MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC, 0, NULL, NULL, on_access, callbacks,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listener, MHD_OPTION_NOTIFY_COMPLETED, on_completed, callbacks,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, callbacks,
        MHD_OPTION_CONNECTION_LIMIT, connection_limit, MHD_OPTION_CONNECTION_TIMEOUT, timeout_seconds,
        MHD_OPTION_THREAD_STACK_SIZE, stack_bytes, MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_bytes,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

void cmhd_quiesce(struct MHD_Daemon *daemon) { MHD_quiesce_daemon(daemon); }

unsigned cmhd_connections(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}

void cmhd_stop(struct MHD_Daemon *daemon) { MHD_stop_daemon(daemon); }

void cmhd_set_timeout(struct MHD_Connection *connection, unsigned seconds) {
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

int cmhd_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

const char *cmhd_header(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

struct MHD_Response *cmhd_response(const void *bytes, size_t count) {
    return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}

struct MHD_Response *cmhd_stream(size_t block, cmhd_reader reader, void *stream, cmhd_free free) {
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, reader, stream, free);
}

void cmhd_add_header(struct MHD_Response *response, const char *name, const char *value) {
    MHD_add_response_header(response, name, value);
}

int cmhd_queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response) {
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result == MHD_YES;
}

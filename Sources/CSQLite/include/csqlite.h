// SQLite with the parts that Swift cannot import: variadic functions and the destructor constants.
#ifndef TANDEM_CSQLITE_H
#define TANDEM_CSQLITE_H
#include <sqlite3.h>

static inline int csqlite_bind_text_copy(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}
static inline int csqlite_bind_blob_copy(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_blob(statement, index, bytes, length, SQLITE_TRANSIENT);
}
/// Multi-thread mode (one thread per connection, no connection mutex) and no allocation statistics (they are a lock
/// around every malloc). Before any other SQLite call of the process; SQLITE_OK or an error code.
static inline int csqlite_start(void) {
    int code = sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    if (code == SQLITE_OK) code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return code == SQLITE_OK ? sqlite3_initialize() : code;
}
#endif

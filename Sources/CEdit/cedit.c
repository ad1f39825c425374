#define _GNU_SOURCE
#include "cedit.h"

#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

// From <histedit.h>; the numbers are part of libedit.so.2's interface. Declared here so that its header is not needed
// to build.
typedef struct editline EditLine;
typedef struct history History;
typedef struct {
    int num;
    const char *str;
} HistEvent;
enum { EL_PROMPT = 0, EL_EDITOR = 2, EL_SIGNAL = 3, EL_BIND = 4, EL_HIST = 10, EL_GETCFN = 13, EL_CLIENTDATA = 14 };
enum { H_SETSIZE = 1, H_ENTER = 10, H_SETUNIQUE = 20 };

static struct {
    EditLine *(*init)(const char *, FILE *, FILE *, FILE *);
    void (*end)(EditLine *);
    int (*set)(EditLine *, int, ...);
    int (*get)(EditLine *, int, ...);
    const char *(*gets)(EditLine *, int *);
    History *(*history_init)(void);
    void (*history_end)(History *);
    int (*history)(History *, HistEvent *, int, ...);
} library;

struct cedit {
    EditLine *line;
    History *history;
    const char *prompt;
    int interrupt;
};

static int load(void) {
    if (library.gets) return 1;
    void *handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return 0;
    library.init = dlsym(handle, "el_init");
    library.end = dlsym(handle, "el_end");
    library.set = dlsym(handle, "el_set");
    library.get = dlsym(handle, "el_get");
    library.history_init = dlsym(handle, "history_init");
    library.history_end = dlsym(handle, "history_end");
    library.history = dlsym(handle, "history");
    library.gets = dlsym(handle, "el_gets");
    return library.init && library.end && library.set && library.get && library.history_init && library.history_end &&
           library.history && library.gets;
}

static cedit *owner(EditLine *line) {
    void *data = NULL;
    library.get(line, EL_CLIENTDATA, &data);
    return data;
}

static char *prompt(EditLine *line) { return (char *)owner(line)->prompt; }

// Reads one character by itself, so that an interruption ends the line and not only the system call.
static int next_character(EditLine *line, wchar_t *character) {
    int interrupt = owner(line)->interrupt;
    mbstate_t state;
    memset(&state, 0, sizeof state);
    for (;;) {
        struct pollfd wait[] = {{interrupt, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        if (poll(wait, 2, -1) < 0) continue;
        if (wait[0].revents) {
            errno = EINTR;
            return -1;
        }
        char byte;
        ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return (int)count;
        // A ^D that was typed while the terminal was not ours to edit on comes as NUL.
        if (byte == 0) byte = 4;
        size_t length = mbrtowc(character, &byte, 1, &state);
        if (length == (size_t)-2) continue;
        if (length == (size_t)-1) {
            *character = L'?';
            memset(&state, 0, sizeof state);
        }
        return 1;
    }
}

cedit *cedit_open(const char *program, int interrupt, int history_size) {
    if (!load()) return NULL;
    // libedit works on wide characters of the locale; without one, on UTF-8 all the same.
    const char *locale = setlocale(LC_CTYPE, "");
    if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0) setlocale(LC_CTYPE, "C.UTF-8");
    cedit *edit = calloc(1, sizeof *edit);
    if (!edit) return NULL;
    edit->interrupt = interrupt;
    edit->prompt = "";
    edit->line = library.init(program, stdin, stderr, stderr);
    edit->history = library.history_init();
    if (!edit->line || !edit->history) {
        cedit_close(edit);
        return NULL;
    }
    HistEvent event;
    library.history(edit->history, &event, H_SETSIZE, history_size);
    library.history(edit->history, &event, H_SETUNIQUE, 1);
    library.set(edit->line, EL_CLIENTDATA, edit);
    library.set(edit->line, EL_PROMPT, prompt);
    library.set(edit->line, EL_EDITOR, "emacs");
    library.set(edit->line, EL_HIST, library.history, edit->history);
    library.set(edit->line, EL_GETCFN, next_character);
    library.set(edit->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
    return edit;
}

void cedit_close(cedit *edit) {
    if (edit->line) library.end(edit->line);
    if (edit->history) library.history_end(edit->history);
    free(edit);
}

int cedit_read(cedit *edit, const char *prompt, const char **text) {
    edit->prompt = prompt;
    int count = 0;
    *text = library.gets(edit->line, &count);
    return *text ? count : (count < 0 ? -1 : 0);
}

void cedit_remember(cedit *edit, const char *line) {
    HistEvent event;
    library.history(edit->history, &event, H_ENTER, line);
}

// Line editing by libedit (editline(3)), opened with dlopen when a terminal wants it: the program starts without it
// and runs where it is not installed. Its functions are variadic, which Swift cannot call.
#ifndef TANDEM_CEDIT_H
#define TANDEM_CEDIT_H

#include <stddef.h>

typedef struct cedit cedit;

/// An editor that reads from fd 0 and shows itself on fd 2. `interrupt` is a descriptor whose becoming readable ends
/// the reading of a line. Returns NULL without libedit.
cedit *cedit_open(const char *program, int interrupt, int history_size);
void cedit_close(cedit *edit);

/// Reads one line; the text is the editor's own until the next call, its end included. Returns its length in bytes, 0
/// at the end of input, -1 when it was interrupted.
int cedit_read(cedit *edit, const char *prompt, const char **text);

/// Makes a line one that the cursor keys bring back.
void cedit_remember(cedit *edit, const char *line);

#endif

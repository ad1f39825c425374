// libsystemd: activation, notification, journal, and sd-event for signals, watchdog and children.
#ifndef TANDEM_CSYSTEMD_H
#define TANDEM_CSYSTEMD_H
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-journal.h>

/// sd_notify is plain, but Swift cannot see the variadic journal calls; this is the array form.
static inline int csd_journal_sendv(const struct iovec *fields, int count) { return sd_journal_sendv(fields, count); }
#endif

// libsystemd: activation, the watchdog's time, and sd-event for signals.
#ifndef TANDEM_CSYSTEMD_H
#define TANDEM_CSYSTEMD_H
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#endif

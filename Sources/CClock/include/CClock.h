#ifndef FRESHET_CCLOCK_H
#define FRESHET_CCLOCK_H

#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// Nanoseconds since boot (CLOCK_BOOTTIME), asked of the kernel itself.
///
/// Limits rest on this clock, so nothing may stand in between: a preloaded library that moves the C library's clocks
/// (libfaketime) must not make a window look as if it had passed.
static inline int64_t freshet_boot_nanoseconds(void) {
    struct timespec now;
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_clock_gettime), "D"((long)CLOCK_BOOTTIME), "S"(&now)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = SYS_clock_gettime;
    register long x0 __asm__("x0") = CLOCK_BOOTTIME;
    register struct timespec *x1 __asm__("x1") = &now;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
#else
    clock_gettime(CLOCK_BOOTTIME, &now);
#endif
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Waits until a descriptor can be read (returns above 0), or for a length of time (returns 0).
///
/// The length goes to the kernel as it is: it depends on no clock that can be set, and no preloaded library changes it.
static inline int freshet_wait_readable(int descriptor, int64_t nanoseconds) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN, .revents = 0};
    struct timespec length = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return (int)syscall(SYS_ppoll, &wanted, 1, &length, NULL, 0);
}

#endif

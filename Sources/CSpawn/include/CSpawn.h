#ifndef FRESHET_CSPAWN_H
#define FRESHET_CSPAWN_H

#include <spawn.h>

/// Closes every descriptor from `first` on in the process that is spawned.
///
/// NIO's sockets are inherited: a child that held one would keep it open after its owner has closed it. Swift does not see
/// the C library's function, which is declared for GNU sources only.
void freshet_spawn_close_from(posix_spawn_file_actions_t *actions, int first);

#endif

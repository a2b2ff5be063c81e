#ifndef FRESHET_CPOSTGRES_SHIM_H
#define FRESHET_CPOSTGRES_SHIM_H

#include <libpq-fe.h>

#endif

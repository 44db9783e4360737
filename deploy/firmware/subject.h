/* The network by names of its own, whatever it is called. */
#ifndef AUTOMCU_SUBJECT_H
#define AUTOMCU_SUBJECT_H

#define @NAME@_OWN_ARENA
#include "network/@name@.h"

#define ARENA_BYTES @NAME@_ARENA_BYTES
#define INPUT_BYTES @NAME@_INPUT_BYTES
#define OUTPUT_BYTES @NAME@_OUTPUT_BYTES
#define network_input @name@_input
#define network_run @name@_run
#define network_output @name@_output

#endif
